"""FastAPI on uvicorn, one worker: `python server.py PORT`."""

import os
import sys

import uvicorn

if __name__ == "__main__":
    port = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PORT", "8000"))
    uvicorn.run("app:app", host="0.0.0.0", port=port, workers=1, access_log=False, log_level="warning")
