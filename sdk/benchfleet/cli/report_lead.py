"""The answers of a report in the terminal."""

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.text import Text

from benchfleet.cli.unparted_text import held, released
from benchfleet.report.lead import against_baseline, blocks, heading, notes
from benchfleet.report.model.report import Report
from benchfleet.report.printing import for_print

_OPEN = ("unknown", "not_asked")  # no answers: as on the page, they are not green
_LINES = 100  # columns: longer lines are hard to read


class Lead:
    """Each answer in bold, below it how sure that is, and how far the data can be believed."""

    def __init__(self, report: Report) -> None:
        self._report = for_print(report)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        narrow = options.update(width=min(options.max_width, _LINES))
        yield from released(console.render(Group(*self._parts()), narrow))

    def _parts(self) -> Iterator[RenderableType]:
        if asked := against_baseline(self._report):
            yield held(Text(asked, style="bold"))
        for block in blocks(self._report):
            for answer in block.answers:
                style = "bold" if answer.verdict in _OPEN else "bold green"
                yield held(Text.assemble((f"{heading(answer, block)}: ", "bold"), (answer.short, style)))
                if answer.detail:
                    yield Padding(held(Text(answer.detail)), (0, 0, 0, 2))
        if self._report.quality.headline:
            yield held(Text(self._report.quality.headline, style="yellow" if self._report.quality.poor else ""))
        yield from (held(Text(note, style="dim")) for note in notes(self._report))
