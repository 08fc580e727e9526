"""Whatever the environment names as a proxy: this machine is called all the same, and elsewhere one line names the variable."""

import os

import httpx
import pytest
from benchfleet.client import Client
from benchfleet.exceptions import UsageError
from benchfleet_contract.addresses import address_problem
from benchfleet_contract.proxies import proxy_problem

from tests.each_case import each_case

FINE = [
    "proxy", "proxy:3128", "http://proxy:3128", "HTTP://proxy:3128/", "https://u:pa%40ss@proxy", "[::1]:3128",
    "http://[fe80::1]:3128", "http://127.0.0.1:65535", "http://pröxy:9", "u:pa@ss@proxy:1",
]  # fmt: skip
ODD = [
    "http://[::1", "http://proxy:port", "http://proxy:99999", "http://u:geheim@proxy:port", "http://u:gehe#im@proxy:1",
    "http://u:gehe/im@proxy:1", "http://u:geheim@[::1:9", "//proxy:1", "http://", "http:/proxy:1", ":::", "::", "host:-1",
    " http://proxy:1", "http://a b:1", "http://a\x01", "http://a..b:1", "http://xn--:1", "http://[v1.x]:1", "http://" + "x" * 64,
]  # fmt: skip
LEFT_OUT = [
    "", "*", "localhost,.example.com,*.example.org,::1", "10.0.0.0/8, host:80", "fe80::1%eth0", "http://host", "a..b", "[,*",
    "_srv", "all://host:8080",
]  # fmt: skip
UNREADABLE = [
    "[::1]",
    "localhost,[::1]:80",
    "fd00::/8",
    "ex\xe4mple.com",
    "a b",
    "host:port",
    "http://[::1",
    ":::",
    "a\x01",
]


@pytest.fixture(autouse=True)
def none_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """An emulator in this process has set some too."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def can_be_set(value: str) -> bool:
    """Not all can in every locale."""
    try:
        os.fsencode(value)
    except UnicodeEncodeError:
        return False
    return True


def told(loopback: bool = False, **environment: str) -> str | None:
    return proxy_problem(environment, loopback=loopback, socks=False)


@each_case("value", filter(can_be_set, FINE))
def test_what_can_be_a_proxy_is_no_problem(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(HTTPS_PROXY=value) is None
    monkeypatch.setenv("HTTPS_PROXY", value)
    Client("https://api.test").close()


@each_case("value", filter(can_be_set, ODD))
def test_what_cannot_is_told_with_the_variable_and_without_the_value(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    with pytest.raises(UsageError, match=r"^HTTPS_PROXY .*; or unset HTTPS_PROXY$") as refused:
        Client("https://api.test")
    assert "geheim" not in str(refused.value)
    Client("http://127.0.0.1:1").close()


@each_case("value", filter(can_be_set, LEFT_OUT))
def test_exceptions_as_people_write_them_are_no_problem(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(NO_PROXY=value) is None
    monkeypatch.setenv("NO_PROXY", value)
    Client("https://api.test").close()


@each_case("value", filter(can_be_set, UNREADABLE))
def test_exceptions_that_cannot_be_read_are_told(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", value)
    with pytest.raises(UsageError, match=r"^NO_PROXY holds an entry .*; or unset NO_PROXY$"):
        Client("https://api.test")
    Client("http://[::1]:1").close()


def test_what_a_client_does_not_look_at_is_no_problem() -> None:
    assert told(HTTPS_PROXY="ftp://x", https_proxy="") is None
    assert told(HTTPS_PROXY="ftp://x", https_proxy="http://proxy:1") is None
    assert told(https_proxy="ftp://x", HTTPS_PROXY="http://proxy:1") is not None
    assert told(loopback=True, HTTPS_PROXY="http://[::1", NO_PROXY="[::1]") is None


@each_case(
    "url",
    [
        "http://[::1", "http://h:port", "http://a..b", "http://xn--", "http://" + "x" * 64 + ".de", "http://a b", "http://a\x01",
        "http://[v1.x]", "http://:80", "http://h:99999",
    ],
)  # fmt: skip
def test_an_address_that_nothing_can_call_is_wrong_use_before_anything_is_sent(url: str) -> None:
    assert address_problem(url)
    with pytest.raises(UsageError, match="the API's URL"):
        Client(url, transport=httpx.MockTransport(lambda _: httpx.Response(200)))


@each_case("url", ["http://localhost.", "https://é.de/x", "http://[fe80::1%25eth0]:1/a", "http://a_b", "http://1"])
def test_an_address_that_can_be_called_is_no_problem(url: str) -> None:
    assert address_problem(url) is None
    Client(url).close()
