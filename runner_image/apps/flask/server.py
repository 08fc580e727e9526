"""Flask on gunicorn, one worker of eight threads: `python server.py PORT`."""

import os
import sys

if __name__ == "__main__":
    port = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PORT", "8000"))
    words = f"-m gunicorn --bind 0.0.0.0:{port} --workers 1 --threads 8 --log-level warning app:app"
    os.execv(sys.executable, [sys.executable, *words.split()])
