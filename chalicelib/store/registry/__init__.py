"""Executors and models in the table."""
