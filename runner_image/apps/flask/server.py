"""Flask on gunicorn, one worker of up to 64 threads: `python server.py PORT`. Each open stream holds one of them."""

import os
import sys

if __name__ == "__main__":
    port = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PORT", "8000"))
    words = f"-m gunicorn --bind 0.0.0.0:{port} --workers 1 --threads 64 --log-level warning app:app"
    os.execv(sys.executable, [sys.executable, *words.split()])
