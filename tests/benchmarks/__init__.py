"""What requests cost, measured against a reference that is written by hand."""
