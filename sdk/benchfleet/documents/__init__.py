"""Reads JSON and YAML, and knows on which line each value stands."""
