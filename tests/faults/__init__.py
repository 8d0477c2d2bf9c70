"""What happens to saves when something dies, freezes or runs out; each test prints its figures (-rP shows them)."""
