"""What a benchmark's container can reach: the world, but neither the cloud's metadata service nor an emulated AWS.

Whoever reads a machine's metadata gets its role's credentials. So before the first command runs in a container, unreachable
routes are put into its network by a helper: a container of the same image that shares that network, has the one capability that
this takes (NET_ADMIN, there only), sees no file of the host, and ends at once. The benchmark's own container has no capability
and cannot take them away.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from docker.errors import ContainerError, DockerException

from runner_image.errors import TaskError
from runner_image.isolation.protocol import isolation_failed

METADATA = (
    "169.254.169.254",  # AWS, Azure, Google, Oracle, DigitalOcean, Hetzner, OpenStack
    "169.254.170.2",  # credentials of ECS tasks
    "169.254.170.23",  # EKS Pod Identity
    "100.100.100.200",  # Alibaba Cloud
    "fd00:ec2::254",  # AWS over IPv6
    "fd00:ec2::23",  # EKS Pod Identity over IPv6
    "fd20:ce::254",  # Google over IPv6
)
NO_TOOL = 69  # the helper's exit code where the image has neither ip nor python3


class ContainerNetwork(StrEnum):
    BRIDGE = "bridge"
    NONE = "none"
    HOST = "host"


Resolve = Callable[[str], Iterable[str]]

_WITH_PYTHON = """
import socket, struct, sys
def ask(address):
    family, size = (socket.AF_INET6, 16) if ":" in address else (socket.AF_INET, 4)
    packed = socket.inet_pton(family, address)
    route = struct.pack("BBBBBBBBI", family, size * 8, 0, 0, 254, 4, 0, 7, 0) + struct.pack("HH", 4 + size, 1) + packed
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as line:
        line.bind((0, 0))
        line.send(struct.pack("IHHII", 16 + len(route), 24, 0x605, 1, 0) + route)
        line.recv(4096)
def reachable(address):
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect((address, 80))
for address in sys.argv[1:]:
    try:
        ask(address)
    except OSError:
        pass
    try:
        reachable(address)
    except OSError:
        continue
    sys.exit(address + " is still reachable")
"""
SCRIPT = f"""
if command -v ip >/dev/null 2>&1; then
  for address; do
    ip route add unreachable "$address" 2>/dev/null
    if ip route get "$address" >/dev/null 2>&1; then echo "$address is still reachable" >&2; exit 1; fi
  done
elif command -v python3 >/dev/null 2>&1; then exec python3 -I -c '{_WITH_PYTHON}' "$@"
else exit {NO_TOOL}
fi
"""


def to_shut(orchestrator_url: str, *, resolve: Resolve | None = None) -> tuple[str, ...]:
    """The addresses that no benchmark has business with: metadata services, and the control plane where it is an emulator.

    That stands on a private address, with its AWS beside it. What has a public one is shut to nobody: benchmarks may measure
    what lies behind the same addresses.
    """
    host = urlsplit(orchestrator_url).hostname or ""
    try:
        found = set((resolve or _addresses)(host))
    except OSError:  # then the runner will not find it either, and says so
        found = set()
    private = {address for address in found if _is_private(address)}
    return (*METADATA, *sorted(private - set(METADATA)))


def shut(
    engine: Any, container: Any, *, image: str, name: str, addresses: tuple[str, ...], labels: dict[str, str]
) -> None:
    """Makes the addresses unreachable in the running container's network. Raises TaskError where that is not certain."""
    try:
        engine.containers.run(
            image,
            entrypoint=["sh", "-c", SCRIPT, "sh"],
            command=list(addresses),
            network_mode=f"container:{container.id}",
            user="0:0",
            cap_drop=["ALL"],
            cap_add=["NET_ADMIN"],
            security_opt=["no-new-privileges"],
            read_only=True,
            labels=labels,
            remove=True,
        )
    except ContainerError as error:
        said = bytes(error.stderr or b"").decode(errors="replace").strip()  # type: ignore[arg-type]
        why = f"{name} has neither ip nor python3" if error.exit_status == NO_TOOL else said or str(error)
        raise _not_shut(why) from None
    except DockerException as error:
        raise _not_shut(str(error)) from None


def need_bridge(engine: Any) -> None:
    """Raises TaskError where the engine has no bridge to put containers on."""
    if not any(network.attrs.get("Driver") == "bridge" for network in engine.networks.list(names=["bridge"])):
        raise isolation_failed(
            "The Docker engine has no bridge network for benchmarks' containers. Start it with one; or start the runner with "
            "--container-network none, or with --container-network host, which lets benchmarks reach cloud metadata and every "
            "service of this machine"
        )


def _not_shut(why: str) -> TaskError:
    return isolation_failed(
        f"The benchmark's container could not be kept from cloud metadata: {why}. Use an image with python3 or iproute2, or "
        "start the runner with --container-network none (or host, which keeps it from nothing)"
    )


def _addresses(host: str) -> Iterable[str]:
    return {str(found[4][0]) for found in socket.getaddrinfo(host, None)} if host else ()


def _is_private(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    return address.is_private and not address.is_loopback and not address.is_unspecified
