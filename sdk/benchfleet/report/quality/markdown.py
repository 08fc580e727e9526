"""The quality of the data in Markdown: the headline in full view, the grades folded away."""

from collections.abc import Callable, Iterator

from benchfleet.report.model.quality import Quality
from benchfleet.report.quality.words import told

_MOST = 40  # series that are not good


def headline(quality: Quality, escape: Callable[[str], str]) -> list[str]:
    return [f"\n**{escape(quality.headline)}**"] if quality.headline else []


def grades(quality: Quality, who: str, escape: Callable[[str], str]) -> list[str]:
    doubtful = [one for one in quality.series if one.grade != "good"]
    if not doubtful:
        return []
    more = len(doubtful) - _MOST
    return [
        "",
        f"<details><summary>Quality of the data: {len(doubtful)} of {len(quality.series)} series are not good</summary>",
        "",
        f"| grade | benchmark | variant | metric | {who} | findings |",
        "| --- | --- | --- | --- | --- | --- |",
        *_rows(quality, escape),
        *([f"\n… and {more} more."] if more > 0 else []),
        "",
        "</details>",
    ]


def _rows(quality: Quality, escape: Callable[[str], str]) -> Iterator[str]:
    for one in [one for one in quality.series if one.grade != "good"][:_MOST]:
        words = "; ".join(told(one, found) for found in one.findings)
        yield f"| {' | '.join((one.grade, *map(escape, (one.benchmark, one.variant, one.metric, one.label, words))))} |"
