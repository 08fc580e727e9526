"""An app of the standard library that answers two workloads rightly, and whatever it was made wrong about."""

from pathlib import Path

SERVER = """
import asyncio, json, sys
from urllib.parse import parse_qsl, urlsplit

def answer(target):
    url = urlsplit(target)
    if url.path.startswith("/path/simple/"):
        return {"id": url.path.rpartition("/")[2]}
    if url.path == "/query/few":
        return dict(parse_qsl(url.query))
    return {"status": "ok"} if url.path in ("/", "/health") else None

class Serving(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        told = answer(data.split(b" ", 2)[1].decode())
        body = json.dumps(told or {}).encode()
        status = b"200 OK" if told else b"404 Not Found"
        head = b"HTTP/1.1 %s\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n" % (status, len(body))
        loop.call_later(0.01, self.transport.write, head + body)  # at full speed it would cost a core

async def serve():
    global loop
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Serving, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()

asyncio.run(serve())
"""
MANIFEST = (
    'name = "{name}"\nlanguage = "python"\nruntime = "python3"\nstart = ["{{python}}", "server.py", "{{port}}"]\n'
)
WORKLOADS = ["path-simple", "query-few"]
SHORT = {
    "primer_s": 0,
    "warmup_s": 0,
    "duration_s": 0.5,
    "concurrencies": [4],
    "rate_duration_s": 0.3,
    "fractions": [0.3],
}


def right_app(folder: Path, name: str = "small") -> Path:
    folder.mkdir(parents=True)
    (folder / "server.py").write_text(SERVER)
    (folder / "bench.toml").write_text(MANIFEST.format(name=name))
    return folder
