"""A comparison with a baseline as a comment on a pull request: the verdict first, what changed, the rest to unfold."""

from collections.abc import Iterator, Sequence
from functools import partial

from benchfleet.report import words
from benchfleet.report.gate import gated, least_compared
from benchfleet.report.history import markdown as history_markdown
from benchfleet.report.markdown import as_markdown, escape, table
from benchfleet.report.model.comparison import Compared, Gate, RunComparison
from benchfleet.report.model.report import Report
from benchfleet.report.printing import for_print

MARKER = "<!-- benchfleet report -->"  # stable: a bot finds its last comment by it
MOST_BYTES = 65_000  # GitHub takes comments of 65,536 characters; bytes are never fewer than those
_MOST_ROWS = 40
_MOST_LISTED = 20


def as_comment(report: Report, *, everything: bool = False, distributions: bool = False) -> str:
    """Markdown of at most `MOST_BYTES` bytes of UTF-8. Without a baseline it is the report (or its history) as it is, cut in
    the same way.
    """
    if report.history:
        return _fitting("", history_markdown.as_markdown(report))
    whole = partial(as_markdown, everything=everything, distributions=distributions)
    if report.comparison is None:
        return _fitting("", whole(report))
    if report.comparison.gate is None:
        report = gated(report, least=least_compared("100%"))
    printed = for_print(report)
    found = printed.comparison
    assert found is not None and found.gate is not None  # noqa: PT018
    lines = [MARKER, f"## {_headline(found, found.gate)}"]
    lines += ["", *[f"- {escape(reason)}" for reason in found.gate.reasons]] if found.gate.reasons else []
    lines += [*_changed(found, words.who(printed)), *_not_compared(found), ""]
    return _fitting("\n".join(lines) + "\n", whole(report))


def _headline(found: RunComparison, gate: Gate) -> str:
    against = f"{escape(found.baseline)}, {found.compared} of {found.of_baseline} benchmarks compared"
    if found.regressions:
        count = len(found.regressions)
        return f"❌ Worse than the baseline in {count} comparison{'s' * (count != 1)} (against {against})"
    if not gate.passed:
        return f"❌ The comparison with the baseline does not pass (against {against})"
    better = sum(row.relation.verdict == "better" for row in found.rows)
    return f"✅ Not worse than the baseline{f', better in {better}' if better else ''} (against {against})"


def _changed(found: RunComparison, who: str) -> list[str]:
    """What is beyond noise, regressions first."""
    changed = [row for row in found.rows if row.relation.beyond_noise]
    if not changed:
        return ["", "Nothing changed beyond noise." if found.compared else "Nothing could be compared."]
    head = ("benchmark", who, "variant", "old", "new", "difference", "interval", "threshold", "verdict")
    rows = sorted(changed, key=lambda row: (not row.regression, row.relation.verdict != "worse"))
    more = len(rows) - _MOST_ROWS
    rest = [f"\n… and {more} more that changed beyond noise."] if more > 0 else []
    unchanged = len(found.rows) - len(changed)
    told = f"\n{unchanged} more comparison{'s' * (unchanged != 1)}: within noise, or from too few repeats to tell."
    return [*table(head, _rows(found, rows[:_MOST_ROWS])), *rest, *([told] if unchanged else [])]


def _rows(found: RunComparison, rows: Sequence[Compared]) -> Iterator[Sequence[str]]:
    for row in rows:
        yield (
            escape(row.benchmark) if row.benchmark else f"**geometric mean of {row.benchmarks}**",
            escape(row.label),
            escape(words.row_title(found, row)),
            escape(words.quantity(row.old, row.unit)),
            escape(words.quantity(row.new, row.unit)),
            escape(words.apart(row.relation, row.unit, row.better)),
            escape(words.apart_interval(row.relation, row.unit, row.better)),
            words.share(row.threshold),
            _verdict(row),
        )


def _verdict(row: Compared) -> str:
    said = words.comparative(row.relation.verdict, metric=row.metric, unit=row.unit, better=row.better)
    if row.regression:
        return f"❌ {said}"
    return f"{said}, within the threshold" if row.relation.verdict == "worse" else f"✅ {said}"


def _not_compared(found: RunComparison) -> list[str]:
    unknown = [row for row in found.rows if row.relation.verdict == "unknown" and row.benchmark]
    lines = [f"- failed now and not before: {escape(name)}" for name in found.failed]
    lines += [f"- only in the baseline: {escape(name)}" for name in found.only_in_baseline]
    few = (f"{row.benchmark} ({words.row_title(found, row)}) on {row.label}" for row in unknown)
    lines += [f"- too few repeats: {escape(name)}" for name in few]
    lines += [f"- only in this run: {escape(name)}" for name in found.only_new]
    lines += [f"- ignored by {escape(one.rule)}: {escape(one.what)}" for one in found.ignored]
    more = len(lines) - _MOST_LISTED
    rest = [f"- … and {more} more"] if more > 0 else []
    return ["", "Not compared:", "", *lines[:_MOST_LISTED], *rest] if lines else []


def _fitting(head: str, report: str) -> str:
    """The report below `head`, to unfold, if GitHub takes both; else that it is left out."""
    whole = f"{head}<details><summary>The whole report</summary>\n\n{report}\n</details>\n" if head else report
    if len(whole.encode()) <= MOST_BYTES:
        return whole
    return f"{head}\nThe whole report is too long for a comment: --html, --csv and --json have it.\n"
