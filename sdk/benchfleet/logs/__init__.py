"""Logs of a stage in an AWS account: what its functions, its machines and its tasks have written."""
