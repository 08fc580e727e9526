"""The report's page in a real browser: nothing is asked of the network, no serious finding of axe, filters, sorting."""

from pathlib import Path

import pytest
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.page import render
from benchfleet.report.prices import load
from benchfleet.report.reading import read_runs

from tests.browser.axe import grave_findings
from tests.browser.visit import Visits
from tests.report_runs import realistic
from tests.variants import one_now

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.system, pytest.mark.needs_browser]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every kind of thing on the page, with two benchmarks: axe takes as long as there are things."""
    folder = tmp_path_factory.mktemp("results")
    runs = [realistic(folder, "new"), realistic(folder, "old", seed=3, slower={"fib": 0.8})]
    prices = load(ROOT / "configs" / "prices-example.toml")
    path = folder / "report.html"
    options = Options(baseline="old", prices=prices, benchmarks=("fib", "nbody"))
    path.write_text(render(analyse(read_runs(runs), options)))
    return path


@pytest.mark.parametrize("scheme", one_now("light", "dark"))
def test_axe_has_no_serious_finding_and_nothing_is_asked_for(visits: Visits, file: Path, scheme: str) -> None:
    """The policy's violations are complaints too: `visits` looks for them."""
    visit = visits(file.as_uri(), color_scheme=scheme)
    assert grave_findings(visit.page) == []
    assert visit.requests == [file.as_uri()]


def test_filters_hide_rows_and_benchmarks(visits: Visits, file: Path) -> None:
    page = visits(file.as_uri()).page
    rows = page.locator("#board-1 table").first.locator("tbody tr:visible")
    assert rows.count() == 6
    page.get_by_role("checkbox", name="azure").uncheck()
    assert rows.count() == 4
    page.get_by_role("searchbox", name="Machine").fill("C8G")
    assert rows.count() == 1
    assert "1 of 6 machines" in page.get_by_role("status").inner_text()
    page.get_by_role("searchbox", name="Benchmark").fill("nbody")
    assert page.locator("#board-1 .card:visible").count() == 1
    assert page.locator("#board-1 svg .dim").count() > 0
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function("document.querySelector('.found').textContent === ''")
    assert (rows.count(), page.locator("#board-1 .card:visible").count()) == (6, 2)


@pytest.mark.proof
def test_tables_sort_by_keyboard(visits: Visits, file: Path) -> None:
    page = visits(file.as_uri()).page
    table = page.locator("#board-1 table").first
    head = table.get_by_role("columnheader", name="geometric mean")
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert table.locator("tbody th").first.inner_text() == "hetzner cax21"


@pytest.mark.proof
def test_without_a_script_everything_is_there_and_no_dead_control(visits: Visits, file: Path) -> None:
    page = visits(file.as_uri(), java_script_enabled=False).page
    assert page.locator(".card:visible").count() == 4
    assert page.locator(".filters:visible").count() == 0


@pytest.mark.proof
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_cut_off(visits: Visits, file: Path, width: int) -> None:
    """Neither the page, nor a table or a chart inside it, is wider than its place."""
    page = visits(file.as_uri(), viewport={"width": width, "height": 844}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wider = "es => es.filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1).map(e => e.ariaLabel)"
    assert page.locator(".answers, .scroll, .chart").evaluate_all(wider) == []
    answers = page.locator(".answers").bounding_box()
    assert answers is not None
    assert answers["y"] < 200


@pytest.mark.proof
def test_print_is_dark_on_white_and_without_controls(visits: Visits, file: Path) -> None:
    page = visits(file.as_uri(), color_scheme="dark").page
    page.emulate_media(media="print", color_scheme="dark")
    colours = "e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
    for place in ("body", ".warnings"):
        assert page.locator(place).evaluate(colours) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    assert page.locator(".filters:visible").count() == 0


@pytest.mark.proof
def test_print_cuts_no_table_off(visits: Visits, file: Path) -> None:
    """A page of A4 between Chromium's margins."""
    page = visits(file.as_uri(), viewport={"width": 718, "height": 1000}).page
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 718
