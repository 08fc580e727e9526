"""Starts runners."""
