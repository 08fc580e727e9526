"""What the real model is pinned to, and what is said where it cannot be had. The model itself is in the proofs."""

import json
from pathlib import Path

import pytest

from local_emulator.model import install as installing
from local_emulator.model.__main__ import environment, read
from local_emulator.model.install import HERE, WEIGHTS, Unavailable, install, library_folder, require_machine
from tests.each_case import each_case


def test_every_package_of_the_server_is_pinned_by_hash() -> None:
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]
    locked = json.loads((HERE / "package-lock.json").read_text())["packages"]
    assert locked[""]["dependencies"] == wanted
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert all(one["integrity"].startswith("sha512-") for name, one in locked.items() if name)
    assert "--hash=sha256:" in (HERE / "weights.lock").read_text()


@each_case(("system", "machine"), [("Darwin", "arm64"), ("Linux", "aarch64"), ("Windows", "AMD64")])
def test_another_machine_is_told_what_to_do(system: str, machine: str) -> None:
    with pytest.raises(Unavailable, match=rf"Linux on x86-64, this is {system} on {machine}: start any OpenAI-compat"):
        require_machine(system, machine)


def test_without_node_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_machine(*installing.MACHINE)
    (tmp_path / WEIGHTS).touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match=r"node is missing: install nodejs .*apt-get install nodejs npm"):
        install(tmp_path)
    assert not library_folder(tmp_path).exists()


def test_what_the_cache_has_is_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / WEIGHTS).touch()
    library_folder(tmp_path).mkdir()
    (library_folder(tmp_path) / ".benchfleet-installed").touch()
    monkeypatch.setenv("BENCHFLEET_MODEL", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    assert install().install_s is None


def test_the_command_beside_the_model_finds_it_as_a_provider() -> None:
    options = read(["--serve", "cold=0", "--serve", "warm=0.9", "--", "benchfleet", "fleet", "run", "--emulator"])
    assert dict(options.serve) == {"cold": 0.0, "warm": 0.9}
    assert options.command == ["benchfleet", "fleet", "run", "--emulator"]

    class Known:
        base_url = "http://127.0.0.1:1/v1"

    found = environment(Known(), {"PATH": "/bin"})  # type: ignore[arg-type]
    assert found["BENCHFLEET_FLEET_PROVIDERS__LOCAL__BASE_URL"] == found["MODEL_BASE_URL"] == "http://127.0.0.1:1/v1"
    assert found["PATH"] == "/bin"
