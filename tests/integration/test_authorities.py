"""Clients load the certificate authorities with the first connection that needs them, and then believe no other."""

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from benchfleet.async_client import AsyncClient
from benchfleet.client import Client
from benchfleet.exceptions import Unreachable
from benchfleet_contract.authorities import authorities
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from runner_image.delivery.store import open_store
from tests.each_case import each_case

NOBODYS = "CERTIFICATE_VERIFY_FAILED"


class Greeting(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with key and certificate of 127.0.0.1, signed by itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "here")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "here.pem"
    path.write_bytes(private + made.public_bytes(pem))
    return path


@pytest.fixture(scope="module")
def url(certificate: Path) -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Greeting)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that refuse are what is tested
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def known(context: ssl.SSLContext) -> int:
    return context.cert_store_stats()["x509"]


def blocking(url: str, context: ssl.SSLContext) -> int:
    with httpx.Client(verify=context) as http:
        return http.get(url).status_code


def waiting(url: str, context: ssl.SSLContext) -> int:
    async def get() -> int:
        async with httpx.AsyncClient(verify=context) as http:
            return (await http.get(url)).status_code

    return asyncio.run(get())


@pytest.mark.parametrize("get", [blocking, waiting])
def test_nothing_is_loaded_before_it_is_needed_and_then_strangers_are_refused(
    url: str, get: Callable[[str, ssl.SSLContext], int]
) -> None:
    context = authorities(environment={})
    assert known(context) == 0
    for _ in range(2):
        with pytest.raises(httpx.ConnectError, match=NOBODYS):
            get(url, context)
    assert known(context) > 50


@each_case("get", [blocking, waiting])
def test_a_file_that_the_environment_names_is_believed_instead(
    url: str, certificate: Path, get: Callable[[str, ssl.SSLContext], int]
) -> None:
    context = authorities(environment={"SSL_CERT_FILE": str(certificate)})
    assert get(url, context) == 200
    assert known(context) == 1


def test_a_folder_that_the_environment_names_replaces_the_usual_ones(url: str, tmp_path: Path) -> None:
    context = authorities(environment={"SSL_CERT_DIR": str(tmp_path)})
    with pytest.raises(httpx.ConnectError, match=NOBODYS):
        blocking(url, context)
    assert known(context) == 0


def test_clients_of_ours_refuse_strangers(url: str) -> None:
    with Client(url, repeats=False) as client, pytest.raises(Unreachable, match=NOBODYS):
        client.run("r")
    with open_store() as store, pytest.raises(httpx.ConnectError, match=NOBODYS):
        store.get(url)


def test_so_do_those_that_wait(url: str) -> None:
    async def ask() -> None:
        async with AsyncClient(url, repeats=False) as client:
            await client.run("r")

    with pytest.raises(Unreachable, match=NOBODYS):
        asyncio.run(ask())
