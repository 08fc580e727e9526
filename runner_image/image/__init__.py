"""Builds the image that the runner runs in."""
