"""Runs: create, read, stop, delete, count, sweep, archive."""
