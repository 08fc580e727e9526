"""What a server used while it was measured."""
