"""One run in a real browser: it is watched, ended early, and its results are fetched."""

import io
import json
import re
import tarfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from benchfleet_contract.authorities import authorities
from playwright.sync_api import Page, Route, expect

from tests.browser.visit import Held, Visits
from tests.integration.api_client import Api
from tests.integration.measured_tasks import measure

pytestmark = [pytest.mark.system, pytest.mark.needs_browser]
BAD = "<script>alert(1)</script>"
RUNNER = "runner-with-a-long-name-7f3c21d98e"


def beat(api: Api, claim: Any, **said: Any) -> None:
    task = claim["task"]
    body = {"runner_id": RUNNER, "status": "running", "attempt": task["attempt"], **said}
    assert api("POST", f"/tasks/{task['id']}/heartbeat", body, role="runner").status_code == 200


def output_of(metric: str, *samples: float, unit: str = "s") -> dict[str, Any]:
    """One measurement of one benchmark, whose name is markup."""
    return {
        "benchmark": BAD,
        "variant": "default",
        "metric": metric,
        "unit": unit,
        "better": "lower",
        "samples": samples,
    }


def complete(api: Api, claim: Any, *measurements: dict[str, Any]) -> None:
    urls, task = claim["presigned_urls"], claim["task"]
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as packed:
        data = json.dumps({"schema_version": 1, "workload": "mock", "measurements": measurements}).encode()
        info = tarfile.TarInfo("output.json")
        info.size = len(data)
        packed.addfile(info, io.BytesIO(data))
    assert (
        httpx.put(
            urls["result_upload_url"], content=archive.getvalue(), trust_env=False, verify=authorities({}), timeout=60
        ).status_code
        == 200
    )
    body = {"runner_id": RUNNER, "s3_result_key": urls["result_key"], "attempt": task["attempt"]}
    assert api("POST", f"/tasks/{task['id']}/complete", body, role="runner").status_code == 200


def fail(api: Api, claim: Any, words: str) -> None:
    task = claim["task"]
    body = {"runner_id": RUNNER, "error_type": "benchmark_failed", "error_message": words, "attempt": task["attempt"]}
    assert api("POST", f"/tasks/{task['id']}/fail", body, role="runner").status_code == 200


def dialog_error(page: Page, words: str) -> None:
    expect(page.locator("#dialog-error")).to_contain_text(words)


def test_a_run_is_watched_from_its_first_task_to_its_archive(api: Api, visits: Visits, tmp_path: Path) -> None:
    run_id = api.create(per_instance_type={"tasks": 2}, max_attempts=3)["run_id"]
    visit = visits(f"{api.ready.api_url}/?run_id={run_id}")
    page = visit.page
    expect(page.locator("#run-status")).to_have_text("running")
    expect(visit.group("docker")).to_contain_text("2 tasks waiting: no live runner for local / docker")
    page.evaluate("globalThis.sameDocument = true")
    group = visit.open_group("docker")
    first = group.locator("tbody tr").first
    first.evaluate("(row) => { globalThis.sameRow = row }")

    claims = [api.claim(run_id, runner_id=RUNNER) for _ in range(2)]
    beat(api, claims[0], current_benchmark="optcarrot", progress_pct=40)
    expect(first.locator(".badge")).to_have_text("running")  # by itself: nobody nudges it
    for words in ("1 of 3", "40 %", "optcarrot", "runner-with-…", " ago"):
        expect(first).to_contain_text(words)
    assert first.locator(".mono").get_attribute("title") == RUNNER
    expect(group.locator(".waiting")).to_be_hidden()

    for claim in claims:
        complete(api, claim)
    expect(page.locator("#run-status")).to_have_text("completed")
    expect(visit.counter("completed")).to_have_text("2")
    expect(page.locator("#bar")).to_have_attribute("aria-valuenow", "100")
    expect(page.locator("#announce")).to_contain_text(run_id)
    expect(page.locator("#stop")).to_be_hidden()
    assert page.evaluate("globalThis.sameDocument && document.contains(globalThis.sameRow)")

    expect(page.locator("#download")).to_be_enabled()
    with page.expect_download() as download:
        page.click("#download")
    saved = tmp_path / "results.tar.gz"
    download.value.save_as(saved)
    with tarfile.open(saved) as archive:
        assert "box-1/output.json" in archive.getnames()


@pytest.mark.proof
def test_a_completed_run_whose_tasks_failed_says_so_beside_its_badge(api: Api, visits: Visits) -> None:
    run_id = api.create(per_instance_type={"tasks": 2}, max_attempts=1)["run_id"]
    visit = visits(f"{api.ready.api_url}/?run_id={run_id}")
    note = visit.page.locator("#run-failed")
    expect(visit.page.locator("#run-status")).to_have_text("running")
    claims = [api.claim(run_id, runner_id=RUNNER) for _ in range(2)]
    fail(api, claims[0], "exit 1")
    visit.nudge()
    expect(note).to_have_text("1 of 2 failed")
    fail(api, claims[1], "exit 1")
    visit.nudge()
    expect(note).to_have_text("2 of 2 failed")
    expect(visit.page.locator("#run-status")).to_have_text("completed")
    expect(note).to_be_visible()
    expect(visit.page.locator("#announce")).to_have_text(f"Run {run_id} is completed, 2 of 2 failed.")
    other = api.create()["run_id"]
    visit.page.goto(f"{api.ready.api_url}/?run_id={other}")
    expect(visit.page.locator("#run-id")).to_have_text(other)
    expect(note).to_be_hidden()


@pytest.mark.proof
def test_a_run_with_a_target_precision_says_why_it_stopped(api: Api, visits: Visits) -> None:
    tasks = {"per_instance_type": {"tasks": 10}}
    body = {"workload": "mock", "ruby_version": None, "target_precision": "1%", "max_tasks": 30, **tasks}
    run_id = api.create(**body)["run_id"]
    visit = visits(f"{api.ready.api_url}/?run_id={run_id}")
    told = visit.page.locator("#run-precision")
    expect(told).to_have_text("Target precision ±1 %")
    expect(visit.page.locator("#run-facts")).to_contain_text("up to 30 tasks per instance")
    for number in range(10):
        measure(api, run_id, 1 + number % 2 / 1000)
    expect(visit.page.locator("#run-status")).to_have_text("completed")
    expect(told).to_contain_text(re.compile(r"±1 %\nlocal/docker: precision reached, 10 tasks measured \(±0\.0\d+ %\)"))
    expect(visit.page.locator("#run-reason")).to_be_hidden()  # it ended as it should
    other = api.create()["run_id"]
    visit.page.goto(f"{api.ready.api_url}/?run_id={other}")
    expect(visit.page.locator("#run-id")).to_have_text(other)
    expect(told).to_be_hidden()


def test_ending_a_run_early_asks_first_and_takes_a_key_once(api: Api, visits: Visits) -> None:
    run_id = api.create(per_instance_type={"tasks": 3})["run_id"]
    second = api.create()["run_id"]
    visit = visits(f"{api.ready.api_url}/?run_id={run_id}", forgive="Failed to load resource")
    page = visit.page
    page.click("#stop")
    expect(page.locator("#dialog")).to_contain_text("3 tasks")
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()
    assert api("GET", f"/runs/{run_id}").json()["status"] == "running"

    page.click("#stop")
    page.click("#dialog-do")
    dialog_error(page, "Enter a key")
    for wrong, words in (("nonsense", "does not know this key"), ("schlüssel", "does not know this key"),
                         (api.ready.keys.reader, "that takes an admin's")):  # fmt: skip
        page.fill("#key", wrong)
        page.keyboard.press("Enter")
        dialog_error(page, words)
        assert page.evaluate("sessionStorage.length") == 0
    page.fill("#key", api.ready.keys.admin)
    page.click("#dialog-do")
    expect(page.locator("#run-status")).to_have_text("cancelled")
    expect(visit.counter("cancelled")).to_have_text("3")
    assert api("GET", f"/runs/{run_id}").json()["status"] == "cancelled"
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]

    page.goto(f"{api.ready.api_url}/?run_id={second}")
    page.click("#stop")
    expect(page.locator("#key")).to_be_hidden()
    expect(page.locator("#dialog-cancel")).to_be_focused()
    page.click("#dialog-do")
    expect(page.locator("#run-status")).to_have_text("cancelled")
    assert not [url for url in visit.requests if api.ready.keys.admin in url]


@pytest.mark.proof
def test_an_answer_to_a_dialog_that_was_closed_closes_no_other(api: Api, visits: Visits) -> None:
    """The network takes its time over the first click."""
    run_id, second = (api.create()["run_id"] for _ in range(2))
    visit = visits(f"{api.ready.api_url}/?run_id={run_id}")
    page, held = visit.page, Held(visit.page)
    held.hold("**/stop")
    page.click("#stop")
    page.fill("#key", api.ready.keys.admin)
    page.click("#dialog-do")
    page.click("#dialog-cancel")
    page.select_option("#runs", second)
    expect(page.locator("#run-id")).to_have_text(second)
    page.click("#stop")
    expect(page.locator("#dialog-do")).to_be_enabled()
    with page.expect_response("**/stop"):
        held.release("**/stop")
    visit.nudge()
    expect(page.locator("#dialog")).to_be_visible()
    page.keyboard.press("Escape")
    assert [api("GET", f"/runs/{each}").json()["status"] for each in (run_id, second)] == ["cancelled", "running"]


def test_markup_from_outside_stays_text(api: Api, visits: Visits) -> None:
    run_id = api.create(per_instance_type={"tasks": 2}, local=[{"instance_type": BAD, "alias": BAD}])["run_id"]
    claims = [api.claim(run_id, runner_id=RUNNER, instance_type=BAD) for _ in range(2)]
    beat(api, claims[0], current_benchmark=BAD, message=BAD)
    fail(api, claims[1], f"{BAD} is not a benchmark")
    visit = visits(f"{api.ready.api_url}/?run_id={run_id}")
    rows = visit.open_group(BAD).locator("tbody tr")
    expect(visit.page.locator(".group-name b")).to_have_text(BAD)
    expect(rows.first.locator("td").nth(1)).to_have_text(BAD)
    expect(rows.first.locator(".benchmark")).to_have_text(BAD)
    rows.nth(1).locator("button.error").hover()
    expect(visit.page.locator("#tip")).to_contain_text(f"{BAD} is not a benchmark")
    assert visit.page.locator("script").count() == 1
    assert visit.asked == []


@pytest.mark.proof
def test_an_error_is_told_on_hover_focus_and_to_screen_readers(api: Api, visits: Visits) -> None:
    run_id = api.create()["run_id"]
    fail(api, api.claim(run_id, runner_id=RUNNER), "optcarrot exited with 1")
    visit = visits(f"{api.ready.api_url}/?run_id={run_id}")
    page, tip = visit.page, visit.page.locator("#tip")
    button = visit.open_group("docker").get_by_role("button", name="optcarrot exited with 1")
    button.hover()
    expect(tip).to_contain_text("optcarrot exited with 1")
    expect(tip).to_contain_text("benchmark failure")
    page.mouse.move(0, 0)
    expect(tip).to_be_hidden()
    button.focus()
    expect(tip).to_be_visible()
    visit.nudge()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    expect(button).to_be_focused()


@pytest.mark.proof
def test_a_hidden_tab_asks_nothing(api: Api, visits: Visits) -> None:
    run_id = api.create()["run_id"]
    visit = visits(f"{api.ready.api_url}/?run_id={run_id}", own_clock=True)
    page = visit.page
    expect(page.locator("#run-status")).to_have_text("running")

    def asked_in(seconds: int) -> int:
        """Requests for the run in as many seconds of the page."""
        before = len(visit.requests)
        page.clock.run_for(seconds * 1_000)
        return len([url for url in visit.requests[before:] if url.endswith(f"/runs/{run_id}")])

    assert asked_in(5) >= 1
    page.evaluate("""() => {
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }""")
    assert asked_in(60) == 0
    with page.expect_request(lambda request: request.url.endswith(f"/runs/{run_id}")):
        page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")


@pytest.mark.proof
def test_times_of_a_clock_that_was_set_back_are_marked(api: Api, visits: Visits) -> None:
    run_id = api.create(per_instance_type={"tasks": 1})["run_id"]
    complete(api, api.claim(run_id, runner_id=RUNNER))
    visit = visits(f"{api.ready.api_url}/")

    def earlier(route: Route) -> None:
        got = route.fetch()
        told = got.json()
        for one in [told, *told.get("tasks", [])] if isinstance(told.get("tasks"), list) else [told]:
            changes = {"completed_at": "2020-01-01T00:00:00Z", "claimed_at": "2021-01-01T00:00:00Z"}
            one.update(
                {name: at for name, at in (changes | {"ended_at": "2020-01-01T00:00:00Z"}).items() if name in one}
            )
        route.fulfill(response=got, json=told)

    visit.page.route(f"**/runs/{run_id}*", earlier)
    visit.page.route(f"**/runs/{run_id}/tasks*", earlier)
    visit.page.goto(f"{api.ready.api_url}/?run_id={run_id}")
    expect(visit.page.locator("#run-facts")).to_contain_text("ended before it began (a clock was set back)")
    page = visit.open_group("docker")
    expect(page.locator("tbody tr").first).to_contain_text("the clock was set back during this task")


@pytest.mark.proof
def test_subjects_have_lines_of_their_own_and_one_cause_is_told_once(api: Api, visits: Visits) -> None:
    subjects = [{"name": name, "argv": ["true"]} for name in ("ruby-3.3", "ruby-3.4")]
    run_id = api.create(workload="command", workload_options={}, subjects=subjects, per_instance_type={"tasks": 2})[
        "run_id"
    ]
    visit = visits(f"{api.ready.api_url}/?run_id={run_id}")
    expect(visit.page.locator(".group-name .subject")).to_have_text(["ruby-3.3", "ruby-3.4"])
    reason = visit.page.locator(".waiting:visible")
    expect(reason).to_have_count(1)
    expect(reason).to_contain_text("4 tasks waiting: no live runner for local / docker")
    expect(visit.page.get_by_role("region", name="local docker ruby-3.3")).to_be_visible()
    expect(visit.open_group("ruby-3.4").locator("tbody tr")).to_have_count(2)
    api.claim(run_id, runner_id=RUNNER)
    expect(reason).to_have_count(0)  # the runner will take tasks of the other subject, too


def test_a_run_that_has_ended_shows_its_ranking_and_names_from_outside_stay_text(api: Api, visits: Visits) -> None:
    boxes = [{"instance_type": BAD}, {"instance_type": "fast"}]
    run_id = api.create(per_instance_type={"tasks": 2}, local=boxes)["run_id"]
    for instance_type, seconds in ((BAD, 2.0), ("fast", 1.0)):
        for repeat in (1, 2):
            claim = api.claim(run_id, runner_id=RUNNER, instance_type=instance_type)
            complete(api, claim, output_of("time", seconds + repeat / 100), output_of(BAD, 1.0, unit="constructor"))
    visit = visits(f"{api.ready.api_url}/?run_id={run_id}")
    boards = visit.page.locator("#results .board")
    expect(boards).to_have_count(2)
    rows = boards.first.locator("tbody tr")
    expect(rows.nth(0)).to_contain_text("local fast")
    expect(rows.nth(0)).to_contain_text("1.015 s")
    for words in (f"local {BAD}", "2.015 s", "+98.5 %", "worse, beyond noise"):
        expect(rows.nth(1)).to_contain_text(words)
    expect(boards.nth(1).locator("h3")).to_have_text(BAD)
    expect(boards.nth(1).locator("tbody tr").first).to_contain_text("not told apart")
    expect(visit.page.locator("#results-more")).to_contain_text(f"benchfleet report {run_id}")
    assert visit.page.locator("script").count() == 1
    assert visit.asked == []
    assert len([url for url in visit.requests if url.endswith("/summary")]) == 1
    visit.page.set_viewport_size({"width": 360, "height": 740})
    wider = "es => es.filter(e => e.scrollWidth > e.clientWidth).map(e => e.ariaLabel)"
    assert visit.page.locator("#results .scroll").evaluate_all(wider) == []
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.proof
def test_a_run_without_results_says_so_where_they_would_be(api: Api, visits: Visits) -> None:
    run_id = api.create(max_attempts=1)["run_id"]
    visit = visits(f"{api.ready.api_url}/?run_id={run_id}")
    expect(visit.page.locator("#run-status")).to_have_text("running")
    expect(visit.page.locator("#results")).to_be_hidden()
    fail(api, api.claim(run_id, runner_id=RUNNER), "exit 1")
    visit.nudge()
    expect(visit.page.locator("#results-note")).to_have_text("No result of this run could be ranked.")


@pytest.mark.proof
def test_the_machines_of_a_run_are_told_with_what_hinders_them(api: Api, visits: Visits) -> None:
    """No cloud has this type: the launch fails, and says what to do."""
    body: dict[str, Any] = {"local": None, "aws": [{"instance_type": "no.such-type"}], "provision": {"aws": {}}}
    run_id = api.create(**body)["run_id"]
    page = visits(f"{api.ready.api_url}/?run_id={run_id}").page
    row = page.locator("#machines tbody tr")
    expect(row).to_contain_text("failed: unsupported", timeout=60_000)
    expect(row).to_contain_text("aws / no.such-type")
    expect(page.locator("#run-reason")).to_contain_text("not_provisioned", timeout=60_000)
    (launch,) = api("GET", f"/runs/{run_id}/launches").json()["launches"]
    for words in (launch["name"], launch["failure"]["message"], launch["failure"]["remedy"]):
        expect(row).to_contain_text(words)


@pytest.mark.proof
def test_a_run_that_brings_no_machines_shows_none(api: Api, visits: Visits) -> None:
    visit = visits(f"{api.ready.api_url}/?run_id={api.create()['run_id']}")
    expect(visit.page.locator("#run-status")).to_have_text("running")
    expect(visit.page.locator("#machines")).to_be_hidden()
    expect(visit.page.locator("#fleet")).to_be_hidden()
    assert not [url for url in visit.requests if "/fleets/" in url]
    assert not [url for url in visit.requests if url.endswith("/launches")]
