"""docs/workloads.md tells every option with its default, and none that does not exist."""

import json
import re
from pathlib import Path

from benchfleet_contract.workloads.kinds import kind
from benchfleet_contract.workloads.known import KNOWN_WORKLOADS
from benchfleet_contract.workloads.options import Options
from benchfleet_contract.workloads.ruby_bench import REPO
from pydantic.fields import FieldInfo

from tests.each_case import each_case

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "workloads.md").read_text(encoding="utf-8")
MODELS: dict[str, type[Options]] = {name: found.options for name in KNOWN_WORKLOADS if (found := kind(name))}
ROW = re.compile(r"^\| `(\w+)` \| (.+?) \|", re.MULTILINE)


def told(name: str) -> dict[str, str]:
    section = PAGE.split(f"\n## {name}\n")[1].split("\n## ")[0]
    return dict(ROW.findall(section))


def default_of(field: FieldInfo) -> str:
    if field.is_required():
        return "(required)"
    return "the suite's GitHub repository" if field.default == REPO else f"`{json.dumps(field.default)}`"


@each_case("name", KNOWN_WORKLOADS)
def test_every_option_is_told_with_its_default(name: str) -> None:
    assert told(name) == {option: default_of(field) for option, field in MODELS[name].model_fields.items()}


@each_case("path", sorted((ROOT / "configs").glob("*.json")))
def test_shipped_configs_ask_for_options_that_exist(path: Path) -> None:
    config = json.loads(path.read_text(encoding="utf-8"))
    if config.get("workload") in MODELS:
        MODELS[config["workload"]].model_validate(config.get("workload_options", {}))
