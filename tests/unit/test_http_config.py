"""A run of kind `http`: what its config may say of isolation."""

import json
from pathlib import Path

import pytest
from benchfleet.config import InvalidConfig, load
from benchfleet.local.isolation import choose

from tests.each_case import each_case

RUN = {
    "workload": "http", "workload_options": {"framework": "flask"}, "per_instance_type": {"tasks": 1},
    "local": ["box"],
}  # fmt: skip


def config(folder: Path, isolation: str) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps({**RUN, "provision": {"local": {"isolation": isolation}}}))
    return path


def test_containers_are_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match=r"provision\.local\.isolation: http runs in processes only.*process, or"):
        load(config(tmp_path, "docker"))


@each_case("isolation", ["best", "process"])
def test_processes_are_fine(tmp_path: Path, isolation: str) -> None:
    assert load(config(tmp_path, isolation)).provision.local.isolation == isolation


def test_best_is_processes_though_an_engine_is_there() -> None:
    found = choose("best", image="i", processes_only=True, lacks=lambda _image: None)
    assert (found.kind, found.why) == ("process", "this kind of work runs in processes only")
