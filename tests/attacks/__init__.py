"""What strangers may send to the service, as a process of its own: nothing of it may break it or show its inside."""
