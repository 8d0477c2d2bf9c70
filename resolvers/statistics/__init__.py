"""Numbers to numbers: no database, no clock; a seed is an argument."""
