"""The docs of the command line are complete: every command, every option in one place, every exit code, every document."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchfleet import exceptions, exit_codes
from benchfleet.cli.commands import COMMANDS
from benchfleet.cli.documents import schema
from benchfleet.cli.lazy import Entry, Group
from benchfleet.fleet import exit_codes as fleet_codes

from tests.each_case import each_case

FOLDER = Path(__file__).parents[2] / "docs"
DOCS = (FOLDER / "cli.md").read_text(encoding="utf-8")
SCRIPTS = {"completion", "provider cloud-init"}  # what they print is a program
SHARED = {"--help", "--version"}  # told once, for all


def entries() -> Iterator[tuple[str, Entry]]:
    for name, entry in COMMANDS.items():
        if isinstance(entry, Group):
            yield from ((f"{name} {inner}", found) for inner, found in entry.entries.items())
        else:
            yield name, entry


TREE = dict(entries())


def section(name: str) -> str:
    """The command's section of docs/cli.md; or of the page that it sends its reader to."""
    text = headed(DOCS, name)
    assert text is not None, f"docs/cli.md has no section for `benchfleet {name}`"
    page = re.match(r"\s*See \[([a-z]+\.md)\]", text)
    return (FOLDER / page[1]).read_text(encoding="utf-8") if page else text


def headed(page: str, name: str) -> str | None:
    found = re.search(rf"^## `benchfleet {name}`$(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    return found[1] if found else None


def options(name: str) -> list[Any]:
    command = TREE[name].load(name.split()[-1])
    return [found for found in command.params if found.param_type_name == "option" and not found.hidden]


def rows(name: str) -> list[str]:
    """Every option that has a row of a table in the command's section."""
    lines = re.findall(r"^\| (`-[^|]*) \|", section(name), re.MULTILINE)
    return [word for line in lines for word in re.findall(r"`(--?[a-z][a-z-]*)", line)]


@each_case("name", TREE)
def test_every_option_is_documented_once(name: str) -> None:
    told = rows(name)
    for option in options(name):
        assert told.count(option.opts[0]) == 1, f"{option.opts[0]} has {told.count(option.opts[0])} rows"


@each_case("name", TREE)
def test_no_option_is_documented_that_is_not_there(name: str) -> None:
    known = {word for option in options(name) for word in (*option.opts, *option.secondary_opts)}
    assert set(rows(name)) <= known | SHARED


@each_case("name", TREE)
def test_every_command_is_in_the_list_of_commands(name: str) -> None:
    assert f"](#benchfleet-{name.replace(' ', '-')})" in DOCS.split("\n## ")[0]


@each_case("name", [name for name in TREE if name not in SCRIPTS])
def test_every_command_has_a_document_with_a_schema(name: str) -> None:
    assert "--json" in {option.opts[0] for option in options(name)}
    assert name in schema.DOCUMENTS


def codes_in(heading: str) -> dict[int, str]:
    text = re.split(r"^## ", DOCS.split(f"\n## {heading}\n")[1], flags=re.MULTILINE)[0]
    return {int(code): words for code, words in re.findall(r"^\| (\d+) \| (.*?) \|$", text, re.MULTILINE)}


def test_the_table_of_exit_codes_is_the_one_in_the_code() -> None:
    assert codes_in("Exit codes") == exit_codes.MEANINGS


def test_the_table_of_fleets_is_the_one_in_the_code() -> None:
    assert codes_in("`benchfleet fleet`") == fleet_codes.MEANINGS


def kinds() -> list[type[exceptions.BenchfleetError]]:
    leaves = [exceptions.BenchfleetError]
    for kind in leaves:
        leaves.extend(kind.__subclasses__())
    return leaves


def test_every_error_leads_to_a_documented_exit_code() -> None:
    assert {kind.exit_code for kind in kinds()} <= set(exit_codes.MEANINGS)


def test_in_commands_of_fleets_infrastructure_and_keys_are_no_fault_of_the_manifest() -> None:
    """General codes 3, 4 and 5 mean something else there: each kind of error has to be told apart by its class."""
    theirs = [kind for kind in kinds() if kind.__module__ in ("benchfleet.exceptions", "benchfleet.fleet.errors")]
    told = {kind: fleet_codes.code_of(kind.__new__(kind)) for kind in theirs}
    assert set(told.values()) <= set(fleet_codes.MEANINGS)
    unlike = {exit_codes.INFRASTRUCTURE: fleet_codes.INFRASTRUCTURE, exit_codes.AUTH: fleet_codes.AUTH}
    for kind, code in told.items():
        if kind.exit_code in unlike:
            assert code == unlike[kind.exit_code], kind
        elif kind.exit_code in (exit_codes.OK, exit_codes.FAILED, exit_codes.USAGE):
            assert code == kind.exit_code, kind
