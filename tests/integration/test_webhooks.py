"""Webhooks against a server on this machine, which only tests may reach: signature, bounds, what is refused."""

import base64
import datetime
import hashlib
import hmac
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.domain.schedule_ports import NotDelivered
from chalicelib.domain.scheduling import Target
from chalicelib.notifying.addresses import is_public
from chalicelib.notifying.messenger import Messenger
from chalicelib.notifying.webhook import Webhooks

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@dataclass
class Hook:
    """`answer` writes what the server says; `got` are the requests: path, headers, body."""

    url: str
    context: ssl.SSLContext
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answer: Callable[[Any], None] = lambda handler: handler.reply(204)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For the name localhost, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def hook(certificate: Path) -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append((self.path, dict(self.headers), body))
            found.answer(self)

        def reply(self, status: int, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    found = Hook(
        f"https://localhost:{server.server_port}/t0ken?a=b", ssl.create_default_context(cafile=str(certificate))
    )
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def on_this_machine(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback


class OneSecret:
    below = "/"

    def make(self, name: str) -> str:
        raise NotImplementedError

    def read(self, name: str) -> str | None:
        return SECRET if name == "/known" else None

    def delete(self, name: str) -> None:
        raise NotImplementedError


def send(hook: Hook, *, secret: str = "/known", body: bytes = b'{"a": 1}') -> None:
    webhooks = Webhooks(on_this_machine, context=hook.context)
    messenger = Messenger(webhooks, sns=lambda region: None, secrets=OneSecret(), clock=lambda: 1_700_000_000_500)
    messenger.send(Target(("end",), "webhook", hook.url, secret), delivery_id="d-1", subject="s", body=body)


def test_it_is_signed_as_standard_webhooks_has_it(hook: Hook) -> None:
    send(hook)
    ((path, headers, body),) = hook.got
    signed = f"d-1.{headers['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.new(b"k" * 32, signed, hashlib.sha256).digest()).decode()
    assert (path, body, headers["webhook-timestamp"]) == ("/t0ken?a=b", b'{"a": 1}', "1700000000")
    assert headers["webhook-signature"] == wanted


@pytest.mark.parametrize(
    ("status", "forever"),
    [(500, False), (503, False), (429, False), (408, False), (404, True), (410, True), (302, True)],
)
def test_what_is_not_2xx_is_not_delivered(hook: Hook, status: int, forever: bool) -> None:
    """A redirect is not followed: it could lead to where no webhook may go."""
    hook.answer = lambda handler: handler.reply(status, Location="http://169.254.169.254/")
    with pytest.raises(NotDelivered, match=f"localhost answered with {status}") as problem:
        send(hook)
    assert problem.value.forever == forever
    assert "t0ken" not in str(problem.value)
    assert len(hook.got) == 1


def test_a_server_that_says_a_byte_now_and_then_is_left(hook: Hook) -> None:
    done = threading.Event()

    def drip(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not done.wait(0.05):
            try:
                handler.wfile.write(b"x")
                handler.wfile.flush()
            except OSError:
                return

    hook.answer = drip
    with pytest.raises(NotDelivered):
        Webhooks(on_this_machine, context=hook.context, total_s=0.4).post(hook.url, b"{}", {})
    done.set()


def test_a_certificate_of_another_name_is_refused(hook: Hook) -> None:
    hook.url = hook.url.replace("localhost", "127.0.0.1")
    with pytest.raises(NotDelivered, match="certificate"):
        send(hook)
    assert hook.got == []


def test_without_its_secret_nothing_is_sent(hook: Hook) -> None:
    with pytest.raises(NotDelivered, match="signing secret") as problem:
        send(hook, secret="/other")
    assert (problem.value.forever, hook.got) == (True, [])


def test_what_is_not_public_is_never_connected_to(hook: Hook) -> None:
    with pytest.raises(NotDelivered, match="no address of the public internet") as problem:
        Webhooks(is_public, context=hook.context).post(hook.url, b"{}", {})
    assert (problem.value.forever, hook.got) == (True, [])
