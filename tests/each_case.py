"""Many cases of one check, in one test.

Whatever a test of pytest checks, it costs some milliseconds: a worker collects and runs it, and the controller hears of it.
Where a check takes microseconds, its cases are one test, not hundreds. All of them are tried, and each that fails is told
with its values.

    @each_case(("text", "number"), [("1", 1), ("2", 2)])
    def test_numbers(text: str, number: int) -> None: ...

Cases share the test's fixtures, so these must be things that a case does not change. Only `tmp_path` and `monkeypatch` does
each have of its own. What takes turns, starts a process or may be skipped stays with `pytest.mark.parametrize`, which takes
the same cases.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest

FAILURES = (Exception, pytest.fail.Exception)
ENDINGS = (pytest.skip.Exception, pytest.xfail.Exception)  # of a whole test: other cases' failures would go with it
Test = Callable[..., None]
Arguments = dict[str, Any]
LONGEST = 500  # characters of a case's values


def each_case(names: str | Sequence[str], cases: Iterable[Any]) -> Callable[[Test], Test]:
    """A case is a tuple of values, one for each name, or one value for one name; or `pytest.param` of them."""
    several = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    arguments = [dict(zip(several, values_of(case, len(several)), strict=True)) for case in cases]
    assert arguments, "a check without cases would hold, whatever it checks"

    def of_one(test: Test) -> Test:
        @wraps(test)
        def of_all(**fixtures: Any) -> None:
            __tracebackhide__ = True
            tell([*failures(test, arguments, fixtures)], of=len(arguments))

        of_all.__signature__ = without(several, test)  # type: ignore[attr-defined]
        return of_all

    return of_one


def values_of(case: Any, count: int) -> Sequence[Any]:
    if isinstance(case, type(pytest.param())):
        assert not case.marks, "a case with a mark is a test of its own"
        return case.values
    return case if count > 1 else (case,)


def without(names: Sequence[str], test: Test) -> inspect.Signature:
    """What is left are fixtures, and cases of a decorator above this one."""
    signature = inspect.signature(test)
    return signature.replace(parameters=[each for name, each in signature.parameters.items() if name not in names])


def failures(test: Test, cases: Sequence[Arguments], fixtures: Arguments) -> Iterator[BaseException]:
    for number, case in enumerate(cases):
        try:
            with own(fixtures, number) as shared:
                ran(test, shared | case)
        except FAILURES as failure:
            failure.add_note(f"case: {described(case)}")
            yield failure


def ran(test: Callable[..., object], arguments: Arguments) -> None:
    """Raises what fails, and where nothing was tried."""
    try:
        left = test(**arguments)
    except ENDINGS as ending:
        raise AssertionError("a case that is skipped or may fail is a test of its own") from ending
    assert left is None, "a check asserts; what it returns or yields is not looked at"


@contextmanager
def own(fixtures: Arguments, number: int) -> Iterator[Arguments]:
    more: Arguments = {}
    if "tmp_path" in fixtures:
        more["tmp_path"] = fixtures["tmp_path"] / str(number)
        more["tmp_path"].mkdir()
    if "monkeypatch" not in fixtures:
        yield fixtures | more
        return
    with pytest.MonkeyPatch.context() as patch:
        yield fixtures | more | {"monkeypatch": patch}


def described(case: Arguments) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in case.items())[:LONGEST]


def tell(failed: Sequence[BaseException], *, of: int) -> None:
    """One failure is told as pytest tells any."""
    if len(failed) == 1:
        raise failed[0]
    if failed:
        raise BaseExceptionGroup(f"{len(failed)} of {of} cases", failed)
