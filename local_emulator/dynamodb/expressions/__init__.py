"""The expression language of DynamoDB. Each text is parsed once and kept: a program sends the same few again and again.

Grammar: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""
