"""The option `results` of the command workload, before anything is started."""

from typing import Any, get_args

from benchfleet_contract.workloads.command import Format
from benchfleet_contract.workloads.kinds import check
from benchfleet_contract.workloads.schemas import definitions
from benchfleet_results.formats.registry import NAMES
from jsonschema import Draft202012Validator

from tests.each_case import each_case


def problems(results: Any) -> list[tuple[str, str, str]]:
    found = check("command", {"argv": ["true"], "results": results})
    return [(one.field, one.message, one.remedy) for one in found]


def test_every_format_can_be_named() -> None:
    assert get_args(Format) == NAMES


@each_case("results", [None, {"file": "r.json"}, {"file": "a/b", "format": "criterion"}])
def test_a_file_below_the_work_dir_is_right(results: Any) -> None:
    assert problems(results) == []


def test_each_problem_names_the_option_within() -> None:
    place = "workload_options.results"
    assert problems({"format": "hyperfien", "fiel": "x"}) == [
        (f"{place}.file", f"Option file is missing ({place}.file)", 'such as "results.json"'),
        (
            f"{place}.format",
            f"Option format must be {', '.join(map(repr, NAMES[:-1]))} or {NAMES[-1]!r} ({place}.format)",
            "leave it out for null",
        ),
        (f"{place}.fiel", f"Option fiel is unknown ({place}.fiel)", "did you mean file?"),
    ]


@each_case("file", ["times.json", "metadata.json"])
def test_a_file_of_the_runner_s_own_is_refused(file: str) -> None:
    """times.json holds wall times: it would be written over what the command left there."""
    ((field, message, _),) = problems({"file": file})
    assert field == "workload_options.results.file"
    assert f"must not be {file}, which the runner itself writes: choose another name" in message


@each_case("file", ["/etc/hostname", "../x", "a/../../x", "", "a\0b"])
def test_nothing_beyond_the_work_dir_can_be_asked_for(file: str) -> None:
    assert [field for field, _, _ in problems({"file": file})] == ["workload_options.results.file"]


def test_the_published_schema_takes_what_the_model_takes() -> None:
    schema = definitions(lambda pattern: {"type": "string", "pattern": pattern})["CommandOptions"]
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"argv": ["true"], "results": {"file": "r.json", "format": "jmh"}})
    assert not validator.is_valid({"argv": ["true"], "results": {"file": "r.json", "format": "other"}})
    assert not validator.is_valid({"argv": ["true"], "results": {"file": "/etc/passwd"}})
    assert not validator.is_valid({"argv": ["true"], "results": {"file": "r.json", "more": 1}})
