"""Runs commands, in process groups or in containers, and ends all of them."""
