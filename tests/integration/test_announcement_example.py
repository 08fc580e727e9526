"""The eight steps of docs/examples/model_announcement.py, each against the emulator."""

import runpy
from pathlib import Path

import pytest

from tests.integration.api_client import Api

pytestmark = pytest.mark.system

PATH = Path(__file__).resolve().parents[2] / "docs" / "examples" / "model_announcement.py"
NAMES = ["initialise", "announce", "heartbeat", "update", "add", "load_and_capacity", "errors", "shut_down"]


def test_each_of_its_eight_steps_holds(api: Api) -> None:
    said: list[str] = []
    runpy.run_path(str(PATH))["main"](api.ready.api_url, api.ready.keys.runner, say=said.append)
    assert [line.split(":")[0] for line in said] == [f"{number}. {name}" for number, name in enumerate(NAMES, 1)]
