"""Machines of runs: planned, launched, watched, ended."""
