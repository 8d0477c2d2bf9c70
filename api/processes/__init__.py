"""The processes of the service: one that answers, or several that share a socket."""
