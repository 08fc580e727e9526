"""Where a result comes from, read from machines that are folders."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from runner_image.machine.provenance import AZURE_ASSET_TAG, cloud_instance, machine
from runner_image.machine.system import System
from tests.each_case import each_case

EC2 = {
    "instanceId": "i-1",
    "instanceType": "c8g.medium",
    "region": "us-east-1",
    "availabilityZone": "us-east-1a",
    "x": 1,
}


class Metadata(BaseHTTPRequestHandler):
    """EC2's version 2 protocol, and Azure's."""

    def do_PUT(self) -> None:
        self._say(200, "token" if self.path == "/latest/api/token" else "")

    def do_GET(self) -> None:
        if self.headers.get("Metadata") == "true":
            self._say(200, json.dumps({"vmSize": "D2", "location": "west", "zone": ""}))
        elif self.headers.get("X-aws-ec2-metadata-token") == "token":
            self._say(200, json.dumps(EC2))
        else:
            self._say(401, "")

    def log_message(self, *_: object) -> None:
        return

    def _say(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


@contextmanager
def metadata_service() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def put(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text + "\n")


@each_case(
    ("cpuinfo", "model"),
    [
        ("processor : 0\nmodel name : Fast CPU 9\n\nprocessor : 1\nmodel name : Fast CPU 9", "Fast CPU 9"),
        ("processor : 0\nCPU implementer : 0x41\nCPU part : 0xd4f", "Arm Neoverse-V2"),
        ("processor : 0\nCPU implementer : 0x77\nCPU part : 0x001", "Arm implementer 0x77 part 0x001"),
    ],
)
def test_cpu_models(tmp_path: Path, cpuinfo: str, model: str) -> None:
    put(tmp_path, "proc/cpuinfo", cpuinfo)
    assert machine(System(root=tmp_path), image=None, cloud=None, cores=()).cpu_model == model


def test_the_slots_core_its_governor_and_the_rest(tmp_path: Path) -> None:
    put(tmp_path, "sys/devices/system/cpu/cpu3/cpufreq/scaling_governor", "performance")
    put(tmp_path, "etc/os-release", 'NAME=x\nPRETTY_NAME="Some Linux 12"')
    found = machine(System(root=tmp_path), image="repo/image@sha256:1", cloud={"provider": "aws"}, cores=(3,))
    assert (found.pinned_cores, found.governor) == ([3], "performance")
    assert (found.operating_system, found.container_image) == ("Some Linux 12", "repo/image@sha256:1")
    assert found.cloud == {"provider": "aws"}
    assert found.memory_bytes


def test_off_the_cloud_nothing_is_asked(tmp_path: Path) -> None:
    put(tmp_path, "sys/class/dmi/id/sys_vendor", "Microsoft Corporation")  # Hyper-V, not Azure
    assert cloud_instance(System(root=tmp_path, metadata_url="http://never.invalid")) is None


def test_ec2(tmp_path: Path) -> None:
    put(tmp_path, "sys/class/dmi/id/sys_vendor", "Amazon EC2")
    with metadata_service() as url:
        found = cloud_instance(System(root=tmp_path, metadata_url=url))
    assert found == {"provider": "aws", **{name: value for name, value in EC2.items() if name != "x"}}


def test_azure(tmp_path: Path) -> None:
    put(tmp_path, "sys/class/dmi/id/chassis_asset_tag", AZURE_ASSET_TAG)
    with metadata_service() as url:
        found = cloud_instance(System(root=tmp_path, metadata_url=url))
    assert found == {"provider": "azure", "vmSize": "D2", "location": "west"}


def test_a_metadata_service_that_is_shut_is_no_cloud(tmp_path: Path) -> None:
    put(tmp_path, "sys/class/dmi/id/sys_vendor", "Amazon EC2")
    assert cloud_instance(System(root=tmp_path, metadata_url="http://127.0.0.1:9")) is None
