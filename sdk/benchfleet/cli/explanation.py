"""An explanation as people read it."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchfleet_contract.states import RunStatus
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from benchfleet.documents.printable import printable
from benchfleet.explaining.document import Explanation, Finding, LogTail

_MARKS = {"problem": ("✗", "bold red"), "waiting": ("…", "yellow"), "fine": ("✓", "green")}
_SAMPLED = "The run is large: of each state only the first 1,000 tasks were looked at."


@dataclass(frozen=True)
class _Line:
    """`whole`: to be copied or read as it is, so a terminal may not break it at a word of ours."""

    text: Text
    indent: int = 0
    whole: bool = False


def print_explanation(explanation: Explanation, *, console: Console | None = None) -> None:
    """The headline, then each finding with its details, its remedy and its log. Whatever tasks say stays text."""
    console = console or Console()
    for line in _lines(explanation):
        if line.whole or not console.is_terminal:
            console.print(Text(" " * line.indent) + line.text, soft_wrap=True, highlight=False)
        else:
            console.print(Padding(line.text, (0, 0, 0, line.indent), expand=False), highlight=False)


def _lines(explanation: Explanation) -> Iterator[_Line]:
    well = "bold yellow" if explanation.status == RunStatus.CANCELLED else "bold green"
    style = well if explanation.fine else "bold red"
    about = "" if explanation.task_id else f"{explanation.run_id} ({explanation.status}): "
    yield _Line(Text.assemble(about, (_said(explanation.headline), style)))
    for finding in explanation.findings:
        if told := list(_finding(finding, is_headline=finding.words == explanation.headline)):
            yield from (_Line(Text()), *told)
    if explanation.sampled:
        yield _Line(Text(f"\n{_SAMPLED}", "dim"))


def _finding(finding: Finding, *, is_headline: bool) -> Iterator[_Line]:
    mark, style = _MARKS[finding.weight]
    if not is_headline:
        yield _Line(Text.assemble((mark, style), " ", _said(finding.words)))
    for detail in finding.details:
        yield _Line(Text(_said(detail, indent=4)), indent=4)
    if finding.remedy:
        yield _Line(Text.assemble(("next: ", "bold"), _said(finding.remedy)), indent=4)
    if finding.command:
        yield _Line(Text(_said(finding.command), "cyan"), indent=6, whole=True)
    if finding.log:
        yield from _log(finding.log)


def _log(log: LogTail) -> Iterator[_Line]:
    part = ", as far as it could be read" if log.cut else ""
    yield _Line(Text(f"the end of {_said(log.file)} of {log.task_id}{part}:", "bold"), indent=4)
    for line in log.lines:
        yield _Line(Text(f"| {_said(line)}", "dim"), indent=6, whole=True)


def _said(text: str, *, indent: int = 0) -> str:
    """A message of several lines keeps them, below each other."""
    return printable(text).replace("\n", "\n" + " " * indent)
