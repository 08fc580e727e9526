"""Load on a server, and whether it can be believed."""
