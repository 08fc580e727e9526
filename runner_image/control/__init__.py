"""Talks to the control plane: claims, heartbeats, and when to stop."""
