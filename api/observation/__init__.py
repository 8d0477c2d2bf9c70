"""What operators see of the service: ids, logs, metrics and traces of requests."""
