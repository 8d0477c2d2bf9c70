"""The endpoint: requests in, answers out."""
