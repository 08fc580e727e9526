"""What axe-core says about the page, in light and dark, and what a keyboard can do."""

from typing import Any, Literal

import pytest
from playwright.sync_api import expect

from tests.browser.axe import grave_findings
from tests.browser.visit import Visits
from tests.integration.api_client import Api
from tests.variants import one_now

pytestmark = [pytest.mark.system, pytest.mark.needs_browser]


@pytest.fixture(scope="module")
def run_id(api: Api) -> str:
    """A run with a task in every state but cancelled, and a group that waits."""
    local = [{"instance_type": "docker", "alias": "box"}, {"instance_type": "idle"}]
    made: str = api.create(per_instance_type={"tasks": 5}, local=local)["run_id"]
    ends: list[tuple[str, dict[str, Any]]] = [
        ("complete", {}),
        ("fail", {"error_type": "benchmark_failed", "error_message": "exit 1"}),
        ("heartbeat", {"status": "running", "current_benchmark": "lee", "progress_pct": 30}),
    ]
    for route, said in ends:
        claim = api.claim(made)
        said = {"runner_id": "runner-1", "s3_result_key": claim["presigned_urls"]["result_key"], **said}
        assert api("POST", f"/tasks/{claim['task']['id']}/{route}", said, role="runner").status_code == 200
    api.claim(made)
    return made


@pytest.mark.parametrize("scheme", one_now("light", "dark"))
def test_axe_finds_nothing_serious(api: Api, visits: Visits, run_id: str, scheme: Literal["light", "dark"]) -> None:
    visit = visits(f"{api.ready.api_url}/?run_id={run_id}", color_scheme=scheme, reduced_motion="reduce")
    page = visit.page
    group = visit.open_group("docker")
    expect(group.locator("button.error:visible")).to_have_count(1)
    group.locator("button.error:visible").focus()
    expect(page.locator("#tip")).to_be_visible()
    assert grave_findings(page) == []
    page.click("#stop")
    page.click("#dialog-do")
    assert grave_findings(page) == []


@pytest.mark.proof
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_where_there_is_no_run(
    api: Api, visits: Visits, scheme: Literal["light", "dark"]
) -> None:
    visit = visits(f"{api.ready.api_url}/?run_id=nope", color_scheme=scheme, forgive="status of 404")
    expect(visit.page.get_by_role("button", name="Show the newest run")).to_be_visible()
    assert grave_findings(visit.page) == []


@pytest.mark.proof
def test_axe_would_find_something(api: Api, visits: Visits, run_id: str) -> None:
    visit = visits(f"{api.ready.api_url}/?run_id={run_id}")
    visit.open_group("docker")
    visit.page.evaluate("document.querySelector('.group-body select').parentElement.replaceWith('')")
    visit.page.evaluate("document.querySelector('#runs').labels[0].remove()")
    assert [name for name, _ in grave_findings(visit.page)] == ["select-name"]
    visit.page.evaluate("document.querySelector('.group-body thead th:nth-child(2)').style.color = '#bbb'")
    visit.page.evaluate("document.querySelector('#run-id').parentElement.style.opacity = 0.3")
    names, nodes = zip(*grave_findings(visit.page), strict=True)
    assert names == ("select-name", "color-contrast")
    assert [any(words in each for each in nodes[1]) for words in ("187, 187, 187", 'id="run-id"')] == [True, True]


@pytest.mark.proof
def test_everything_can_be_done_with_the_keyboard(api: Api, visits: Visits, run_id: str) -> None:
    visit = visits(f"{api.ready.api_url}/?run_id={run_id}")
    page = visit.page
    expect(page.locator("#run-id")).to_have_text(run_id)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the run")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="End run early")).to_be_focused()
    page.keyboard.press("Tab")
    line = visit.group("docker").locator(".group-line")
    expect(line).to_be_focused()
    page.keyboard.press("Enter")
    expect(line).to_have_attribute("aria-expanded", "true")
    visit.nudge()
    expect(visit.group("docker").locator("tbody tr")).to_have_count(5)
    expect(line).to_be_focused()
    page.keyboard.press("Enter")
    expect(visit.group("docker").locator("table")).to_be_hidden()
