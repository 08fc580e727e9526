"""Runs: routes, the schema of a new one, and what OpenAPI says of each operation."""
