"""Streams: WebSockets and server-sent events, and a load of ours upon them."""
