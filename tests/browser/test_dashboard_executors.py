"""Executors, their models and their last changes, in a real browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.axe import grave_findings
from tests.browser.visit import Visits
from tests.integration.api_client import Api, Json, fresh
from tests.unit.registry_records import a_model

pytestmark = [pytest.mark.system, pytest.mark.needs_browser]
HOSTILE = "<img src=x onerror=\"document.title='taken'\">"
MODEL = f"!{HOSTILE}"  # among the first of all models


@pytest.fixture
def host(api: Api) -> Iterator[Json]:
    """An executor whose names are markup, at work on two of four slots."""
    body = {
        "executor_id": fresh("0-host"), "instance_id": "p", "heartbeat_interval_s": 60, "labels": {HOSTILE: HOSTILE},
        "capacity": {"max_concurrent": 4}, "models": [a_model(MODEL), a_model("!another")],
    }  # fmt: skip
    made: Json = api("POST", "/executors", body, role="runner").json()
    beat(api, made, 1, active=2, queued=1)
    yield made
    api("DELETE", f"/executors/{made['executor_id']}")


def beat(api: Api, made: Json, sequence: int, **load: int) -> None:
    sent = {"generation": made["generation"], "sequence": sequence, "load": load}
    reply = api("POST", f"/executors/{made['executor_id']}/heartbeat", sent, role="runner")
    assert reply.status_code == 200, reply.text


def test_executors_models_and_changes_are_shown_and_markup_in_names_stays_text(
    api: Api, visits: Visits, host: Json
) -> None:
    visit = visits(f"{api.ready.api_url}/?run_id=nope", forgive="status of 404")
    page, name = visit.page, host["executor_id"]
    cells = page.locator("#executors-body tr", has_text=name).locator("td")
    expect(cells.nth(1)).to_have_text("available")
    expect(cells.nth(3)).to_have_text("2 of 4, 1 waiting")
    expect(cells.nth(4)).to_have_text(f"{MODEL}, !another")
    expect(cells.nth(5)).to_have_text(f"{HOSTILE}={HOSTILE}")
    expect(cells.nth(6)).to_contain_text(re.compile("now|ago"))
    model = page.locator("#models-body tr", has_text=MODEL).locator("td")
    expect(model.nth(1)).to_have_text(name)
    expect(model.nth(2)).to_have_text("1 available")
    expect(page.locator("#registry-events-list li", has_text=name)).to_contain_text("announced")
    assert (page.locator("#executors img").count(), page.title() == "taken") == (0, False)
    assert grave_findings(page) == []


@pytest.mark.proof
def test_a_drained_executor_is_shown_at_the_next_poll_on_a_phone_too(api: Api, visits: Visits, host: Json) -> None:
    screen = {"width": 360, "height": 740}
    address = f"{api.ready.api_url}/?run_id=nope"
    visit = visits(address, viewport=screen, color_scheme="dark", forgive="status of 404")
    page = visit.page
    row = page.locator("#executors-body tr", has_text=host["executor_id"])
    expect(row.locator(".badge")).to_have_text("available")
    api("POST", f"/executors/{host['executor_id']}/drain", {"reason": HOSTILE})
    visit.nudge()
    expect(row.locator(".badge")).to_have_text("draining")
    change = page.locator("#registry-events-list li", has_text="draining").first
    expect(change).to_contain_text(f"{host['executor_id']}: {HOSTILE}")
    assert page.evaluate("document.documentElement.scrollWidth") <= screen["width"]
    expect(row.locator("td").nth(2)).to_be_visible()
    page.get_by_role("region", name="Table of executors").focus()
    expect(page.get_by_role("region", name="Table of executors")).to_be_focused()
    assert grave_findings(page) == []
