"""`benchfleet http …`: one file a command."""
