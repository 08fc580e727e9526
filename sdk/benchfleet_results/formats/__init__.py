"""Results of well-known benchmark tools, read as measurements of our own.

One module a format, each with a `READER`; `registry` finds the one for a file, by name or by looking at it. Runner and
SDK share them: they need the contract and nothing else.
"""
