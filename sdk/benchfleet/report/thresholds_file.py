"""Thresholds in a file of the repository (TOML): read as a whole, found by its name, every problem told at once."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchfleet.documents.bounded import read_text
from benchfleet.documents.document import shown
from benchfleet.documents.problems import START, Finding, InvalidConfig, Mark
from benchfleet.report.thresholds import DEFAULT, PATTERNS, Rule, Thresholds, share_of

NAME = "benchfleet-thresholds.toml"
MAX_BYTES = 1024 * 1024
_MOST = 10.0  # a share: ten times worse
_SHARE = 'must be a share from "0%" to below "1000%", such as "5%"'
_TOP = frozenset({"default", "rule"})
_RULE = frozenset({*PATTERNS, "threshold", "ignore", "reason"})
_HEADER = re.compile(r"\s*\[\[\s*rule\s*\]\]")
_KEY = re.compile(r"""\s*["']?([\w-]+)["']?\s*=""")
_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")


def found(folder: Path) -> Path | None:
    """The file in `folder` or in a folder around it, up to the root of its repository; None if there is none."""
    start = folder.resolve()
    for here in (start, *start.parents):
        if (here / NAME).is_file():
            return here / NAME
        if (here / ".git").exists():
            return None
    return None


def load(path: Path) -> Thresholds:
    """Raises InvalidConfig with everything that is wrong, each with file and line; ConfigError for no readable file."""
    text = read_text(path, what="thresholds file", most_bytes=MAX_BYTES)
    try:
        document = tomllib.loads(text)
    except RecursionError as error:
        raise InvalidConfig(path, [_syntax("nested too deeply", text)]) from error
    except (
        ValueError
    ) as error:  # of numbers with thousands of digits, too, which the parser does not call a syntax error
        raise InvalidConfig(path, [_syntax(str(error), text)]) from error
    reading = _Reading(path, document, _Places(text))
    if reading.findings:
        raise InvalidConfig(path, reading.findings)
    return Thresholds(reading.default, tuple(reading.rules), str(path))


def _syntax(words: str, text: str) -> Finding:
    place = _PLACE.search(words)
    mark = Mark(int(place[1]), int(place[2])) if place and place[1] else Mark(max(len(text.splitlines()), 1), 1)
    return Finding(mark, "", f"not TOML: {_PLACE.sub('', words)}", "see docs/report.md for an example")


class _Places:
    """Where rules and keys stand, as far as they are written as `[[rule]]` tables; the parser does not tell."""

    def __init__(self, text: str) -> None:
        self.rules: list[Mark] = []
        self._keys: dict[tuple[int, str], Mark] = {}
        for number, line in enumerate(text.splitlines(), start=1):
            if _HEADER.match(line):
                self.rules.append(Mark(number, 1))
            elif key := _KEY.match(line):
                self._keys.setdefault((len(self.rules), key[1]), Mark(number, key.start(1) + 1))

    def of(self, rule: int | None, key: str) -> Mark:
        """`rule` counts from 0; None is the top of the file."""
        number = 0 if rule is None else rule + 1
        around = START if rule is None or rule >= len(self.rules) else self.rules[rule]
        return self._keys.get((number, key), around)


class _Reading:
    """`findings` is empty if `default` and `rules` are all that there is."""

    def __init__(self, path: Path, document: Mapping[str, Any], places: _Places) -> None:
        self._path, self._places = path, places
        self.findings: list[Finding] = []
        self.default = self._share(document, "default", None) if "default" in document else DEFAULT
        self.findings += self._unknown(document, _TOP, None)
        rules = document.get("rule", [])
        if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
            self._refuse(None, "rule", "must be tables", "write [[rule]] above each", rules)
            rules = []
        self.rules = [self._rule(rule, number) for number, rule in enumerate(rules)]

    def _rule(self, rule: Mapping[str, Any], number: int) -> Rule:
        self.findings += self._unknown(rule, _RULE, number)
        for name in (*PATTERNS, "reason"):
            if name in rule and not (isinstance(rule[name], str) and rule[name]):
                self._refuse(number, name, "must be text", "such as a name, or a pattern with *", rule[name])
        if not isinstance(rule.get("ignore", False), bool):
            self._refuse(number, "ignore", "must be true or false", "without quotes", rule["ignore"])
        ignore = rule.get("ignore") is True
        if ignore == ("threshold" in rule):
            words = "a rule has either a threshold or ignore = true"
            self._refuse(number, "threshold", words, 'such as threshold = "10%"')
        share = self._share(rule, "threshold", number) if "threshold" in rule else None
        patterns = tuple((name, str(rule[name])) for name in PATTERNS if name in rule)
        return Rule(patterns, None if ignore else share, f"{self._path}:{self._line(number)}")

    def _line(self, number: int) -> int:
        return self._places.rules[number].line if number < len(self._places.rules) else 1

    def _share(self, table: Mapping[str, Any], name: str, rule: int | None) -> float:
        share = share_of(table[name], most=_MOST)
        if share is None:
            self._refuse(rule, name, _SHARE, "in quotes", table[name])
        return share or 0.0

    def _unknown(self, table: Mapping[str, Any], known: frozenset[str], rule: int | None) -> Iterator[Finding]:
        for name in table.keys() - known:
            field = name if rule is None else f"rule[{rule}].{name}"
            yield Finding(self._places.of(rule, name), field, "unknown field", f"one of {', '.join(sorted(known))}")

    def _refuse(self, rule: int | None, name: str, words: str, remedy: str, value: Any = None) -> None:
        field = name if rule is None else f"rule[{rule}].{name}"
        told = "" if value is None else shown(value if isinstance(value, str | int | float | bool) else str(value))
        self.findings.append(Finding(self._places.of(rule, name), field, words, remedy, told))
