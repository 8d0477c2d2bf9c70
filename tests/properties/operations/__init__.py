"""Random operations over any schema, and what two executions of one operation answer."""
