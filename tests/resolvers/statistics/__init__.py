"""Tests of what is computed from numbers alone."""
