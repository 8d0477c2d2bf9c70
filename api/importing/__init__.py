"""Importing documents from files, of any size."""
