"""The list of schedules, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.visit import Visits
from tests.integration.api_client import Api, fresh, run_body

pytestmark = [pytest.mark.system, pytest.mark.needs_browser]


def test_a_schedule_is_shown_with_its_next_and_its_last_firing(api: Api, visits: Visits) -> None:
    name = fresh("dash")
    run = {key: value for key, value in run_body(workload="mock", ruby_version=None).items() if key != "run_id"}
    made = api("POST", "/schedules", {"name": name, "expression": "rate(12 hours)", "run": run})
    assert made.status_code == 201, made.text
    api("POST", f"/schedules/{name}/run-now")
    shown = api.until(f"/schedules/{name}", lambda document: document["last"] and document["last"]["run_id"])
    run_id = shown["last"]["run_id"]
    visit = visits(f"{api.ready.api_url}/")
    item = visit.page.locator("#schedules li", has_text=name)
    expect(item).to_contain_text("rate(12 hours), UTC · next in 11 h")
    expect(item.locator(".badge")).to_have_text("running")
    item.get_by_role("link", name=run_id).click()
    expect(visit.page.locator("#run-id")).to_have_text(run_id)
    api("POST", f"/runs/{run_id}/stop")
    api("DELETE", f"/schedules/{name}")
