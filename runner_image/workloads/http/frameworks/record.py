"""One framework: what an app of it looks like, and how it is built, started, found ready and stopped."""

import re
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from runner_image.workloads.http.contract.workloads import CAPABILITIES, RAW, VALIDATED

PLACEHOLDERS = frozenset({"port", "host", "python", "app", "entry", "module", "binary"})
Language = Literal["python", "node", "ruby", "rust", "go", "php", "elixir", "wasm", "java", "other"]


_BRACES = re.compile(r"{{|}}|{(?P<name>[A-Za-z0-9._+-]+)}|(?P<stray>[{}])")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def placeholders(text: str) -> list[str]:
    """Names in braces, in order. Raises ValueError for a brace that is part of none, and is not doubled."""
    found = list(_BRACES.finditer(text))
    if any(each["stray"] for each in found):
        raise ValueError(f"{text!r} has a brace that is none of a placeholder: write {{{{ for {{ and }}}} for }}")
    return [each["name"] for each in found if each["name"]]


def filled(words: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """With the placeholders put in and doubled braces made single; what `values` does not know stays."""

    def put(found: re.Match[str]) -> str:
        return values.get(found["name"], found[0]) if found["name"] else found[0][0]

    return [_BRACES.sub(put, word) for word in words]


def port_problem(start: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """What is wrong with how a server is told its port."""
    count = sum(placeholders(word).count("port") for word in start)
    if count > 1:
        return f"start: {{port}} stands in it {count} times: write it once"
    if count == 0 and not any("port" in placeholders(word) for word in environment.values()):
        return "start: {port} stands neither in it nor in a variable of environment: add it to one of them"
    return None


def _no_nul(word: str) -> str:
    if "\0" in word:
        raise ValueError(f"{word!r} has a NUL: leave it out")
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


def _inside(paths: str) -> str:
    """`a|b`: each of them."""
    for path in paths.split("|"):
        _one_inside(path)
    return paths


def _one_inside(path: str) -> None:
    if not path:
        raise ValueError("a name of a file is empty: leave it out")
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError(f"{path!r} leaves the app's folder: name files below it")
    try:
        list(Path("/nonexistent").glob(path))
    except (ValueError, IndexError, NotImplementedError) as error:
        raise ValueError(f"{path!r} is no pattern of files: {error}") from error


Word = Annotated[str, Field(min_length=1), AfterValidator(_no_nul)]
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

    `start` and `build` are argument lists without a shell; braces that are meant are doubled. The port is in `{port}` and
    always in the variable PORT.
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

    @field_validator("environment")
    @classmethod
    def _variables_have_names(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for name in value:
            if not _VARIABLE.fullmatch(name):
                raise ValueError(f"{name!r} is no name of a variable: use letters, digits and _")
        return value

    @model_validator(mode="after")
    def _takes_a_port(self) -> Self:
        if problem := port_problem(self.start, self.environment):
            raise ValueError(problem)
        return self
