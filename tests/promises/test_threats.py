"""docs/threats.md claims nothing that no test shows; and what it says of bodies and throttling."""

import json
import re
from pathlib import Path

from tests.each_case import each_case

ROOT = Path(__file__).parents[2]
DEFINED = re.compile(r"^\s*(?:async )?def (test_\w+)", re.MULTILINE)
READS_A_BODY = re.compile(r"\.(?:raw_body|json_body)\b")


def rows() -> list[list[str]]:
    lines = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8").splitlines()
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [cells for cells in table if cells[0] not in ("threat", "---")]


def defined() -> set[str]:
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    return {name for text in texts for name in DEFINED.findall(text)}


def test_every_threat_names_tests_that_exist() -> None:
    there = defined()
    assert len(rows()) > 15
    for threat, _, tests, _ in rows():
        named = re.findall(r"`(test_\w+)`", tests)
        assert named, f"no test shows what stands against: {threat}"
        assert [name for name in named if name not in there] == [], threat


def test_every_test_that_the_faults_of_the_cloud_name_exists() -> None:
    page = (ROOT / "docs" / "proofs.md").read_text(encoding="utf-8")
    faults = page.partition("## Faults of the cloud")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(test_\w+)`", faults))
    assert len(named) > 15
    assert named - defined() == set()


def test_no_route_reads_a_body_but_through_its_bound() -> None:
    """`endpoint.body_of` knows the limit. The registry's calls ask for the length, after it."""
    found = {
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in (ROOT / "chalicelib").rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if READS_A_BODY.search(line)
    }
    assert found == {
        "chalicelib/api/endpoint.py: raw: bytes = request.raw_body  # type: ignore[assignment]",
        "chalicelib/api/registry/calls.py: return read(model, lambda: body_of(self._request), size=len(self._request.raw_body))",
    }


@each_case("stage", ["dev", "prod"])
def test_the_gateway_throttles_every_stage(stage: str) -> None:
    text = json.dumps(json.loads((ROOT / ".chalice" / f"functions-{stage}.json").read_text(encoding="utf-8")))
    assert '"ThrottlingRateLimit": 500' in text
    assert '"ThrottlingBurstLimit": 1000' in text
