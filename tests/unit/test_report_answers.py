"""The lead: which is fastest, which is best for its price, and how sure is that?"""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchfleet.cli.report_tables import tables
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.answer_words import short
from benchfleet.report.answers import sentence
from benchfleet.report.markdown import as_markdown
from benchfleet.report.model.answer import Answer
from benchfleet.report.model.report import Report
from benchfleet.report.order import Order, Place
from benchfleet.report.prices import Price, PriceTable
from benchfleet.report.reading import read_runs
from benchfleet_results.boards.model import Needed, Relation
from rich.console import Console, RenderableType

from tests.each_case import each_case
from tests.report_runs import TaskFolder, measurement, of_values, write_run
from tests.unit.page_texts import page_texts

NEAR, FAR = (1.0, 1.03, 0.98), (1.01, 1.04, 0.99)


def report(folder: Path, tasks: Sequence[TaskFolder], *prices: Price) -> Report:
    return analyse(read_runs([write_run(folder, "r", tasks)]), Options(prices=PriceTable(prices)))


def drawn(what: RenderableType) -> str:
    file = io.StringIO()
    Console(file=file, width=120, color_system=None).print(what)
    return file.getvalue()


def machine(name: str, *seconds: float) -> list[TaskFolder]:
    return [of_values(name, {"x": [t, t], "y": [2 * t, 2 * t]}) for t in seconds]


def price(name: str, cost: float, kind: str = "on-demand") -> Price:
    return Price("aws", name, cost, "list", "2026-11-01", kind)  # type: ignore[arg-type]


def test_the_fastest_is_named_where_it_is_beyond_noise(tmp_path: Path) -> None:
    (fastest, asked) = report(tmp_path, [*machine("a", *NEAR), *machine("b", 1.5, 1.52, 1.51)]).answers
    assert (fastest.question, fastest.verdict, fastest.leaders, fastest.second) == (
        "fastest", "told_apart", ["aws a"], "aws b",
    )  # fmt: skip
    told = sentence(fastest)
    assert told.startswith("Fastest: aws a. Geometric mean over 2 benchmarks: 1.4")
    assert "aws b is 50." in told
    assert "% slower (" in told
    assert told.endswith(", beyond noise.")
    assert (asked.verdict, asked.board) == ("not_asked", None)
    assert "--prices FILE" in asked.detail


def test_two_that_are_within_noise_lead_together(tmp_path: Path) -> None:
    tasks = [*machine("a", *NEAR), *machine("b", *FAR), *machine("c", 3.0, 3.01, 3.02)]
    found = report(tmp_path, tasks).answers[0]
    assert (found.verdict, found.leaders, found.second) == ("not_told_apart", ["aws a", "aws b"], "aws b")
    assert found.short == "not told apart: aws a and aws b"
    assert "within noise." in found.detail
    assert "The other one is slower, beyond noise." in found.detail
    assert "Geometric mean of aws a over" in found.detail


def test_with_one_task_nobody_is_sure(tmp_path: Path) -> None:
    found = report(tmp_path, [*machine("a", 1.0), *machine("b", 9.0)]).answers[0]
    assert found.verdict == "unknown"
    assert found.short == "not known, from too few repeats (aws a is ahead)"
    assert found.detail.startswith("Geometric mean of aws a over 2 benchmarks: ")
    assert "aws b is slower by a factor of 9.00, but with one task" in found.detail
    assert found.detail.endswith("at least two tasks of each, better five.")


def test_what_was_never_tested_is_in_no_form_not_told_apart(tmp_path: Path) -> None:
    """One task of each: the first row said "not told apart", as if somebody had looked."""
    found = report(tmp_path, [*machine("a", 1.0), *machine("b", 9.0), *machine("c", 9.5)])
    verdicts = [row.to_best.verdict for row in found.boards[0].ranking]
    verdicts += [cell.to_best.verdict for one in found.boards[0].benchmarks for cell in one.cells]
    assert verdicts == ["ahead", "unknown", "unknown"] * 3
    for text in (as_markdown(found), page_texts(found), "\n".join(map(drawn, tables(found)))):
        assert text.count("too few repeats") >= 10
        assert "not told apart" not in text
        assert "within noise" not in text.split("Method")[0]


def test_a_first_that_one_is_told_from_and_another_was_not_tested_with_is_ahead(tmp_path: Path) -> None:
    (board,) = report(tmp_path, [*machine("a", *NEAR), *machine("b", 3.0), *machine("c", 9.0, 9.1, 9.2)]).boards
    assert [row.to_best.verdict for row in board.ranking] == ["ahead", "unknown", "worse"]


def test_what_to_do_about_too_few_repeats_is_said_once(tmp_path: Path) -> None:
    rss = {"metric": "rss", "unit": "bytes"}
    tasks = [
        TaskFolder(
            name, [measurement("x", [t]), measurement("x", [t], variant="yjit"), measurement("x", [1e6 * t], **rss)]
        )
        for name, t in (("a", 1.0), ("b", 2.0))
    ]
    answers = report(tmp_path, tasks).answers
    assert [one.verdict for one in answers] == ["unknown", "unknown", "unknown", "not_asked"]
    assert ["better five" in one.detail for one in answers] == [True, False, False, False]


def test_prices_that_fit_no_machine_are_told_once_with_what_an_entry_needs(tmp_path: Path) -> None:
    found = report(tmp_path, [*machine("m1", *NEAR), *machine("m2", *FAR)], price("m9", 1.0))
    assert [one.detail for one in found.answers if one.short == "no price fits"] == [
        'The price table names none of these machines: an entry for aws m1 needs provider = "aws" and instance_type = '
        '"m1".'
    ]
    assert not [words for words in found.warnings if "price" in words]


def test_a_machine_of_two_subjects_without_a_price_is_named_once(tmp_path: Path) -> None:
    tasks = [TaskFolder("m1", [measurement("x", [t])], subject=name) for name in ("s", "t") for t in NEAR]
    told = "The price table has no price for aws m1 (provider, instance type): there is no speed per dollar."
    assert told in report(tmp_path, tasks, price("m9", 1.0)).warnings


def test_variants_of_several_machines_share_the_machine_with_those_they_are_compared_with(tmp_path: Path) -> None:
    tasks = [
        TaskFolder(name, [measurement("x", [t]), measurement("x", [2 * t], variant="yjit")])
        for name in "ab"
        for t in NEAR
    ]
    found = analyse(read_runs([write_run(tmp_path, "r", tasks)]), Options(by=("variant",))).answers[-1]
    assert found.detail == "Those compared were measured on the same machine, at the same price an hour."


def test_one_machine_is_the_only_one(tmp_path: Path) -> None:
    (found,) = report(tmp_path, machine("a", *NEAR)).answers
    assert (found.verdict, found.short, found.second) == ("only_one", "aws a, the only machine", None)
    assert "(95 % interval: " in found.detail


def test_what_is_no_speed_is_only_best(tmp_path: Path) -> None:
    rss = {"metric": "rss", "unit": "bytes"}
    tasks = [TaskFolder(name, [measurement("x", [float(size)], **rss)]) for name, size in (("a", 1024), ("b", 2048))]
    (found,) = report(tmp_path, tasks).answers
    assert found.question == "best"


def test_the_best_for_its_price_need_not_be_the_fastest(tmp_path: Path) -> None:
    tasks = [*machine("a", *NEAR), *machine("b", 1.5, 1.52, 1.51)]
    found = report(tmp_path, tasks, price("a", 3.0), price("b", 1.0), price("a", 0.1, "spot"))
    fastest, best, spot = found.answers
    assert (fastest.leaders, best.leaders, spot.leaders) == (["aws a"], ["aws b"], ["aws a"])
    assert (best.verdict, best.kind, spot.kind) == ("told_apart", "on-demand", "spot")
    assert "The same work costs 99.3 %" in best.detail
    assert " more on aws a (" in best.detail
    assert "a million runs of the mean benchmark" in best.detail
    assert sentence(spot).startswith("Best for its price (spot): aws a, the only machine with such a price")
    assert found.money is not None
    assert found.money.startswith("Prices in US dollars, of 2026-11-01; how many tasks an instance had at a time")
    assert found.money.endswith("The tasks of this report took 6 machine hours: $12.00 on-demand, $0.30 spot.")


def test_a_machine_without_a_price_is_named(tmp_path: Path) -> None:
    tasks = [*machine("a", *NEAR), *machine("b", 1.5, 1.52, 1.51), *machine("c", 0.1, 0.11, 0.1)]
    _, best = report(tmp_path, tasks, price("a", 3.0), price("b", 1.0)).answers
    assert best.leaders == ["aws b"]
    assert best.detail.endswith("No price was given for aws c.")


def test_prices_that_fit_nothing_are_told(tmp_path: Path) -> None:
    *_, found = report(tmp_path, [*machine("a", 1.0), *machine("b", 2.0)], price("z", 1.0)).answers
    assert (found.verdict, found.short) == ("not_asked", "no price fits")
    assert 'provider = "aws"' in found.detail


def test_of_subjects_on_one_machine_the_fastest_is_best_for_its_price(tmp_path: Path) -> None:
    tasks = [of_values("a", {"x": [t]}, subject=name) for name, t in (("new", 1.0), ("old", 2.0))]
    for prices in ((), (price("a", 1.0),)):
        _, best = report(tmp_path / str(len(prices)), tasks, *prices).answers
        assert (best.question, best.verdict, best.short) == ("best_for_price", "one_price", "the fastest")
        assert sentence(best).endswith("on the same machine, at the same price an hour.")


def test_what_is_no_speed_has_no_price(tmp_path: Path) -> None:
    rss = {"metric": "rss", "unit": "bytes"}
    tasks = [
        TaskFolder("a", [measurement("x", [float(size)], **rss)], subject=name)
        for name, size in (("new", 1), ("old", 2))
    ]
    assert [one.question for one in report(tmp_path, tasks).answers] == ["best"]


def place(label: str, verdict: Any, needed: int | None = None) -> Place:
    count = Needed(level="tasks", count=needed) if needed else None
    return Place(label, Relation(ratio=1.1, verdict=verdict), count, 3)


def test_the_leader_that_needs_most_tells_how_many() -> None:
    order = Order([place("a", "first"), place("b", "worse"), place("c", "unclear", 12), place("d", "unclear", 30)])
    assert [row.label for row in order.leaders] == ["a", "c", "d"]
    assert order.second is not None
    assert order.second.label == "c"
    assert order.needed == Needed(level="tasks", count=30)


def test_whom_others_are_told_from_does_not_lead() -> None:
    """The first is so noisy that it is told from nobody; the second is better than the third beyond noise."""
    third = replace(place("c", "unclear"), place=2)
    order = Order([place("a", "first"), place("b", "unclear"), third])
    assert ([row.label for row in order.leaders], order.verdict) == (["a", "b"], "not_told_apart")


def test_nobody_leads_alone_and_is_not_told_apart() -> None:
    order = Order([place("a", "first"), place("b", "worse"), replace(place("c", "unclear"), place=2)])
    assert ([row.label for row in order.leaders], order.verdict) == (["a"], "told_apart")


@each_case(
    ("verdicts", "expected"),
    [
        (["best"], "only_one"), (["best", "worse"], "told_apart"), (["first", "worse", "unclear"], "not_told_apart"),
        (["first", "unknown", "worse"], "unknown"), (["first", "unknown", "unclear"], "not_told_apart"),
    ],
)  # fmt: skip
def test_verdicts_of_an_order(verdicts: list[str], expected: str) -> None:
    assert Order([place("x", one) for one in verdicts]).verdict == expected


def test_many_leaders_are_counted() -> None:
    order = Order([place(name, "first" if name == "a" else "unclear") for name in "abcdef"])
    assert short(order, ["machine"]) == "not told apart: a, b, c, d and 2 more"


def test_names_in_sentences_are_fit_to_print(tmp_path: Path) -> None:
    tasks = [*machine("a\x1b[31m", *NEAR), *machine("b" * 300, 9.0, 9.1, 9.2)]
    found: Answer = report(tmp_path, tasks).answers[0]
    assert "\x1b" not in found.short + found.detail
    assert len(found.detail) < 500
