"""Tests of the room that knows PostgreSQL."""
