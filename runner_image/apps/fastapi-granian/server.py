"""FastAPI on Granian, one worker: `python server.py PORT`. The app is that of the folder fastapi."""

import os
import sys

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings

ROOM = 16 * 1024 * 1024  # of the HTTP/1 buffer: multipart bodies come in one piece under load

if __name__ == "__main__":
    port = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PORT", "8000"))
    Granian(
        "app:app",
        address="0.0.0.0",
        port=port,
        interface=Interfaces.ASGI,
        workers=1,
        log_access=False,
        http1_settings=HTTP1Settings(max_buffer_size=ROOM),
    ).serve()
