"""`benchfleet executors …`: one file a command."""
