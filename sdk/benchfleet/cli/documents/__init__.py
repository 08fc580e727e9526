"""What `--json` prints: one pydantic model a command. docs/cli.schema.json is made of them (`documents/schema.py`)."""
