"""The history of the database: Alembic, run from code."""
