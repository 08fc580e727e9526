"""The wire contract of benchfleet: what travels as JSON between API, runner, SDK and files.

One definition for Lambda, SDK and runner. Imports pydantic and the standard library only.
"""
