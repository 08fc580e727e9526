"""Which API, with which key: flag, else environment, else profile."""

import io
import json
from pathlib import Path

import pytest
from benchfleet import exit_codes
from benchfleet.exceptions import UsageError
from benchfleet.profiles.file import FILE
from benchfleet.profiles.settings import KEY, PROFILE, URL, Connection, connection, key_of
from hypothesis import given
from hypothesis import strategies as st

from tests.each_case import each_case

PROFILES = """
default_profile = "home"

[profiles.home]
api_url = "http://home"
api_key = "home-key"

[profiles.team]
api_url = "https://team"
api_key = "team-key"

[profiles.bare]
api_url = "https://bare"
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("config") / "config.toml"
    path.write_text(PROFILES)
    path.chmod(0o600)
    return path


def of(file: Path, *flags: str | None, **environ: str) -> tuple[str, str | None, str | None]:
    found = connection(*flags, environ=environ, file=file)
    return found.api_url, found.key, found.profile


maybe_url = st.none() | st.sampled_from(["http://home", "https://team", "https://other"])
maybe_profile = st.none() | st.sampled_from(["home", "team", "bare"])


@given(
    flags=st.tuples(maybe_url, st.none() | st.just("flag-key"), maybe_profile),
    variables=st.tuples(maybe_url, st.none() | st.just("variable-key"), maybe_profile),
)
def test_flag_then_environment_then_profile(
    file: Path, flags: tuple[str | None, ...], variables: tuple[str | None, ...]
) -> None:
    environ = {name: value for name, value in zip((URL, KEY, PROFILE), variables, strict=True) if value}
    url, key, profile = of(file, *flags, **environ)
    named = flags[2] or variables[2]
    own_url, own_key = {
        "home": ("http://home", "home-key"), "team": ("https://team", "team-key"), "bare": ("https://bare", None),
    }[named or "home"]  # fmt: skip
    assert url == (flags[0] or variables[0] or own_url)
    told = flags[1] or variables[1]
    assert key == (told or (own_key if named or url == own_url else None))
    if profile:
        assert profile == (named or "home")


def test_a_default_profiles_key_is_told_to_no_other_address(file: Path) -> None:
    assert of(file, "https://other") == ("https://other", None, None)
    assert of(file, None, None, None, BENCHFLEET_URL="https://other") == ("https://other", None, None)
    assert of(file, "http://home/") == ("http://home/", "home-key", "home")
    assert of(file, "https://other", None, "team") == ("https://other", "team-key", "team")


def test_nothing_says_the_three_ways(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        of(tmp_path / "none.toml")
    assert caught.value.exit_code == exit_codes.USAGE
    assert all(word in str(caught.value) for word in ("--api-url", "BENCHFLEET_URL", "benchfleet login"))


def test_an_unknown_profile_is_told_with_those_that_are_there(file: Path) -> None:
    with pytest.raises(UsageError, match=r"no profile prod in .*there: bare, home, team\).*login --profile prod"):
        of(file, None, None, "prod")


def test_empty_variables_are_no_variables(file: Path) -> None:
    for empty in ("", " ", "\n"):
        assert of(file, **{URL: "", KEY: empty, PROFILE: ""}) == ("http://home", "home-key", "home")


def test_the_file_is_named_by_the_environment(file: Path) -> None:
    assert connection(environ={FILE: str(file)}) == Connection("http://home", "home-key", "home")


def test_the_file_is_not_needed_where_all_is_given(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("no [ toml")
    assert of(tmp_path / "config.toml", "https://x", **{KEY: "k"}) == ("https://x", "k", None)


def test_a_key_from_stdin_or_a_file_is_its_first_line(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("of-file \nmore\n")
    said: list[str] = []
    by_stdin = connection("u", "-", environ={}, stdin=io.StringIO("of-stdin\nmore"), warn=said.append)
    by_file = connection("u", f"@{tmp_path / 'key'}", environ={}, warn=said.append)
    assert (by_stdin.key, by_file.key, said) == ("of-stdin", "of-file", [])


def test_a_literal_key_works_with_a_warning_that_does_not_repeat_it() -> None:
    said: list[str] = []
    assert connection("u", "sekrit", environ={}, warn=said.append).key == "sekrit"
    assert len(said) == 1
    assert "every user" in said[0]
    assert "sekrit" not in said[0]


@each_case(
    ("argument", "words"),
    [
        ("-", "no key in stdin"),
        ("@missing-file", "No such file"),
        ("@/", "names? only the key|holds only the key"),
        ("", "no key in --api-key"),
        ("two words", "invalid key"),
        ("schlüssel", "invalid key"),
    ],
)
def test_what_is_no_key_is_told_without_it(argument: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        connection("u", argument, environ={}, stdin=io.StringIO(""))
    assert "schlüssel" not in str(caught.value)
    assert "two words" not in str(caught.value)


def test_a_connection_does_not_show_its_key(file: Path) -> None:
    assert "home-key" not in repr(connection(environ={}, file=file))


@each_case("key", ["hid den", "hidden\nkey", "hid\u00e9"])
def test_a_key_that_is_none_is_refused_wherever_it_stands_and_not_shown(tmp_path: Path, key: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"[profiles.odd]\napi_url = 'http://odd'\napi_key = {json.dumps(key)}\n")
    path.chmod(0o600)
    for flags, environ in (((None, None, "odd"), {}), ((), {URL: "http://x", KEY: key})):
        with pytest.raises(UsageError, match="invalid key") as raised:
            of(path, *flags, **environ)
        assert "hid" not in str(raised.value)


def test_a_line_end_after_the_key_is_not_part_of_it(file: Path) -> None:
    assert of(file, **{URL: "http://x", KEY: "k\n"}) == ("http://x", "k", None)


def test_a_closed_stdin_holds_no_key() -> None:
    with pytest.raises(UsageError, match="no key in stdin"):
        key_of("-", None, lambda words: None)
