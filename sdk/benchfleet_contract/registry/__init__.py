"""Executors and models as they are announced, kept and asked for.

Times are Unix seconds, as the protocol that this registry continues has them; everywhere else they are ISO 8601.
"""
