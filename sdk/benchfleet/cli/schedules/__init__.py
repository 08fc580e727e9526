"""`benchfleet schedule …`: one file a command. What is heavy is imported inside: completion loads these files, too."""
