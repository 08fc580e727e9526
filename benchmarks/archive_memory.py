"""Does the memory of the finalizer grow with the archive? Builds one of 64 MiB and one of 1 GiB and compares the peaks.

Each build is a process of its own, so that its peak is its own, and it talks to a small object store in a third one.
Half of the bytes are one large upload, half are uploads of 448 KiB, the largest that are prefetched. They are noise, so
that archives are as large as uploads.

    python -m benchmarks.archive_memory
"""

import gzip
import json
import random
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from benchmarks.metric import Metric

MIB = 1024**2
SMALL_MIB, LARGE_MIB = 64, 1024
PREFETCHED_KIB = 448
LIMIT = 1.1


def metrics() -> list[dict[str, Any]]:
    """Takes about a minute, and 550 MiB of temporary disk."""
    with tempfile.TemporaryDirectory() as folder, store(Path(folder)) as endpoint:
        small, large = (built(endpoint, size_mib) for size_mib in (SMALL_MIB, LARGE_MIB))
    how = (
        f"VmHWM of a process that builds an archive: {large['rss_mib']:.0f} MiB for {large['archive_mib']:.0f} MiB, "
        f"{small['rss_mib']:.0f} MiB for {small['archive_mib']:.0f} MiB"
    )
    ratio = round(large["rss_mib"] / small["rss_mib"], 3)
    return [Metric("peak memory of building an archive, 1 GiB over 64 MiB", ratio, "ratio", LIMIT, how).as_dict()]


def built(endpoint: str, size_mib: int) -> dict[str, float]:
    """Build an archive of about `size_mib` in a fresh process and return what it says of itself."""
    done = subprocess.run(
        [sys.executable, "-m", __spec__.name, "build", endpoint, str(size_mib)], check=True, capture_output=True
    )
    report: dict[str, float] = json.loads(done.stdout)
    return report


def build(endpoint: str, size_mib: int) -> None:
    """The child: print the archive's size and this process's peak resident memory, in MiB, as JSON."""
    import boto3
    from benchfleet_contract.states import TaskStatus

    from chalicelib.archive.build import ArchiveBuilder
    from chalicelib.archive.s3 import Objects
    from chalicelib.domain.records import Demand, Run, RunState, Task

    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    half_kib = size_mib * 1024 // 2
    sizes_kib = [half_kib, *[PREFETCHED_KIB] * -(-half_kib // PREFETCHED_KIB)]
    run = Run(
        run_id="r", state=RunState.RUNNING, body_sha256="", created_ms=0, deadline_ms=0, ruby_version=None,
        workload="mock", workload_options={}, tasks_per_instance=1, task_count=len(sizes_kib), lease_s=1,
        max_attempts=1, metadata={}, groups=(),
    )  # fmt: skip
    tasks = [
        Task(
            run_id="r",
            number=number,
            group=0,
            demand=Demand("local", "docker"),
            alias=None,
            run_number=number,
            status=TaskStatus.COMPLETED,
            max_attempts=1,
            lease_ms=1,
            attempt=1,
            result_key=f"{kib}.tar.gz",
        )
        for number, kib in enumerate(sizes_kib, start=1)
    ]
    archive = ArchiveBuilder(lambda: Objects(client, bucket="b")).build(run, document=b"{}", tasks=tasks)
    size_bytes = archive.size_bytes or 0
    if archive.flaws or size_bytes < size_mib * MIB:
        raise SystemExit(f"not what should have been built: {archive}")
    print(json.dumps({"archive_mib": size_bytes / MIB, "rss_mib": peak_mib()}))


def peak_mib() -> float:
    """Of this program alone: `ru_maxrss` also knows the peak of the process that it was forked from."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)[0]) / 1024


@contextmanager
def store(folder: Path) -> Iterator[str]:
    """A process that serves `<n>.tar.gz`, each holding n KiB of noise, and swallows uploads; yields its URL."""
    for kib in (SMALL_MIB * 512, LARGE_MIB * 512, PREFETCHED_KIB):
        write_upload(folder / f"{kib}.tar.gz", kib)
    command = [sys.executable, "-m", __spec__.name, "serve", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def write_upload(path: Path, kib: int) -> None:
    """Noise that repeats only after 64 KiB, beyond deflate's window of 32 KiB; stored, not compressed, to save time."""
    noise = random.Random(1).randbytes(64 * 1024)
    info = tarfile.TarInfo("noise")
    info.size = kib * 1024
    with gzip.open(path, "wb", compresslevel=0) as packed:
        packed.write(info.tobuf())
        for chunk in islice(cycle([noise]), kib // 64):
            packed.write(chunk)
        packed.write(bytes(1024))


class Quiet(ThreadingHTTPServer):
    """Says nothing of clients that hang up: a reader closes the connection when it only wanted to know a size."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Store)
        self.folder = folder

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Store(BaseHTTPRequestHandler):
    """As much of S3 as building an archive asks for."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if "?uploads" in self.path:
            self.answer(b"<ListMultipartUploadsResult></ListMultipartUploadsResult>")
            return
        assert isinstance(self.server, Quiet)
        path = self.server.folder / Path(self.path.partition("?")[0]).name
        self.send_response(200)
        self.send_header("Content-Length", str(path.stat().st_size))
        self.send_header("ETag", '"pinned"')
        self.send_header("Last-Modified", "Sun, 22 Nov 2026 00:00:00 GMT")
        self.end_headers()
        with path.open("rb") as file:
            while data := file.read(MIB):
                self.wfile.write(data)

    def do_PUT(self) -> None:
        self.swallow()
        self.answer(b"", ETag='"part"')

    def do_POST(self) -> None:
        self.swallow()
        started = re.search(r"[?&]uploads", self.path)
        name = "InitiateMultipartUploadResult" if started else "CompleteMultipartUploadResult"
        self.answer(f"<{name}><UploadId>u</UploadId><ETag>e</ETag></{name}>".encode())

    def swallow(self) -> None:
        left = int(self.headers["Content-Length"] or 0)
        while left:
            left -= len(self.rfile.read(min(left, MIB)))

    def answer(self, body: bytes, **headers: str) -> None:
        self.send_response(200)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def serve(folder: str) -> None:
    """The store's process: prints its URL, then serves until it is terminated."""
    server = Quiet(Path(folder))
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


def main(arguments: list[str]) -> None:
    match arguments:
        case ["serve", folder]:
            serve(folder)
        case ["build", endpoint, size_mib]:
            build(endpoint, int(size_mib))
        case _:
            print(json.dumps(metrics(), indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
