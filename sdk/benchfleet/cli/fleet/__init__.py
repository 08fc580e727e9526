"""`benchfleet fleet …`: one file a command."""
