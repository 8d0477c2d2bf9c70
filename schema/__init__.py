"""The words: what a client can say."""
