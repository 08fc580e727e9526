"""The files of `.chalice/`, read once, and what Chalice would deploy of them."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from chalice.config import Config
from chalice.deploy.appgraph import ApplicationGraphBuilder
from chalice.deploy.models import LambdaFunction

from app import app

ROOT = Path(__file__).parents[2]
CHALICE = ROOT / ".chalice"
STAGES = ("dev", "prod")
POLICIES = sorted(CHALICE.glob("policy-*.json"))


def read(name: str) -> Any:
    return json.loads((CHALICE / name).read_text(encoding="utf-8"))


CONFIG: dict[str, Any] = read("config.json")
TEMPLATE: dict[str, Any] = read("resources.json")
NETWORK: dict[str, Any] = read("network.json")
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = RESOURCES[name]["Properties"]
    return found


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """Properties of the resources of one type, by logical id."""
    return {name: resource["Properties"] for name, resource in RESOURCES.items() if resource["Type"] == kind}


def named(value: Any, stage: str) -> str:
    """A name as CloudFormation makes it of `{"Fn::Sub": "benchfleet-${Stage}…"}`."""
    return str(value["Fn::Sub"]).replace("${Stage}", stage)


def statements(name: str) -> list[dict[str, Any]]:
    """Those of one policy file."""
    found: list[dict[str, Any]] = read(name)["Statement"]
    return found


@cache
def functions(stage: str, *, traced: bool = False) -> dict[str, LambdaFunction]:
    """What Chalice would deploy, by the function's name in the config. `traced`: with X-Ray switched on."""
    stages = {**CONFIG["stages"], stage: {**CONFIG["stages"][stage], "xray": True}} if traced else CONFIG["stages"]
    config = Config(
        chalice_stage=stage,
        user_provided_params={"chalice_app": app, "project_dir": str(ROOT)},
        config_from_disk={**CONFIG, "stages": stages},
    )
    built = ApplicationGraphBuilder().build(config, stage)
    return {found.resource_name: found for found in _functions(built.resources)}


def _functions(resources: list[Any]) -> Iterator[LambdaFunction]:
    for resource in resources:
        if isinstance(resource, LambdaFunction):
            yield resource
        elif hasattr(resource, "lambda_function"):
            yield resource.lambda_function
