"""What a machine and its control plane need before a run: one function a question, each with a remedy for a bad answer.

What a check asks the world with is an argument of it.
"""
