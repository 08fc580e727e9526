"""`benchfleet models …`: one file a command."""
