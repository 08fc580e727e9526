"""hyperfine --export-json: `times` in seconds, one for each run. Its warm-up runs are not in the file."""

from collections import Counter
from typing import Any

from benchfleet_results.formats.found import Found, a_name
from benchfleet_results.formats.reader import Reader
from benchfleet_results.formats.source import Source
from benchfleet_results.formats.values import a_list, a_number, an_object, numbers


def _looks_like(source: Source) -> bool:
    results = source.peeked.get("results") if isinstance(source.peeked, dict) else None
    return isinstance(results, list) and any(isinstance(each, dict) and "command" in each for each in results)


def _read(source: Source, found: Found) -> None:
    results = a_list(an_object(source.document(), "the file").get("results"), "results")
    commands = Counter(str(each.get("command")) for each in results if isinstance(each, dict))
    for index, each in enumerate(results):
        where = f"results[{index}]"
        with found.item(where, each.get("command") if isinstance(each, dict) else None):
            result = an_object(each, where)
            twice = commands[str(result.get("command"))] > 1
            _result(result, where, found, twice=twice)


def _result(result: dict[str, Any], where: str, found: Found, *, twice: bool) -> None:
    """Without `times` (an old version) its mean is the one sample. A run that failed is no sample."""
    name = a_name(_named(result, with_parameters=twice), f"{where}.command")
    if result.get("times") is None:
        found.add(name, [a_number(result.get("mean"), f"{where}.mean")])
        return
    _times(name, numbers(result["times"], f"{where}.times"), result.get("exit_codes"), found)


def _times(name: str, times: list[float], codes: Any, found: Found) -> None:
    """hyperfine subtracts the start of its shell, and writes 0 for what is left of less: a mean without those would lie."""
    codes = codes if isinstance(codes, list) and len(codes) == len(times) else [0] * len(times)
    good = [time for time, code in zip(times, codes, strict=True) if code == 0]
    failed = [code for code in codes if code != 0]
    if failed:
        found.fail(name, f"{len(failed)} of {len(times)} runs failed, the first with exit code {failed[0]}")
    if zero := sum(time == 0 for time in good):
        found.fail(name, f"{zero} of {len(times)} runs took 0 s beside the start of the shell: hyperfine -N has none")
    elif good:
        found.add(name, good, shortest_raw_s=min(good))


def _named(result: dict[str, Any], *, with_parameters: bool) -> Any:
    """hyperfine puts parameters into the command, unless that has a name of its own."""
    command, parameters = result.get("command"), result.get("parameters")
    if not (with_parameters and isinstance(parameters, dict) and isinstance(command, str)):
        return command
    return f"{command} [{', '.join(f'{name}={value}' for name, value in parameters.items())}]"


READER = Reader("hyperfine", _looks_like, _read)
