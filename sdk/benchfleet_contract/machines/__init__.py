"""What a machine is told at its first boot: one script, for the control plane and for a command that prints it."""
