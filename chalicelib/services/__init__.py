"""Use cases, one a file. They meet the world only through the ports of `domain/ports.py`."""
