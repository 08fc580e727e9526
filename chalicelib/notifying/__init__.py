"""Tells people and programs of runs: SNS topics, and webhooks that cannot be turned against us."""
