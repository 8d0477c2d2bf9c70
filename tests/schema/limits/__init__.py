"""Tests of what a query may take."""
