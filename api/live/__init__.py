"""Subscriptions: over WebSockets by graphql-transport-ws, and as server-sent events by graphql-sse.

audience  who is connected, how many at the most, and how they are told that the service stops
callers   who it is, at the beginning and from time to time
messages  what a client says over a socket
sockets   the endpoint for sockets
events    the answer to a request for events
answers   results as text
"""
