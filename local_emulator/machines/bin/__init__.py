"""Programs of a machine: scripts that each run by themselves, with Python's own library only, perhaps in a container."""
