"""What the clients do, each thing once: coroutines that ask a `Runtime` for everything that waits.

With the runtime of `AsyncClient` waiting suspends; with that of `Client` it blocks, so that such a coroutine never suspends and
runs to its end in one step. See docs/adr/0012-one-client-two-worlds.md.
"""
