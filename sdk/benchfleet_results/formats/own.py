"""benchfleet: an `output.json` of our own (docs/workloads.md)."""

from benchfleet_contract.output_reading import OutputError, read_output

from benchfleet_results.formats.found import Found
from benchfleet_results.formats.reader import Reader
from benchfleet_results.formats.source import FormatError, Source


def _looks_like(source: Source) -> bool:
    return isinstance(source.peeked, dict) and isinstance(source.peeked.get("measurements"), list)


def _read(source: Source, found: Found) -> None:
    source.document()  # for its bounds
    try:
        output = read_output(source.raw)
    except OutputError as error:
        raise FormatError(str(error)) from error
    found.workload = output.workload
    found.failures += output.failures
    for one in output.measurements:
        found.add(
            one.benchmark,
            one.samples,
            variant=one.variant,
            metric=one.metric,
            unit=one.unit,
            better=one.better,
            warmup=one.warmup,
            shortest_raw_s=one.shortest_raw_s,
        )


READER = Reader("benchfleet", _looks_like, _read)
