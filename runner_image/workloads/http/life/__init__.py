"""The life of a server: its port, build, start, readiness, liveness and end."""
