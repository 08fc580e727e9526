"""ruby-bench's `output_NNN.json`, also as the reference system keeps it: `{"metadata", "raw_data"}`.

`raw_data` is variant → benchmark → {RUBY_DESCRIPTION, warmup, bench, rss_samples}: iterations in seconds, sizes in bytes.
The reference system calls its variant `=yjit`, and never turned YJIT on: a variant is what its RUBY_DESCRIPTION says.
"""

from collections import Counter
from typing import Any

from benchfleet_results.formats.found import About, Found, a_name
from benchfleet_results.formats.reader import Reader
from benchfleet_results.formats.source import Source
from benchfleet_results.formats.values import an_object, known, numbers

_MARKS = {"yjit": "+YJIT", "zjit": "+ZJIT"}  # compiler → what RUBY_DESCRIPTION has where it is on
_INTERP = "interp"


def _looks_like(source: Source) -> bool:
    return isinstance(source.peeked, dict) and isinstance(source.peeked.get("raw_data"), dict)


def _read(source: Source, found: Found) -> None:
    found.workload = "ruby-bench"
    document = an_object(source.document(), "the file")
    variants = an_object(document.get("raw_data"), "raw_data")
    renamed: Counter[tuple[str, str]] = Counter()
    versions: dict[str, str] = {}
    for said, benches in variants.items():
        place = f"raw_data.{said}"
        with found.item(place, said):
            for name, bench in an_object(benches, place).items():
                where = f"{place}.{name}"
                with found.item(where, name):
                    raw = an_object(bench, where)
                    really = _variant(said, known(raw, "RUBY_DESCRIPTION") or "", taken=variants)
                    _bench(a_name(name, where), a_name(really, place), raw, where, found)
                    renamed[said, really] += really != said.lstrip("=")
                    versions.setdefault(f"ruby-{really}", known(raw, "RUBY_DESCRIPTION") or "")
    found.notes += [_note(said, really) for (said, really), count in renamed.items() if count]
    found.about = About(versions={name: text for name, text in versions.items() if text})


def _variant(said: str, description: str, *, taken: dict[str, Any]) -> str:
    """What was measured. A name that is no compiler's is the user's own and stays."""
    name = said.lstrip("=")
    if name not in _MARKS or not description:
        return name or said
    on = next((compiler for compiler, mark in _MARKS.items() if mark in description), _INTERP)
    if on == name:
        return name
    return on if on not in taken else f"{name} (really {on})"


def _note(said: str, really: str) -> str:
    mark = _MARKS[said.lstrip("=")]
    what = "without" if really == _INTERP or really.endswith(f"(really {_INTERP})") else "not with"
    return (
        f"variant {said} was measured {what} {mark.removeprefix('+')}: its RUBY_DESCRIPTION lacks {mark}, so that it is "
        f"called {really}"
    )


def _bench(name: str, variant: str, raw: dict[str, Any], where: str, found: Found) -> None:
    samples = numbers(raw.get("bench"), f"{where}.bench")
    warmup = numbers(raw.get("warmup", []), f"{where}.warmup")
    rss = numbers(raw.get("rss_samples", []), f"{where}.rss_samples")
    found.add(name, samples, variant=variant, warmup=warmup, shortest_raw_s=min(samples, default=None))
    if rss:
        found.add(name, rss, variant=variant, metric="rss", unit="bytes")


READER = Reader("ruby-bench", _looks_like, _read)
