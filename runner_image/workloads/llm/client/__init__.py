"""The protocols of providers: how a request is written, and what the events of its stream mean."""
