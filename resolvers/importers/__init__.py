"""Foreign documents to our records; no database."""
