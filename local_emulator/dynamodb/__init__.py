"""DynamoDB and its streams, as far as the system and people who look at its table use them. Nothing here is thread-safe.

Callers hold the emulator's one lock. Attribute values are those of the wire: `{"S": "text"}`, binary ones in Base64.
"""
