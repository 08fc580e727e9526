"""Processes, locks and files of this machine."""
