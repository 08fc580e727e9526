"""What a deploy would change, for people who want to know first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.found import look
from benchfleet.deploy.project import Project, function_name
from benchfleet.deploy.stacks import Change


@dataclass(frozen=True)
class FunctionChange:
    """`action` is add, update or remove; `settings` are the words about what changes beside the code."""

    name: str
    action: str
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Planned:
    """`stacks` by name: empty lists where nothing changes."""

    stacks: Mapping[str, list[Change]]
    functions: list[FunctionChange]


def plan_functions(aws: Aws, project: Project, stage: str, environment: Mapping[str, str]) -> list[FunctionChange]:
    """The code of every function is sent anew; `settings` tells what else changes."""
    there = look(aws, stage).functions
    wanted = project.functions(stage)
    changes = [
        FunctionChange(
            function_name(stage, name), "update", _settings(aws, there[name], project, stage, name, environment)
        )
        if name in there
        else FunctionChange(function_name(stage, name), "add")
        for name in wanted
    ]
    return changes + [FunctionChange(function_name(stage, name), "remove") for name in there if name not in wanted]


def _settings(
    aws: Aws, arn: str, project: Project, stage: str, name: str, environment: Mapping[str, str]
) -> tuple[str, ...]:
    has = aws.client("lambda").get_function_configuration(FunctionName=arn)
    config = project.stage(stage)
    wants: dict[str, Any] = {**config, **config["lambda_functions"][name]}
    told = [
        f"{label} {has[theirs]} -> {wants[ours]}"
        for label, theirs, ours in (
            ("memory", "MemorySize", "lambda_memory_size"),
            ("timeout", "Timeout", "lambda_timeout"),
        )
        if ours in wants and wants[ours] != has[theirs]
    ]
    own = {**config.get("environment_variables", {}), **wants.get("environment_variables", {})}
    variables = {**own, **{key: value for key, value in environment.items() if key in own}}
    now = has.get("Environment", {}).get("Variables", {})
    changed = sorted(key for key in {*variables, *now} if variables.get(key) != now.get(key))
    return (*told, *([f"variables {', '.join(changed)}"] if changed else []))
