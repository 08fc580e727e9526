"""Docker isolation against a real engine, with an image made of this machine's own shell."""

import io
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from runner_image.errors import TaskError
from runner_image.image.task_images import TaskImages
from runner_image.isolation import container_network
from runner_image.isolation.container_network import METADATA, ContainerNetwork
from runner_image.isolation.containers import connect
from runner_image.isolation.docker_isolation import DockerIsolation, Limits
from runner_image.isolation.protocol import TIMED_OUT, OfficialImage, Running, Slot
from runner_image.stopping import Stop, Stopped, StopReason
from tests.engine_policy import lacking
from tests.machine_calls import eventually

pytestmark = [pytest.mark.system, pytest.mark.needs_docker]
TOOLS = ("sh", "bash", "cat", "sleep", "id", "ls", "setsid", "touch", "nproc")
METADATA_SERVICE = "169.254.169.254"


def tiny_root(*tools: str) -> bytes:
    """A root file system of a shell and a few tools, with the libraries that they are linked to."""
    paths = {f"bin/{tool}": shutil.which(tool) or "" for tool in tools}
    for tool in list(paths.values()):
        linked = subprocess.run(["ldd", tool], capture_output=True, text=True, check=True).stdout.split()
        paths.update({word.lstrip("/"): word for word in linked if word.startswith("/")})
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, path in sorted(paths.items()):
            archive.add(os.path.realpath(path), arcname=name)
    return out.getvalue()


@contextmanager
def made_of(*tools: str) -> Iterator[str]:
    """The name of an image of these tools, while the block lasts."""
    name = f"benchfleet-test-{len(tools)}-tools:{os.getpid()}"
    engine = connect(5)
    if engine is None:
        lacking("needs_docker", "no Docker engine answers")
    with closing(engine):
        repository, _, tag = name.partition(":")
        engine.api.import_image_from_data(tiny_root(*tools), repository=repository, tag=tag)
        yield name
        engine.images.remove(name, force=True)


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    with made_of(*TOOLS, "ip") as name:
        yield name


@contextmanager
def isolated(image: str, **limits: Any) -> Iterator[DockerIsolation]:
    engine = connect()
    assert engine is not None
    with closing(engine):
        labels = {"benchfleet.test": str(os.getpid())}
        yield DockerIsolation(engine, image, limits=Limits(memory_bytes=128 * 1024**2, **limits), labels=labels)


@pytest.fixture
def isolation(image: str) -> Iterator[DockerIsolation]:
    with isolated(image) as made:
        yield made


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    for directory in (tmp_path, *tmp_path.parents[:2]):
        directory.chmod(0o755)
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def containers() -> list[str]:
    listed = ["docker", "ps", "-aq", "--filter", f"label=benchfleet.test={os.getpid()}"]
    return subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()


def run(slot: Slot, line: str, work_dir: Path, *, timeout_s: float | None = None) -> tuple[int, list[str]]:
    said: list[str] = []
    command = ["/bin/sh", "-c", line]
    code = slot.run(command, cwd=work_dir, environment={"GREETING": "hello"}, on_line=said.append, timeout_s=timeout_s)
    return code, said


def test_commands_of_a_task_share_one_unprivileged_container(isolation: DockerIsolation, work_dir: Path) -> None:
    with isolation.open(work_dir, cores=(0,), stop=Stop()) as slot:
        code, said = run(
            slot, f"echo $GREETING; id -u; ls / ; nproc; touch {work_dir}/made; echo late >&2; exit 3", work_dir
        )
        meanwhile = isolation.used()
        assert code == 3
        assert said[0] == "hello"
        assert said[1] != "0"
        assert said[-2:] == ["1", "late"]
        assert (work_dir / "made").exists()
        run(slot, "touch /work/second", work_dir)
        assert len(containers()) == 1
    assert (work_dir / "second").exists()
    assert containers() == []
    assert meanwhile.cpu_s > 0
    assert isolation.used().cpu_s >= meanwhile.cpu_s  # what is gone is not forgotten
    assert isolation.used().unread == 0


def test_a_stop_kills_everything_and_removes_the_container(isolation: DockerIsolation, work_dir: Path) -> None:
    stop = Stop()
    threading.Timer(1, lambda: stop.set(StopReason.CANCELLED)).start()
    with isolation.open(work_dir, stop=stop) as slot, pytest.raises(Stopped):
        run(slot, "setsid sleep 100 & sleep 100", work_dir)
    assert containers() == []
    assert isolation.used().unread == 0


@pytest.mark.proof
def test_a_timeout_ends_the_command_and_the_next_one_runs(isolation: DockerIsolation, work_dir: Path) -> None:
    with isolation.open(work_dir, stop=Stop()) as slot:
        assert run(slot, "echo begun; sleep 100", work_dir, timeout_s=1) == (TIMED_OUT, ["begun"])
        killed = isolation.used()
        assert run(slot, "echo again", work_dir) == (0, ["again"])
    assert killed.cpu_s > 0
    assert isolation.used().cpu_s > killed.cpu_s
    assert isolation.used().unread == 0


@pytest.mark.proof
def test_what_a_container_used_is_unknown_where_somebody_else_killed_it(
    isolation: DockerIsolation, work_dir: Path
) -> None:
    with isolation.open(work_dir, stop=Stop()) as slot:
        run(slot, "true", work_dir)
        subprocess.run(["docker", "kill", *containers()], capture_output=True, check=True)
        while containers():
            time.sleep(0.05)
    assert isolation.used().unread == 1


def test_a_program_that_is_not_there(isolation: DockerIsolation, work_dir: Path) -> None:
    with isolation.open(work_dir, stop=Stop()) as slot:
        code = slot.run(["nonesuch"], cwd=work_dir, environment={}, on_line=lambda _line: None)
    assert code == 127


def test_an_image_that_cannot_be_had_is_told_with_what_to_do(isolation: DockerIsolation, work_dir: Path) -> None:
    name = "localhost:1/no/such:image"
    with pytest.raises(TaskError) as own, isolation.open(work_dir, stop=Stop(), image=name):
        pytest.fail("opened")
    with pytest.raises(TaskError) as kinds, isolation.open(work_dir, stop=Stop(), official=OfficialImage(name)):
        pytest.fail("opened")
    for raised, remedy in ((own, f"docker pull {name}"), (kinds, "--isolation process")):
        assert (raised.value.error_type, raised.value.failure_class) == ("image_unavailable", "infrastructure")
        assert f"{name!r} cannot be used: it cannot be pulled" in str(raised.value)
        assert remedy in str(raised.value)


def test_a_tasks_own_image_is_used_for_it_alone(isolation: DockerIsolation, image: str, work_dir: Path) -> None:
    with made_of("sh", "cat", "ip", "basename") as other:
        own = isolation.open(work_dir, stop=Stop(), image=other, official=OfficialImage("localhost:1/no"))
        with own as slot:
            assert slot.image == other
            assert run(slot, "basename /a/b", work_dir) == (0, ["b"])
    with isolation.open(work_dir, stop=Stop()) as slot:
        assert slot.image == image
        assert run(slot, "basename /a/b", work_dir)[0] == 127


@pytest.mark.proof
def test_an_official_image_is_built_on_once_and_found_by_its_id(isolation: DockerIsolation, work_dir: Path) -> None:
    engine = connect()
    assert engine is not None
    with closing(engine), made_of("sh", "cat", "ip", "id", "ls") as base:
        images, found = TaskImages(engine), list[str]()
        try:
            for _ in range(2):
                with isolation.open(work_dir, stop=Stop(), official=OfficialImage(base)) as slot:
                    assert slot.image == base
                    assert run(slot, "id -u", work_dir)[0] == 0
                found.append(images.with_packages(base, (), check=lambda: None))
            assert found[0] == found[1] != images.need(base, check=lambda: None)
            assert engine.images.get(found[0]).labels["benchfleet.base"] == base
        finally:
            for each in set(found):
                engine.images.remove(each, force=True)


@pytest.mark.proof
def test_the_runners_own_image_serves_where_it_holds_what_is_asked_for_or_a_person_chose_it(
    isolation: DockerIsolation, image: str, work_dir: Path
) -> None:
    unreachable = "localhost:1/ruby:3.4"
    with isolation.open(work_dir, stop=Stop(), official=OfficialImage(unreachable, is_in=lambda _facts: True)) as slot:
        assert slot.image == image
    engine = connect()
    assert engine is not None
    with closing(engine):
        chosen = DockerIsolation(engine, image, limits=Limits(), labels={}, chosen=True)
        with chosen.open(work_dir, stop=Stop(), official=OfficialImage(unreachable)) as slot:
            assert slot.image == image


def test_the_container_does_not_outlive_a_runner_that_is_killed(
    isolation: DockerIsolation, work_dir: Path, image: str
) -> None:
    script = f"""
import sys
from pathlib import Path
from runner_image.isolation.container_network import METADATA, ContainerNetwork
from runner_image.isolation.containers import connect
from runner_image.isolation.docker_isolation import DockerIsolation, Limits
from runner_image.stopping import Stop
isolation = DockerIsolation(connect(), {image!r}, limits=Limits(), labels={{"benchfleet.test": "{os.getpid()}"}})
work_dir = Path({str(work_dir)!r})
command = ["/bin/sh", "-c", "echo begun; sleep 100"]
with isolation.open(work_dir, stop=Stop()) as slot:
    slot.start(command, cwd=work_dir, environment={{}}, stdout=work_dir / "out")
    slot.run(command, cwd=work_dir, environment={{}}, on_line=lambda line: print(line, flush=True))
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as runner:
        assert runner.stdout
        assert runner.stdout.readline() == b"begun\n"
        assert len(containers()) == 2
        runner.kill()
    ends = time.monotonic() + 15
    while containers() and time.monotonic() < ends:
        time.sleep(0.1)
    assert containers() == []


def begin(slot: Slot, work_dir: Path, line: str) -> tuple[Running, Path]:
    """Starts a shell line and waits until it says something."""
    out = work_dir / "out.txt"
    running = slot.start(["bash", "-c", line], cwd=work_dir, environment={"GREETING": "hello"}, stdout=out)
    wait_for(lambda: out.exists() and out.read_text() != "")
    return running, out


def wait_for(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_server_runs_beside_commands_until_it_is_stopped_with_all_that_it_started(
    isolation: DockerIsolation, work_dir: Path
) -> None:
    with isolation.open(work_dir, cores=(0, 1), stop=Stop()) as slot:
        server, out = begin(
            slot, work_dir, f"setsid sleep 100 & echo $GREETING; nproc; cd {work_dir}; pwd; exec sleep 100"
        )
        assert server.poll() is None
        eventually(lambda: os.path.basename(os.readlink(f"/proc/{server.pid}/exe")) == "sleep")
        assert run(slot, "echo beside", work_dir) == (0, ["beside"])
        assert len(containers()) == 2
        assert server.stop() in {128 + 9, 128 + 15}
        assert len(containers()) == 1
        assert out.read_text() == "hello\n2\n/work\n"
    assert containers() == []


@pytest.mark.proof
def test_a_server_that_ends_in_order_has_the_time_for_it(isolation: DockerIsolation, work_dir: Path) -> None:
    with isolation.open(work_dir, stop=Stop()) as slot:
        line = "trap 'sleep 0.6; echo flushed; exit 7' TERM; echo up; while :; do :; done"
        server, out = begin(slot, work_dir, line)
        assert server.stop(grace_s=20) == 7
        assert out.read_text() == "up\nflushed\n"


@pytest.mark.proof
def test_a_server_that_ends_by_itself_leaves_nothing_and_its_code(isolation: DockerIsolation, work_dir: Path) -> None:
    with isolation.open(work_dir, stop=Stop()) as slot:
        server, _ = begin(slot, work_dir, "echo up; setsid sleep 100 & exit 3")
        wait_for(lambda: server.poll() is not None)
        assert (server.poll(), server.stop(), len(containers())) == (3, 3, 1)


@pytest.mark.proof
def test_a_command_reaches_the_server_over_loopback_and_a_timeout_spares_it(
    isolation: DockerIsolation, work_dir: Path
) -> None:
    """What is started shares the network of the task's container, which a timeout must therefore leave alone."""
    with isolation.open(work_dir, stop=Stop()) as slot:
        server, _ = begin(slot, work_dir, "echo up; exec sleep 100")
        assert run(slot, "echo begun; setsid sleep 100 & sleep 100", work_dir, timeout_s=1) == (TIMED_OUT, ["begun"])
        assert server.poll() is None
        assert len(containers()) == 2
        first, second = (network_of(container) for container in containers())
        assert first == second


def network_of(container: str) -> str:
    """The namespace of its first process."""
    asked = ["docker", "inspect", "--format", "{{.State.Pid}}", container]
    pid = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    return os.readlink(f"/proc/{pid}/ns/net")


@pytest.mark.proof
def test_a_stop_kills_servers_too(isolation: DockerIsolation, work_dir: Path) -> None:
    stop = Stop()
    with isolation.open(work_dir, stop=stop) as slot:
        server, _ = begin(slot, work_dir, "setsid sleep 100 & echo up; exec sleep 100")
        stop.set(StopReason.CANCELLED)
        wait_for(lambda: server.poll() is not None)
        with pytest.raises(Stopped):
            slot.start(["true"], cwd=work_dir, environment={}, stdout=work_dir / "out")
    assert containers() == []


@pytest.mark.proof
def test_a_program_that_cannot_be_started_ends_with_127(isolation: DockerIsolation, work_dir: Path) -> None:
    with isolation.open(work_dir, stop=Stop()) as slot:
        files = {"stdout": work_dir / "out", "stderr": work_dir / "err"}
        server = slot.start(["nonesuch"], cwd=work_dir, environment={}, **files)
        wait_for(lambda: server.poll() is not None)
        assert server.poll() == 127
        assert ((work_dir / "out").read_text(), "nonesuch" in (work_dir / "err").read_text()) == ("", True)


def test_credentials_reach_commands_and_stand_in_no_description_of_the_container(
    isolation: DockerIsolation, work_dir: Path
) -> None:
    with isolation.open(work_dir, stop=Stop(), credentials={"A_KEY": "sesame"}) as slot:
        assert run(slot, "echo $A_KEY", work_dir) == (0, ["sesame"])
        described = subprocess.run(["docker", "inspect", *containers()], capture_output=True, text=True, check=True)
        assert "sesame" not in described.stdout


@contextmanager
def answering(address: str) -> Iterator[int]:
    """A server on this address of the machine; the port."""
    with socket.create_server((address, 0)) as server:
        yield int(server.getsockname()[1])


@contextmanager
def metadata_service() -> Iterator[int]:
    """A server where a cloud's would be, for as long as the block lasts. Tests here take turns."""
    place = [f"{METADATA_SERVICE}/32", "dev", "lo"]
    subprocess.run(["ip", "addr", "replace", *place], check=True)
    try:
        with answering(METADATA_SERVICE) as port:
            yield port
    finally:
        subprocess.run(["ip", "addr", "del", *place], check=True)


def reaches(isolation: DockerIsolation, work_dir: Path, *places: tuple[str, int]) -> list[bool]:
    """By bash's own connections: the image has no other client."""
    with isolation.open(work_dir, stop=Stop()) as slot:
        return [
            run(slot, f"exec bash -c ': </dev/tcp/{host}/{port}' 2>/dev/null", work_dir)[0] == 0
            for host, port in places
        ]


def gateway() -> str:
    """The machine's address on the bridge: its first. An engine names it only after its second start."""
    engine = connect()
    assert engine is not None
    with closing(engine):
        config = engine.networks.get("bridge").attrs["IPAM"]["Config"][0]
    return str(config.get("Gateway") or next(ip_network(config["Subnet"]).hosts()))


def test_a_benchmark_reaches_neither_metadata_nor_this_machines_loopback(
    isolation: DockerIsolation, work_dir: Path
) -> None:
    """The metadata service would answer: a container without the routes reaches it through the bridge."""
    with metadata_service() as service, answering("127.0.0.1") as local, answering(gateway()) as world:
        places = [(METADATA_SERVICE, service), ("127.0.0.1", local), (gateway(), world)]
        assert reaches(isolation, work_dir, *places) == [False, False, True]
        with isolated(isolation.image or "", shut=()) as open_door:
            assert reaches(open_door, work_dir, *places) == [True, False, True]


@pytest.mark.proof
def test_the_routes_are_there_again_after_a_timeout(isolation: DockerIsolation, work_dir: Path) -> None:
    with metadata_service() as service, isolation.open(work_dir, stop=Stop()) as slot:
        assert run(slot, "sleep 100", work_dir, timeout_s=1)[0] == TIMED_OUT
        code, _ = run(slot, f"exec bash -c ': </dev/tcp/{METADATA_SERVICE}/{service}' 2>/dev/null", work_dir)
    assert code != 0


@pytest.mark.proof
def test_nothing_and_everything_can_be_asked_for(image: str, work_dir: Path) -> None:
    with metadata_service() as service, answering("127.0.0.1") as local:
        places = [(METADATA_SERVICE, service), ("127.0.0.1", local)]
        for network, expected in (("none", [False, False]), ("host", [True, True])):
            with isolated(image, network=ContainerNetwork(network)) as isolation:
                assert reaches(isolation, work_dir, *places) == expected


def test_a_benchmark_cannot_take_the_routes_away(isolation: DockerIsolation, work_dir: Path) -> None:
    with isolation.open(work_dir, stop=Stop()) as slot:
        code, said = run(slot, f"ip route del unreachable {METADATA_SERVICE}", work_dir)
    assert code != 0
    assert "not permitted" in said[0]


@pytest.mark.proof
def test_an_image_without_tools_for_it_is_refused_before_anything_runs(work_dir: Path) -> None:
    with made_of("sh", "cat", "touch") as bare, isolated(bare) as isolation:
        with isolation.open(work_dir, stop=Stop()) as slot, pytest.raises(TaskError) as raised:
            run(slot, "touch /work/ran", work_dir)
        assert containers() == []
    assert (raised.value.error_type, raised.value.failure_class) == ("isolation_failed", "infrastructure")
    assert "has neither ip nor python3" in str(raised.value)
    assert "--container-network none" in str(raised.value)
    assert not (work_dir / "ran").exists()


@pytest.mark.parametrize("tool", ["ip", "python3"])
def test_both_tools_shut_both_families(tool: str) -> None:
    """In a network of its own that would send every packet somewhere."""
    script = container_network.SCRIPT
    if tool == "python3":
        script = script.replace("command -v ip ", "command -v no-such-tool ").replace("python3", sys.executable)
    ready = " && ".join(
        [
            "ip link add v0 type veth peer name v1",
            "ip link set v0 up && ip link set v1 up",
            "ip addr add 10.9.9.1/24 dev v0 && ip route add default dev v0",
            "ip addr add fd99::1/64 dev v0 nodad && ip -6 route add default dev v0",
        ]
    )
    look = (
        'for a in 169.254.169.254 fd00:ec2::254 10.1.1.1; do ip route get "$a" >/dev/null 2>&1 && echo "$a"; done; true'
    )
    line = f'{ready}; {look}; echo --; sh -c "$SHUT" sh {" ".join(METADATA)} && {look}'
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", line],
        env={"PATH": os.environ["PATH"], "SHUT": script},
        capture_output=True,
        text=True,
        check=True,
    )
    before, _, after = done.stdout.partition("--\n")
    assert before.split() == ["169.254.169.254", "fd00:ec2::254", "10.1.1.1"]
    assert after.split() == ["10.1.1.1"]
