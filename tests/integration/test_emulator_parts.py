"""Small parts of the emulator: its server, when it writes, what its functions are called."""

import http.client
import io
import json
import socket
import struct
import threading
from collections.abc import Iterator
from threading import RLock
from typing import Any

import pytest
from botocore.credentials import Credentials
from chalice.app import Chalice

from local_emulator.announce import out_of_reach
from local_emulator.config import EmulatorConfig, Keys, Ready
from local_emulator.environment import lambda_environment
from local_emulator.errors import AddressUnusable, PortInUse
from local_emulator.functions import Functions
from local_emulator.http_server import KeepAliveServer
from local_emulator.parameters import ParameterStore
from local_emulator.sessions import new_session
from local_emulator.state.keeper import REST, Keeper
from tests.each_case import each_case


def test_sessions_share_what_is_known_of_aws_and_lengthen_no_search_for_it() -> None:
    sessions = [new_session(region=region) for region in ("eu-west-1", "eu-west-2", "eu-west-3")]
    (loader,) = {session._session.get_component("data_loader") for session in sessions}
    assert len(loader.search_paths) == len({*loader.search_paths})
    assert "dynamodb" in sessions[0].get_available_resources()  # of boto3's own folder


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    if environ["PATH_INFO"] == "/fail":
        raise RuntimeError("asked to")
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["REQUEST_METHOD"].encode(), b" ", body]


@pytest.fixture
def server() -> Iterator[KeepAliveServer]:
    made = KeepAliveServer(host="127.0.0.1", port=0, most_bytes=lambda _: 100)
    made.start(echo)
    yield made
    made.stop(within_s=5)


@pytest.fixture
def connection(server: KeepAliveServer) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    yield made
    made.close()


def ask(connection: http.client.HTTPConnection, method: str, path: str, **how: Any) -> tuple[int, bytes]:
    connection.request(method, path, **how)
    reply = connection.getresponse()
    return reply.status, reply.read()


def test_one_connection_carries_many_requests(connection: http.client.HTTPConnection) -> None:
    assert ask(connection, "POST", "/", body=b"one") == (200, b"POST one")
    first = connection.sock
    assert ask(connection, "PUT", "/", body=iter([b"tw", b"o"]), encode_chunked=True) == (200, b"PUT two")
    assert ask(connection, "GET", "/") == (200, b"GET ")
    assert ask(connection, "HEAD", "/") == (200, b"")
    assert ask(connection, "POST", "/", body=b"last") == (200, b"POST last")
    assert connection.sock is first


def test_a_failing_app_is_a_500_and_the_server_lives(connection: http.client.HTTPConnection) -> None:
    assert ask(connection, "GET", "/fail")[0] == 500
    assert ask(connection, "GET", "/") == (200, b"GET ")


def test_a_body_that_is_too_large_is_a_413(connection: http.client.HTTPConnection) -> None:
    assert ask(connection, "POST", "/", body=b"x" * 101)[0] == 413


def test_stopping_closes_idle_connections(server: KeepAliveServer, connection: http.client.HTTPConnection) -> None:
    ask(connection, "GET", "/")
    server.stop(within_s=5)
    assert connection.sock.recv(1) == b""


def test_a_port_has_one_owner(server: KeepAliveServer) -> None:
    with pytest.raises(PortInUse, match=str(server.server_port)):
        KeepAliveServer(host="127.0.0.1", port=server.server_port)


def test_an_address_of_another_machine_is_not_called_in_use() -> None:
    with pytest.raises(AddressUnusable, match=r"192\.0\.2\.1 port 0.*--host"):
        KeepAliveServer(host="192.0.2.1", port=0)  # TEST-NET-1: nobody's


def test_a_client_that_resets_its_connection_is_no_news(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    called, gone = threading.Event(), threading.Event()

    def slow(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        called.set()
        gone.wait(10)
        return echo(environ, start_response)

    server = KeepAliveServer(host="127.0.0.1", port=0)
    server.start(slow)
    rude = socket.create_connection(("127.0.0.1", server.server_port))
    rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    rude.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
    called.wait(10)
    rude.close()
    gone.set()
    server.stop(within_s=5)
    assert capfd.readouterr().err == ""
    assert caplog.records == []


class Monotonic:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_snapshot_is_written_only_when_something_changed() -> None:
    saves, changes = list[int](), [0]
    keeper = Keeper(lambda: saves.append(changes[0]), changes=lambda: changes[0], lock=RLock(), monotonic=Monotonic())
    for count in (0, 0, 3, 3, 4):
        changes[0] = count
        keeper.step()
    assert saves == [0, 3, 4]


def test_a_slow_snapshot_is_followed_by_a_rest() -> None:
    clock, changes, saves = Monotonic(), [0], list[float]()

    def save() -> None:
        saves.append(clock.now)
        clock.now += 2

    keeper = Keeper(save, changes=lambda: changes[0], lock=RLock(), monotonic=clock)
    for _ in range(20):
        changes[0] += 1
        keeper.step()
        clock.now += 5
    assert saves[1] - saves[0] >= 2 * REST


def test_a_function_is_found_by_the_end_of_its_arn() -> None:
    app = Chalice("x", configure_logs=False)
    app.lambda_function(name="run")(lambda event, context: None)
    app.lambda_function(name="scheduled_run")(lambda event, context: event)
    functions = Functions(app)
    arn = "arn:aws:lambda:us-east-1:123456789012:function:benchfleet-dev-scheduled_run:$LATEST"
    assert functions.named_by(arn) == "scheduled_run"
    assert functions.call("scheduled_run", {"a": 1}) == {"a": 1}
    with pytest.raises(LookupError):
        functions.named_by("arn:aws:lambda:us-east-1:123456789012:function:benchfleet-dev-other")


def ssm(store: ParameterStore, operation: str, **body: Any) -> dict[str, Any]:
    from io import BytesIO

    environ = {"HTTP_X_AMZ_TARGET": f"AmazonSSM.{operation}", "wsgi.input": BytesIO(json.dumps(body).encode())}
    reply: dict[str, Any] = json.loads(b"".join(store(environ, lambda status, headers: None)))
    return reply


def test_parameters_are_put_read_and_deleted() -> None:
    store = ParameterStore(region="us-east-1", account="1")
    assert ssm(store, "GetParameter", Name="/k")["__type"] == "ParameterNotFound"
    assert ssm(store, "PutParameter", Name="/k", Value="1")["Version"] == 1
    assert ssm(store, "PutParameter", Name="/k", Value="2")["__type"] == "ParameterAlreadyExists"
    assert ssm(store, "PutParameter", Name="/k", Value="2", Overwrite=True)["Version"] == 2
    assert ssm(store, "GetParameter", Name="/k")["Parameter"]["Value"] == "2"
    assert ssm(store, "GetParameters", Names=["/k", "/l"])["InvalidParameters"] == ["/l"]
    assert ssm(store, "DeleteParameter", Name="/k") == {}
    assert ssm(store, "LabelParameterVersion", Name="/k")["__type"] == "UnknownOperationException"


@each_case("body", [b"{", b"[]", b"7", b'{"Name": []}', b"{}", b"[" * 100_000])
def test_a_body_that_is_no_request_is_a_400(body: bytes) -> None:
    store = ParameterStore(region="us-east-1", account="1")
    for operation in ("GetParameter", "GetParameters", "PutParameter", "DeleteParameter"):
        told: list[str] = []
        environ = {"HTTP_X_AMZ_TARGET": f"AmazonSSM.{operation}", "wsgi.input": io.BytesIO(body)}
        store(environ, lambda status, headers, told=told: told.append(status))
        assert told == ["400 Bad Request"]


@each_case("host", ["", " ", "[]"])
def test_an_empty_address_is_not_every_address(host: str) -> None:
    with pytest.raises(AddressUnusable, match=r"an empty address would be every one.*--aws-host"):
        KeepAliveServer(host=host, port=0, flags=("--aws-host", "--aws-port"))


@each_case("host", ["a..b", "x" * 70, "*", "::1::"])
def test_an_address_that_is_none_is_told(host: str) -> None:
    with pytest.raises(AddressUnusable, match=r"pass a --host that is this machine's"):
        KeepAliveServer(host=host, port=0)


def ready(*, api: str, aws: str) -> Ready:
    return Ready(f"http://{api}", f"http://{aws}", "r", "t", "b", Keys("a", "r", "x"), 1, "q", "id", "secret")


@each_case(
    ("api", "aws", "words"),
    [
        ("127.0.0.1:1", "127.0.0.1:2", ""),
        ("[::1]:1", "127.0.0.1:2", ""),
        ("192.0.2.1:1", "192.0.2.1:2", ""),
        ("127.0.0.1:1", "192.0.2.1:2", ""),
        ("0.0.0.0:1", "127.0.0.1:2", "which only this machine reaches"),
        ("[::]:1", "[::1]:2", "which only this machine reaches"),
        ("192.0.2.1:1", "127.0.0.1:2", "which only this machine reaches"),
        ("0.0.0.0:1", "0.0.0.0:2", "elsewhere means the machine that reads it"),
        ("192.0.2.1:1", "[::]:2", "elsewhere means the machine that reads it"),
    ],
)
def test_what_runners_elsewhere_cannot_reach_is_told(api: str, aws: str, words: str) -> None:
    told = out_of_reach(ready(api=api, aws=aws))
    assert len(told) == bool(words)
    assert all(words in each and "--aws-host" in each for each in told)


@each_case("variable", ["no_proxy", "NO_PROXY"])
def test_the_emulated_aws_is_behind_no_proxy(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "example.org")
    config = EmulatorConfig(host="::1", aws_host="192.0.2.1")
    set_to = lambda_environment(config, aws_url="http://x", stream_arn=None, who=Credentials("id", "secret"))
    assert set_to["no_proxy"] == set_to["NO_PROXY"] == "example.org,::1,192.0.2.1,[::1]"
