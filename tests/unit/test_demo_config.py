"""A config that cannot be a run is refused before anything is started."""

from pathlib import Path

import pytest
from benchfleet.demo import read_config
from benchfleet.exceptions import ConfigError


@pytest.mark.parametrize(("text", "words"), [("[]", "JSON object"), ("{", "not JSON"), ("\udcff", "not JSON")])
def test_refused_with_its_name(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text, errors="surrogateescape")
    with pytest.raises(ConfigError, match=rf"config\.json .*{words}"):
        read_config(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*missing\.json: No such file"):
        read_config(tmp_path / "missing.json")


def test_a_config_is_taken_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"workload": "mock", "local": []}')
    assert read_config(path) == {"workload": "mock", "local": []}
