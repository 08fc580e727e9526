"""Many runs, and runs with many tasks, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.visit import Held, Visits
from tests.integration.api_client import Api, fresh
from tests.variants import one_now

pytestmark = [pytest.mark.system, pytest.mark.needs_browser]
LONGEST_TASK_MS = """() => new Promise((resolve) => {
  const seen = [0];
  new PerformanceObserver((list) => seen.push(...list.getEntries().map((entry) => entry.duration)))
    .observe({ type: "longtask", buffered: true });
  setTimeout(() => resolve(Math.max(...seen)), 200);
})"""


def test_choosing_a_run_changes_the_address_and_back_returns(api: Api, visits: Visits) -> None:
    first, second = api.create(workload="mock")["run_id"], api.create()["run_id"]
    visit = visits(f"{api.ready.api_url}/")
    page = visit.page
    expect(page.locator("#run-id")).to_have_text(second)  # the newest
    chosen = page.locator(f"#runs option[value='{first}']")
    assert (chosen.text_content() or "").startswith(f"{first} · mock · running · ")
    page.get_by_label("Run", exact=True).select_option(first)
    expect(page.locator("#run-id")).to_have_text(first)
    assert page.url.endswith(f"/?run_id={first}")
    page.go_back()
    expect(page.locator("#run-id")).to_have_text(second)
    expect(page.locator("#runs")).to_have_value(second)
    page.go_forward()
    expect(page.locator("#run-id")).to_have_text(first)
    assert page.title().endswith(f"{first} · benchfleet")


@pytest.mark.parametrize("run_id", one_now("<script>alert(1)</script>", "no-such-run", "../up", ".."))
def test_an_unknown_run_is_told_and_leads_to_the_newest(api: Api, visits: Visits, run_id: str) -> None:
    newest = api.create()["run_id"]
    visit = visits(f"{api.ready.api_url}/?run_id={run_id}", forgive="status of 404")
    expect(visit.page.get_by_role("heading", level=1)).to_have_text(f"There is no run {run_id}")
    visit.page.get_by_role("button", name="Show the newest run").click()
    expect(visit.page.locator("#run-id")).to_have_text(newest)


@pytest.mark.proof
def test_a_group_opens_page_by_page_among_many_groups(api: Api, visits: Visits) -> None:
    others = [{"instance_type": f"type-{number}"} for number in range(59)]
    run_id = api.create(per_instance_type={"tasks": 1}, local=others + [{"instance_type": "wide"}] * 210)["run_id"]
    visit = visits(f"{api.ready.api_url}/?run_id={run_id}")
    expect(visit.page.locator("section.group")).to_have_count(60)
    assert visit.page.locator("tbody tr").count() == 0
    assert not [url for url in visit.requests if "/tasks" in url]

    group = visit.open_group("wide")
    rows, shown = group.locator("tbody tr"), group.locator(".range")
    forward, back = (group.get_by_role("button", name=name) for name in ("Next", "Previous"))
    expect(shown).to_have_text("1–100 of 210")
    forward.click()
    expect(shown).to_have_text("101–200 of 210")
    expect(rows.first.locator("td").first).to_have_text(str(len(others) + 101))
    expect(forward).to_be_focused()
    forward.click()
    expect(shown).to_have_text("201–210 of 210")
    forward.press("Enter")  # there is no more
    back.click()
    expect(shown).to_have_text("101–200 of 210")
    expect(rows).to_have_count(100)


@pytest.mark.proof
def test_ten_thousand_tasks_are_a_summary_and_pages(api: Api, visits: Visits) -> None:
    """A proof because the emulator needs 20 s to store as many."""
    groups = [{"instance_type": "large", "alias": "L"}, {"instance_type": "small", "alias": "S"}]
    made = api.create(run_id=fresh("big"), local=groups, workload="mock", per_instance_type={"tasks": 5_000})
    visit = visits(f"{api.ready.api_url}/?run_id={made['run_id']}")
    expect(visit.counter("total")).to_have_text("10,000")
    group = visit.open_group("small")
    expect(group.locator("tbody tr")).to_have_count(100)
    expect(group.locator(".range")).to_have_text("1–100 of 5,000")
    group.get_by_label("Show").select_option("failed")
    expect(group).to_contain_text("No tasks here.")
    assert visit.page.evaluate(LONGEST_TASK_MS) < 1_000


@pytest.mark.proof
def test_tasks_of_one_status_can_be_shown_alone(api: Api, visits: Visits) -> None:
    run_id = api.create(per_instance_type={"tasks": 3})["run_id"]
    task = api.claim(run_id)["task"]
    visit = visits(f"{api.ready.api_url}/?run_id={run_id}")
    group = visit.open_group("docker")
    group.get_by_label("Show").select_option("claimed")
    expect(group.locator("tbody tr")).to_have_count(1)
    expect(group.locator("tbody tr td").first).to_have_text(task["id"].rpartition(".")[2])
    group.get_by_label("Show").select_option("failed")
    expect(group).to_contain_text("No tasks here.")


@pytest.mark.proof
def test_a_phone_needs_no_sideways_scrolling(api: Api, visits: Visits) -> None:
    run_id = api.create(per_instance_type={"tasks": 2})["run_id"]
    runner = {"runner_id": "runner-with-a-long-name-7f3c21d98e"}
    task_id = api.claim(run_id, **runner)["task"]["id"]
    said = {"error_type": "E" * 60, "error_message": "x" * 4_000 + "\ny"}
    assert api("POST", f"/tasks/{task_id}/fail", {**runner, **said}, role="runner").status_code == 200
    visit = visits(
        f"{api.ready.api_url}/?run_id={run_id}", viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True
    )
    visit.open_group("docker")
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.proof
@pytest.mark.parametrize("width", [700, 1280])
def test_a_long_error_makes_no_page_wider(api: Api, visits: Visits, width: int) -> None:
    run_id = api.create()["run_id"]
    task_id = api.claim(run_id)["task"]["id"]
    said = {"runner_id": "runner-1", "error_type": "E" * 100, "error_message": "x" * 4_000}
    assert api("POST", f"/tasks/{task_id}/fail", said, role="runner").status_code == 200
    visit = visits(f"{api.ready.api_url}/?run_id={run_id}", viewport={"width": width, "height": 740})
    visit.open_group("docker")
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.proof
def test_runners_of_one_run_are_not_told_under_another(api: Api, visits: Visits) -> None:
    """The network takes its time over the first run's runners, and over the second run."""
    first, second = (api.create()["run_id"] for _ in range(2))
    visit = visits(f"{api.ready.api_url}/?run_id={first}")
    page, held = visit.page, Held(visit.page)
    expect(page.locator(".waiting")).to_be_visible()
    runners, run, others = f"**/runs/{first}/runners", f"**/runs/{second}", f"**/runs/{second}/runners"
    for address in (runners, run, others):
        held.hold(address)
    held.wait_for(runners)
    page.select_option("#runs", second)
    with page.expect_response(runners):
        held.release(runners)
    held.release(run)
    expect(page.locator("#run-id")).to_have_text(second)
    held.wait_for(others)
    expect(page.locator(".waiting")).to_be_hidden()
    held.release(others)
    expect(page.locator(".waiting")).to_be_visible()
