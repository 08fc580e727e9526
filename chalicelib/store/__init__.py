"""DynamoDB: keys, schema, items, expressions, and the only calls."""
