"""A fleet in a real browser: repositories by models while it runs, and its tests with prompt and answer afterwards."""

import csv
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.axe import grave_findings
from tests.browser.fleet_world import BAD, answered, begun, ended, refused
from tests.browser.visit import Visits
from tests.integration.api_client import Api
from tests.integration.test_api_fleets import Attempt

pytestmark = [pytest.mark.system, pytest.mark.needs_browser]


@pytest.fixture(scope="module")
def run_id(api: Api) -> str:
    return ended(api)


def cell(page: Page, repository: str, model: str) -> Locator:
    return page.locator("#fleet-body tr", has_text=repository).locator(f'td[data-name="{model}"] .shard')


def opened(page: Page) -> Locator:
    """The tests of `openai:m` on `repo-1`."""
    cell(page, "repo-1", "openai:m").click()
    rows = page.locator("#tests-body > tr:not(.more)")
    expect(rows).to_have_count(3)
    return rows


def saved(page: Page, button: str, folder: Path) -> list[dict[str, str]]:
    with page.expect_download() as download:
        page.click(button)
    download.value.save_as(folder / "saved.csv")
    return list(csv.DictReader((folder / "saved.csv").read_text().splitlines()))


def test_a_fleet_that_runs_shows_how_far_each_model_is_and_no_cost_that_is_not_known(api: Api, visits: Visits) -> None:
    running = begun(api, max_cost=2)
    visit = visits(f"{api.ready.api_url}/?run_id={running}")
    page = visit.page
    first = cell(page, "repo-1", "openai:m")
    expect(first).to_contain_text("waiting")
    mine = Attempt(api, running)
    mine.keep(answered("one", "right", cost_usd=0.25), success=1, cost_usd=0.25, ttft_ms=120.0)
    expect(first).to_contain_text("1 of 3")  # by itself: nobody nudges it
    for words in ("100 %", "TTFT 120 ms", "$0.2500"):
        expect(first).to_contain_text(words)
    mine.keep(
        answered("two", "right"), refused("three"), success=2, failure=1, cost_usd=0.25, unpriced=1, ttft_ms=120.0
    )
    other = Attempt(api, running)
    other.keep(answered("one", "right"), success=1, unpriced=1)
    visit.nudge()
    expect(first).to_contain_text("1 failed")
    expect(first).to_contain_text("67 %")
    expect(first).to_contain_text("$0.2500 + 1 of unknown price")
    expect(cell(page, "repo-1", "anthropic:n")).to_contain_text("cost unknown")
    expect(page.locator("#fleet-facts")).to_contain_text("running · 4 of 12 tests done · 75 % succeeded")
    expect(page.locator("#fleet-facts")).to_contain_text("cost $0.2500 + 2 of unknown price (at most $2)")
    page.locator("#fleet-warnings summary").click()
    expect(page.locator("#fleet-warnings")).to_contain_text("max_tokens")
    assert "$0.0000" not in page.locator("#fleet").inner_text()
    expect(first).to_be_disabled()
    page.select_option("#fleet-show", "failed")
    expect(page.locator("#fleet-body tr:not(.whole) th")).to_have_text(["repo-1"])


def test_a_cell_leads_to_its_tests_with_prompt_answer_and_error_as_text(
    api: Api, visits: Visits, run_id: str, tmp_path: Path
) -> None:
    page = visits(f"{api.ready.api_url}/?run_id={run_id}").page
    expect(cell(page, "repo-1", "openai:m")).to_contain_text("1 of 3 right")
    rows = opened(page)
    expect(page.locator("#tests-title")).to_have_text("repo-1 on openai:m")
    for words in ("success", "right", "120 ms", "900 ms", "5", "$0.2500"):
        expect(rows.nth(0)).to_contain_text(words)
    expect(rows.nth(1)).to_contain_text("wrong")
    expect(rows.nth(2)).to_contain_text(f"{BAD} slow down")
    page.get_by_role("button", name="one", exact=True).click()
    page.get_by_role("button", name="three", exact=True).click()
    first, _, third = page.locator("#tests-body .more").all()
    expect(first.locator("pre")).to_have_text([f"Say one {BAD}", f"right {BAD}"])
    expect(third).to_contain_text(f"rate_limited: HTTP 429: {BAD} slow down")
    expect(third).to_contain_text("There is no answer.")
    assert (page.locator("#tests img").count(), page.title() == "taken") == (0, False)
    with page.expect_download() as download:
        first.get_by_role("button", name="responses/one.json").click()
    assert '"content"' in Path(download.value.path()).read_text()
    page.get_by_role("button", name="cost", exact=True).click()
    page.get_by_role("button", name="cost", exact=True).click()
    expect(page.locator("#tests-body .opens")).to_have_text(["two", "one", "three"])
    expect(page.get_by_role("columnheader", name="cost")).to_have_attribute("aria-sort", "descending")
    page.select_option("#tests-show", "wrong")
    told = saved(page, "#tests-csv", tmp_path)
    assert [(one["test"], one["cost_usd"]) for one in told] == [("two", "0.5"), ("three", "")]


@pytest.mark.proof
def test_the_grid_is_filtered_sorted_and_saved_and_files_are_fetched(
    api: Api, visits: Visits, run_id: str, tmp_path: Path
) -> None:
    page = visits(f"{api.ready.api_url}/?run_id={run_id}").page
    names = page.locator("#fleet-body tr:not(.whole) th")
    page.select_option("#fleet-order", "cost")
    expect(names).to_have_text(["repo-1", "repo-2"])
    page.fill("#fleet-search", "REPO-2")
    expect(names).to_have_text(["repo-2"])
    told = saved(page, "#fleet-csv", tmp_path)
    assert [(one["model"], one["success_share"], one["cost_usd"]) for one in told] == [
        ("openai:m", "1", ""), ("anthropic:n", "1", ""),
    ]  # fmt: skip
    page.fill("#fleet-search", "nothing like it")
    expect(page.locator("#fleet-none")).to_have_text("No repository fits the filter.")
    with page.expect_download() as download:
        page.get_by_role("button", name="fleet-results.json").click()
    assert '"fleet_summary"' in Path(download.value.path()).read_text()


@pytest.mark.proof
def test_responses_that_were_not_saved_are_told_as_such(api: Api, visits: Visits) -> None:
    page = visits(f"{api.ready.api_url}/?run_id={ended(api, save_responses=False)}").page
    rows = opened(page)
    expect(page.locator("#tests-facts")).to_contain_text(
        "Responses of this run were not saved (save_responses is false)."
    )
    rows.get_by_role("button", name="one", exact=True).click()
    expect(page.locator("#tests-body .more").first).to_contain_text("Not saved: save_responses is false.")


@pytest.mark.proof
def test_the_keyboard_leads_from_a_cell_to_an_answer_and_back(api: Api, visits: Visits, run_id: str) -> None:
    page = visits(f"{api.ready.api_url}/?run_id={run_id}").page
    button = cell(page, "repo-1", "openai:m")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#tests-title")).to_be_focused()
    expect(page.locator("#tests-body .opens")).to_have_count(3)
    page.get_by_role("button", name="two", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#tests-body .more pre").last).to_have_text("no")
    page.keyboard.press("Escape")
    expect(page.locator("#tests")).to_be_hidden()
    expect(button).to_be_focused()


@pytest.mark.proof
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_grid_and_tests(
    api: Api, visits: Visits, run_id: str, scheme: Literal["light", "dark"]
) -> None:
    page = visits(f"{api.ready.api_url}/?run_id={run_id}", color_scheme=scheme, reduced_motion="reduce").page
    expect(cell(page, "repo-2", "openai:m")).to_contain_text("cost unknown")
    assert grave_findings(page) == []
    opened(page).get_by_role("button", name="one", exact=True).click()
    expect(page.locator("#tests-body .more pre")).to_have_count(2)
    assert grave_findings(page) == []


@pytest.mark.proof
def test_fifty_repositories_and_six_models_fit_a_screen_and_a_phone(api: Api, visits: Visits, run_id: str) -> None:
    targets = [f"provider-{number}:a-model-with-a-long-name-{number}" for number in range(6)]

    def many(route: Route) -> None:
        told: dict[str, Any] = route.fetch().json()
        (shard, *_) = told["shards"]
        told["targets"] = targets
        told["shards"] = [
            {**shard, "number": 6 * row + place + 1, "repository_id": f"repo-{row}", "target": target}
            for row in range(50)
            for place, target in enumerate(targets)
        ]
        route.fulfill(json=told)

    visit = visits(f"{api.ready.api_url}/")
    page = visit.page
    page.route(f"**/fleets/runs/{run_id}", many)
    page.goto(f"{api.ready.api_url}/?run_id={run_id}")
    expect(page.locator("#fleet-body button.shard")).to_have_count(300)
    wider = "() => document.querySelector('.fleet .scroll').scrollWidth - document.querySelector('.fleet .scroll').clientWidth"
    assert page.evaluate(wider) <= 0
    page.locator(".fleet .scroll").evaluate("(grid) => { grid.scrollTop = 2000 }")
    expect(page.get_by_role("columnheader", name=targets[0])).to_be_in_viewport()
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.fill("#fleet-search", "repo-49")
    expect(page.locator("#fleet-body tr")).to_have_count(2)
