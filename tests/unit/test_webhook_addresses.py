"""Where a webhook may go, and how it is signed."""

from chalicelib.notifying.addresses import is_public
from chalicelib.notifying.signing import new_secret, signature
from tests.each_case import each_case


@each_case(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "169.254.170.2", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1",
        "fd00:ec2::254", "ff02::1", "2001:db8::1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1", "2002:a9fe:a9fe::1", "2001:0:a9fe:a9fe::1", "::127.0.0.1", "localhost", "", "0x7f000001",
    ],
)  # fmt: skip
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not is_public(address)


@each_case("address", ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_what_is_public_is_allowed(address: str) -> None:
    assert is_public(address)


def test_the_example_of_the_standard() -> None:
    """Of https://github.com/standard-webhooks/standard-webhooks: secret, message and signature."""
    found = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", delivery_id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp_s=1614265330,
        body=b'{"test": 2432232314}',
    )  # fmt: skip
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_secrets_differ() -> None:
    assert new_secret() != new_secret()
