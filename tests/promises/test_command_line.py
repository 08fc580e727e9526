"""docs/cli.md is complete: every command, every option, every exit code."""

import re
from pathlib import Path

import pytest
from benchfleet import exceptions, exit_codes
from benchfleet.cli.main import COMMANDS

DOCS = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()


def section(name: str) -> str:
    found = re.search(rf"^## `benchfleet {name}`$(.*?)(?=^## |\Z)", DOCS, re.MULTILINE | re.DOTALL)
    assert found, f"docs/cli.md has no section for `benchfleet {name}`"
    return found[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented(name: str) -> None:
    text, command = section(name), COMMANDS[name].load(name)
    for option in (found for found in command.params if found.param_type_name == "option" and not found.hidden):
        assert f"`{option.opts[0]}" in text, option.opts[0]


@pytest.mark.parametrize("name", COMMANDS)
def test_no_option_is_documented_that_is_not_there(name: str) -> None:
    known = {word for option in COMMANDS[name].load(name).params for word in (*option.opts, *option.secondary_opts)}
    rows = re.findall(r"^\| `(--[a-z-]+)", section(name), re.MULTILINE)
    assert set(rows) <= known | {"--help"}


def test_the_table_of_exit_codes_is_the_one_in_the_code() -> None:
    rows = re.findall(r"^\| (\d+) \| (.*?) \|$", DOCS, re.MULTILINE)
    assert {int(code): words for code, words in rows} == exit_codes.MEANINGS


def test_every_error_leads_to_a_documented_exit_code() -> None:
    leaves = [exceptions.BenchfleetError]
    for kind in leaves:
        leaves.extend(kind.__subclasses__())
    assert {kind.exit_code for kind in leaves} <= set(exit_codes.MEANINGS)
