"""Schedules: routes, and what OpenAPI says of each operation."""
