"""The answers: one module a noun, plain async functions."""
