"""Tests of what a client can say."""
