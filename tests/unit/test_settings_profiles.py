"""The file with profiles: read only if nobody else can, written at once, comments kept."""

import os
import tomllib
from pathlib import Path

import pytest
from benchfleet import exit_codes
from benchfleet.exceptions import ConfigError, DiskError
from benchfleet.profiles.file import InsecureFile, Profile, profile_file, read_profiles
from benchfleet.profiles.writer import write_profile
from hypothesis import given
from hypothesis import strategies as st

from tests.each_case import each_case

TEAM = Profile("https://team", "team-key")


def kept(folder: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path = folder / "config.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return path


def test_where_the_file_is() -> None:
    assert profile_file({"BENCHFLEET_CONFIG": "/x/y.toml"}) == Path("/x/y.toml")
    assert profile_file({}).parts[-2:] == ("benchfleet", "config.toml")


def test_no_file_holds_no_profiles(tmp_path: Path) -> None:
    found = read_profiles(tmp_path / "config.toml")
    assert (found.profiles, found.default) == ({}, None)


@each_case("mode", [0o640, 0o604, 0o620, 0o644, 0o610])
def test_a_file_that_others_may_open_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    path = kept(tmp_path, "", mode)
    for act in (lambda: read_profiles(path), lambda: write_profile(path, "a", TEAM)):
        with pytest.raises(InsecureFile, match=f"chmod 600 {path}") as caught:
            act()
        assert caught.value.exit_code == exit_codes.AUTH
    assert path.read_text() == ""


@each_case(
    ("text", "words"),
    [
        ("a = ", "is not TOML"),
        (b"\xff", "not text"),
        ("profiles = 3", "profiles must be tables"),
        ("[profiles]\nx = 3", "profiles.x must be a table"),
        ("[profiles.x]\napi_key = 12345678", "profiles.x.api_key must be a text"),
        ("[profiles.x]\napi_url = ''", "profiles.x.api_url must be a text"),
        ("default_profile = 1", "default_profile must be a text"),
    ],
)
def test_what_holds_no_profiles_is_told_and_no_key_with_it(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        read_profiles(kept(tmp_path, text))
    assert str(tmp_path) in str(caught.value)
    assert "12345678" not in str(caught.value)


def test_what_is_no_file_is_told_and_nothing_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(ConfigError, match=r"not a regular file|Is a directory"):
            read_profiles(path)


def test_the_first_profile_makes_file_and_folder_for_their_owner_and_is_the_default(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    assert write_profile(path, "team", TEAM) is True
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]
    found = read_profiles(path)
    assert (found.profiles, found.default) == ({"team": TEAM}, "team")


def test_a_second_profile_keeps_the_first_and_the_default(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    write_profile(path, "team", TEAM)
    assert write_profile(path, "home.lan", Profile("http://x", "k")) is False
    found = read_profiles(path)
    assert (set(found.profiles), found.default, found.profiles["team"]) == ({"team", "home.lan"}, "team", TEAM)


def test_comments_and_what_we_do_not_know_stay(tmp_path: Path) -> None:
    text = '# mine\ndefault_profile = "b"  # or a\n\n[profiles.a]  # old\napi_url = "x"  # here\napi_key = "1"\ncolour = 3\n'
    path = kept(tmp_path, text + "\n[other]\ny = 1\n")
    write_profile(path, "a", TEAM)
    now = path.read_text()
    assert now == text.replace('"x"', '"https://team"').replace('"1"', '"team-key"') + "\n[other]\ny = 1\n"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = kept(tmp_path, "")
    link = tmp_path / "link.toml"
    link.symlink_to(real)
    write_profile(link, "team", TEAM)
    assert link.is_symlink()
    assert read_profiles(real).profiles == {"team": TEAM}


def test_what_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "config.toml", Path("/proc/benchfleet/config.toml")):
        with pytest.raises(DiskError, match=r"cannot write .*nothing was changed") as caught:
            write_profile(path, "team", TEAM)
        assert caught.value.exit_code == exit_codes.INFRASTRUCTURE


def test_a_file_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    for text in ("profiles = 3\n", "[profiles]\nteam = 1\n", "a = \n"):
        path = kept(tmp_path, text)
        with pytest.raises(ConfigError, match="mend it"):
            write_profile(path, "team", TEAM)
        assert path.read_text() == text


names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


@given(st.lists(st.tuples(names, words, words), min_size=1, max_size=5))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, entries: list[tuple[str, str, str]]
) -> None:
    path = tmp_path_factory.mktemp("profiles") / "config.toml"
    for name, url, key in entries:
        write_profile(path, name, Profile(url, key))
    assert read_profiles(path).profiles == {name: Profile(url, key) for name, url, key in entries}
    assert read_profiles(path).default == entries[0][0]
    tomllib.loads(path.read_text())
