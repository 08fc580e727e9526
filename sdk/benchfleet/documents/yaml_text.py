"""YAML, with the place of every value: read event by event, so that no text can make us recurse or expand without bound.

Plain words mean what they mean in YAML 1.2 and JSON: `null`, `true`, `false`, decimal numbers; everything else is text. So
`no`, `2026-11-22`, `1:30` and `010` stay what was written, whatever YAML 1.1 would make of them.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from benchfleet_contract.limits import MAX_BODY_BYTES

from benchfleet.documents.document import Document, Path, check_depth
from benchfleet.documents.problems import START, Mark, SyntaxProblem

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,300})")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]{0,300})(\.[0-9]*)?)([eE][-+]?[0-9]{1,9})?")


def parse_yaml(text: str) -> Document:
    """Raises SyntaxProblem. Keys that are there twice are among the document's problems."""
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        words = f"not YAML: {error.problem}"
        raise SyntaxProblem(_mark_of(error, len(text)), words, "mend it there, or quote the text") from error
    except yaml.YAMLError as error:
        words = f"not YAML: {getattr(error, 'reason', error)}"
        raise SyntaxProblem(START, words, "remove characters that are not printable") from error
    return builder.document


def _mark_of(error: yaml.MarkedYAMLError, end: int) -> Mark:
    """Where it went wrong; for what was never closed, where that began."""
    at = error.problem_mark
    if at is None or (at.index >= end and error.context_mark):
        at = error.context_mark
    return Mark(at.line + 1, at.column + 1) if at else START


def plain(text: str) -> Any:
    """What a word without quotes means."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


@dataclass
class _Open:
    """A list or mapping that is being read. `cost`: what stood in the budget when it began."""

    value: Any
    path: Path
    anchor: str | None
    cost: int
    key: str | None = None


@dataclass
class _Builder:
    """`_cost` counts characters and nodes as if every alias were written out.

    `_again` is how deep a key stands that was there before: what belongs to it has no places.
    """

    document: Document = field(default_factory=Document)
    _open: list[_Open] = field(default_factory=list)
    _anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    _cost: int = 0
    _documents: int = 0
    _again: int | None = None

    def take(self, event: Any) -> None:
        mark = Mark(event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise SyntaxProblem(mark, "a second document", "a file holds one config only")
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()
        elif isinstance(event, yaml.NodeEvent):
            self._node(event, mark)

    def _node(self, event: Any, mark: Mark) -> None:
        if getattr(event, "tag", None):
            raise SyntaxProblem(mark, f"the tag {event.tag} is not taken", "remove it; quote what must stay text")
        if self._open and isinstance(self._open[-1].value, dict) and self._open[-1].key is None:
            self._key(event, mark)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(str(event.anchor), mark)
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, mark)
        else:
            value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            path, before = self._path(), self._cost
            self._add(value, mark, cost=1)
            self._open.append(_Open(value, path, event.anchor, before))
            check_depth(len(self._open), mark)

    def _key(self, event: Any, mark: Mark) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            raise SyntaxProblem(mark, "a key must be a word", "write the key out, without ?, * or brackets")
        if event.value == "<<" and event.implicit[0]:
            raise SyntaxProblem(mark, "merge keys (<<) are not taken", "write the fields out")
        holder = self._open[-1]
        holder.key = event.value
        self._over()
        if self._again is None and self.document.refuses_again((*holder.path, event.value), mark):
            self._again = len(self._open)
        self._spend(len(event.value), mark)

    def _scalar(self, event: Any, mark: Mark) -> None:
        value = plain(event.value) if event.implicit[0] else event.value
        if not isinstance(value, str) and self._again is None:
            self.document.written[self._path()] = event.value
        if event.anchor:
            self._anchors[event.anchor] = (value, len(event.value) + 1)
        self._add(value, mark, cost=len(event.value) + 1)

    def _alias(self, name: str, mark: Mark) -> None:
        if name not in self._anchors:
            raise SyntaxProblem(mark, f"*{name} stands for nothing yet", f"put &{name} before it, or write it out")
        value, cost = self._anchors[name]
        self._add(value, mark, cost=cost)

    def _add(self, value: Any, mark: Mark, *, cost: int) -> None:
        self._spend(cost, mark)
        if self._again is None:
            self.document.values[self._path()] = mark
        if not self._open:
            self.document.value = value
        elif isinstance(self._open[-1].value, dict):
            holder = self._open[-1]
            holder.value.setdefault(holder.key, value)
            holder.key = None
        else:
            self._open[-1].value.append(value)

    def _over(self) -> None:
        """The next key, or the end, of a mapping: what was there twice is behind us."""
        if self._again == len(self._open):
            self._again = None

    def _close(self) -> None:
        self._over()
        ended = self._open.pop()
        if ended.anchor:
            self._anchors[ended.anchor] = (ended.value, self._cost - ended.cost)

    def _path(self) -> Path:
        """Of the value that comes next."""
        if not self._open:
            return ()
        holder = self._open[-1]
        return (*holder.path, len(holder.value) if holder.key is None else holder.key)

    def _spend(self, cost: int, mark: Mark) -> None:
        self._cost += cost
        if self._cost > MAX_BODY_BYTES:
            raise SyntaxProblem(
                mark, "too large once its aliases are written out", f"at most {MAX_BODY_BYTES} characters"
            )
