"""The runner's image without building it: nobody is root in it, and it holds no key."""

from pathlib import Path

DOCKERFILE = Path(__file__).parents[2] / "runner_image" / "Dockerfile"


def words_of(instruction: str) -> list[list[str]]:
    lines = [line.split() for line in DOCKERFILE.read_text().splitlines()]
    return [words[1:] for words in lines if words and words[0] == instruction]


def test_a_container_runs_as_a_user_of_its_own_and_ends_in_order() -> None:
    assert words_of("USER")[-1] == ["benchfleet"]
    assert any("useradd" in words and words[words.index("--uid") + 1] == "10001" for words in words_of("RUN"))
    assert words_of("STOPSIGNAL") == [["SIGTERM"]]


def test_no_key_is_in_the_image() -> None:
    kept = [word for name in ("ENV", "ARG") for words in words_of(name) for word in words]
    assert [word for word in kept if "KEY" in word.partition("=")[0]] == []
