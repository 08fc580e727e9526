"""One framework: what an app of it looks like, and how it is built, started, found ready and stopped."""

import re
import signal
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from runner_image.workloads.http.contract.workloads import CAPABILITIES, RAW, VALIDATED

PLACEHOLDERS = frozenset({"port", "host", "python", "app", "entry", "module", "binary"})
Language = Literal["python", "node", "ruby", "rust", "go", "php", "elixir", "wasm", "java", "other"]


def placeholders(text: str) -> list[str]:
    """Names in braces, in order. Raises ValueError for a brace without its partner."""
    return [name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name is not None]


def _closed(word: str) -> str:
    placeholders(word)
    return word


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
    return text


def _signal(name: str) -> str:
    if f"SIG{name}" not in signal.Signals.__members__:
        raise ValueError(f"there is no signal {name!r}: write TERM, INT, QUIT …")
    return name


def _inside(path: str) -> str:
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError(f"{path!r} leaves the app's folder: name files below it")
    try:
        list(Path("/nonexistent").glob(path))
    except (ValueError, IndexError, NotImplementedError) as error:
        raise ValueError(f"{path!r} is no pattern of files: {error}") from error
    return path


Word = Annotated[str, Field(min_length=1), AfterValidator(_closed)]
Words = tuple[str, ...] | Mapping[str, str] | None
Pattern = Annotated[str, Field(min_length=1), AfterValidator(_pattern)]
Inside = Annotated[str, Field(min_length=1), AfterValidator(_inside)]


def _capabilities(names: frozenset[str]) -> frozenset[str]:
    """`raw` and `validated` stand for all suites of theirs."""
    known = {**{name: {name} for name in CAPABILITIES}, "raw": set(RAW), "validated": set(VALIDATED)}
    odd = sorted(name for name in names if name not in known)
    if odd:
        raise ValueError(f"there is no suite {odd[0]!r}: take some of {', '.join(sorted(known))}")
    return frozenset(suite for name in names for suite in known[name])


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Evidence(Strict):
    """Files (names or globs below the app's folder) that hold `pattern` (multi-line) are worth `weight`, once.

    Of several with the same `of`, one counts.
    """

    files: tuple[Inside, ...] = Field(min_length=1)
    pattern: Pattern
    weight: int = Field(default=2, ge=-100, le=100)
    of: str | None = None


class Need(Strict):
    """A program that building or starting takes, and what to do where it is missing.

    `below`: where the app may bring its own (names or globs below its folder), which wins over one of the machine. A
    program's name is a placeholder of commands, too: `{bun}`.
    """

    program: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")
    remedy: str = Field(min_length=1)
    below: tuple[Inside, ...] = ()

    def own(self, folder: Path) -> Path | None:
        """The one that the app brings."""
        return next((path for glob in self.below for path in sorted(folder.glob(glob)) if path.is_file()), None)


class Framework(Strict):
    """`detect`: all of these must exist below the app's folder; `a|b` is met by either, and the first found is `{entry}`.

    `start` and `build` are argument lists without a shell. The port is in `{port}` and always in the variable PORT.
    `measure`: only processes whose command line matches are counted, all where none does; None: the whole tree.
    `grace_s`: between the stop signal and KILL. `capabilities`: suites that the app serves; empty: it is asked.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")
    language: Language
    runtime: str = Field(min_length=1)
    detect: tuple[Inside, ...] = Field(min_length=1)
    needs: tuple[Need, ...] = ()  # before the commands, in which they are placeholders
    start: tuple[Word, ...] = Field(min_length=1)
    evidence: tuple[Evidence, ...] = ()
    build: tuple[Word, ...] | None = Field(default=None, min_length=1)
    environment: Mapping[str, Word] = Field(default_factory=dict)
    health_paths: tuple[Annotated[str, Field(pattern=r"^/[!-~]*$")], ...] = Field(
        default=("/health", "/"), min_length=1
    )
    stop_signal: Annotated[str, AfterValidator(_signal)] = "TERM"
    grace_s: float = Field(default=10.0, gt=0, le=300)
    measure: Pattern | None = None
    capabilities: Annotated[frozenset[str], AfterValidator(_capabilities)] = frozenset()
    engine: str | None = None

    @field_validator("start", "build", "environment")
    @classmethod
    def _placeholders_are_known(cls, value: Words, info: ValidationInfo) -> Words:
        known = PLACEHOLDERS | {need.program for need in info.data.get("needs", ())}
        for word in value.values() if isinstance(value, Mapping) else value or ():
            odd = [name for name in placeholders(word) if name not in known]
            if odd:
                raise ValueError(f"{word!r} has {{{odd[0]}}}: the placeholders are {', '.join(sorted(known))}")
        return value

    @model_validator(mode="after")
    def _takes_a_port(self) -> Self:
        words = [name for word in self.start for name in placeholders(word)]
        values = [name for word in self.environment.values() for name in placeholders(word)]
        if words.count("port") > 1:
            raise ValueError(f"start: {{port}} stands in it {words.count('port')} times: write it once")
        if "port" not in words and "port" not in values:
            raise ValueError(
                "start: {port} stands neither in it nor in a variable of environment: add it to one of them"
            )
        return self
