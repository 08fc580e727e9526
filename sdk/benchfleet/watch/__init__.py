"""Polls a run until it has ended, and says why its tasks wait."""
