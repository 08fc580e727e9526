"""`benchfleet keys` with the stage of an emulator, whose AWS has its keys as a real one has."""

import pytest

from chalicelib.domain.errors import Unauthorized
from chalicelib.wiring.access import Access
from local_emulator.stack import Emulator
from tests.integration.command_line import command_line

pytestmark = pytest.mark.system

READERS = frozenset({"reader"})


def role_of(key: str) -> str:
    """As a control plane says that reads its keys now. Raises Unauthorized."""
    return Access("/benchfleet-local/keys").keyring.admit(f"Bearer {key}", READERS)


def test_keys_of_an_emulator_are_made_listed_and_revoked(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.ready.aws_endpoint_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", emulator.ready.aws_access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", emulator.ready.aws_secret_access_key)
    command, local = command_line(capsys), ("--stage", "local", "--region", emulator.ready.region, "--json")
    made = command("keys", "create", "--role", "reader", "--name", "ci", *local).document()
    assert role_of(made["key"]) == "reader"
    listed = command("keys", "list", *local).document()["keys"]
    assert [it["role"] for it in listed if it["of_machines"]] == ["runner"]  # its own machines have one, too
    assert {it["role"] for it in listed} == {"admin", "runner", "reader"}
    assert command("keys", "revoke", "ci", *local).document()["revoked"]["id"] == made["listed"]["id"]
    with pytest.raises(Unauthorized):
        role_of(made["key"])
    assert role_of(emulator.ready.keys.reader) == "reader"
