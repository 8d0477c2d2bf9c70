"""The door: everything that knows HTTP, the process or the environment."""
