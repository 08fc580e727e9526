"""The page as a file: whole in itself, escaped, and with a policy that allows what is in it and nothing else."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from benchfleet.report.analysis import analyse
from benchfleet.report.page import render
from benchfleet.report.reading import read_runs

from tests.report_runs import TaskFolder, measurement, of_values, write_run
from tests.unit.conftest import Compared

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
HOSTILE = '<script>alert(1)</script>"onload="x'


class Elements(HTMLParser):
    """Tags with their attributes, and the text of the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def page(compared: Compared) -> str:
    return render(compared.report)


@pytest.fixture(scope="module")
def elements(page: str) -> Elements:
    return Elements(page)


def test_the_page_loads_nothing(page: str, elements: Elements) -> None:
    for tag, attributes in elements.found:
        assert tag not in {"link", "iframe", "object", "img", "base"}, tag
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
    assert "@import" not in page
    assert "url(" not in re.sub(r"url\(#", "", page)


def test_the_policy_allows_exactly_this_style_and_script(page: str) -> None:
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', page)
    policy = policy.replace("&#39;", "'")
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (inside,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


def test_tables_have_captions_and_headers_with_a_scope(elements: Elements) -> None:
    found = elements.found
    tables = sum(tag == "table" for tag, _ in found)
    assert tables > 20
    assert sum(tag == "caption" for tag, _ in found) == tables
    assert all(attributes.get("scope") in {"row", "col"} for tag, attributes in found if tag == "th")
    ids = [attributes["id"] for _, attributes in found if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_the_page_says_what_the_report_says(elements: Elements) -> None:
    text = " ".join(elements.text.split())
    for words in (
        "Fastest not told apart: aws c8g.large, azure d2as-v6 and hetzner cax21 Geometric mean of aws c8g.large over 12",
        "Best for its price hetzner cax21 $2.15 for a million runs of the mean benchmark. The same work costs",
        "yjit against interp",
        "The tasks of this report took 18 machine hours",
        "are worse by more than 5.0 % and beyond noise",
        "timeout: The lease ran out",
        "killed by signal 9",
        "no price",
        "example, not an offer",
        "Fleming and Wallace",
        "Satterthwaite",
        "Neoverse-V2",
    ):
        assert words in text, words


def test_hostile_names_and_reasons_stay_text(tmp_path: Path) -> None:
    tasks = [
        TaskFolder(
            HOSTILE,
            [measurement(HOSTILE, [1.0, 1.1], variant=HOSTILE, unit=HOSTILE[:20])],
            alias=alias,
            failures=[{"benchmark": HOSTILE, "variant": HOSTILE, "reason": HOSTILE}],
            machine={"cpu_model": HOSTILE},
            versions={HOSTILE: HOSTILE},
        )
        for alias in (HOSTILE, "other")
    ]
    tasks.append(TaskFolder(HOSTILE, entry={"error_type": HOSTILE, "error_message": HOSTILE}))
    about = {"workload": HOSTILE, "workload_options": {HOSTILE: [HOSTILE]}, "reason": HOSTILE, "status": HOSTILE}
    found = Elements(render(analyse(read_runs([write_run(tmp_path, "r", tasks, about=about)]))))
    assert sum(tag == "script" for tag, _ in found.found) == 1
    assert not [attributes for _, attributes in found.found if "onload" in attributes]
    assert HOSTILE in found.text


def test_a_run_with_nothing_measured_has_a_page_that_says_so(tmp_path: Path) -> None:
    failed = TaskFolder("m", entry={"error_type": "timeout", "error_message": "no sign of life"})
    for number, tasks in enumerate(([], [failed])):
        text = Elements(render(analyse(read_runs([write_run(tmp_path, f"r{number}", tasks)])))).text
        assert "Nothing was measured" in text
    assert "no sign of life" in text


def test_one_machine_with_one_sample_has_a_page(tmp_path: Path) -> None:
    text = Elements(render(analyse(read_runs([write_run(tmp_path, "r", [of_values("m", {"x": [0.0]})])])))).text
    assert "no ranking" in text
    text = Elements(render(analyse(read_runs([write_run(tmp_path, "s", [of_values("m", {"x": [1e-9]})])])))).text
    assert "aws m, the only machine" in text


def test_a_number_in_brackets_is_explained_where_it_stands(elements: Elements) -> None:
    """A phone shows no title of an abbreviation."""
    assert ("abbr", {"title": "instances"}) in elements.found
    assert "Behind tasks, in brackets: the instances that they ran on." in elements.text
