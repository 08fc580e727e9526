"""docs/cli.schema.json: the shape of what each command prints with `--json`. `python -m benchfleet.cli.documents.schema`"""

import json
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

PATH = Path("docs/cli.schema.json")
DRAFT = "https://json-schema.org/draft/2020-12/schema"
DOCUMENTS = {  # command → module:class
    "run": "benchfleet.cli.documents.run:RunEnded",
    "compare": "benchfleet.cli.documents.compare:Compared",
    "runs list": "benchfleet.cli.documents.runs:RunsList",
    "runs show": "benchfleet.cli.documents.runs:RunShown",
    "runs watch": "benchfleet.cli.documents.runs:RunShown",
    "runs stop": "benchfleet.cli.documents.runs:RunStopped",
    "runs delete": "benchfleet.cli.documents.runs:RunsDeleted",
    "runs download": "benchfleet.cli.documents.runs:RunDownloaded",
    "runs explain": "benchfleet.explaining.document:Explanation",
    "schedule create": "benchfleet.cli.documents.schedules:ScheduleMade",
    "schedule list": "benchfleet.cli.documents.schedules:SchedulesList",
    "schedule show": "benchfleet.cli.documents.schedules:ScheduleShown",
    "schedule run-now": "benchfleet.cli.documents.schedules:ScheduleFired",
    "schedule delete": "benchfleet.cli.documents.schedules:ScheduleDeleted",
    "models discover": "benchfleet.cli.documents.models:ModelsList",
    "models query": "benchfleet.cli.documents.models:ModelFound",
    "models list": "benchfleet.cli.documents.models:ModelsList",
    "models stats": "benchfleet.cli.documents.models:Statistics",
    "models watch": "benchfleet.cli.documents.models:Change",
    "executors list": "benchfleet.cli.documents.models:ExecutorsList",
    "executors show": "benchfleet.cli.documents.models:ExecutorShown",
    "executors drain": "benchfleet.cli.documents.models:ExecutorDrained",
    "executors remove": "benchfleet.cli.documents.models:ExecutorRemoved",
    "http run": "benchfleet.cli.documents.http:HttpMeasured",
    "http report": "benchfleet.cli.documents.http:HttpMeasured",
    "http consolidate": "benchfleet.cli.documents.http:HttpMeasured",
    "http compare": "benchfleet.cli.documents.http:HttpMeasured",
    "http stream": "benchfleet.cli.documents.http:HttpStreamed",
    "http profile": "benchfleet.cli.documents.http:HttpProfiled",
    "http detect": "benchfleet.cli.documents.http:HttpDetected",
    "http frameworks": "benchfleet.cli.documents.http:HttpFrameworks",
    "http suite": "benchfleet.cli.documents.http:HttpSuites",
    "http check-tools": "benchfleet.cli.documents.http:HttpTools",
    "fleet run": "benchfleet.cli.documents.fleet:FleetRun",
    "fleet validate": "benchfleet.cli.documents.fleet:FleetValidated",
    "fleet status": "benchfleet.cli.documents.fleet:FleetStatusShown",
    "fleet wait": "benchfleet_contract.fleets.results:FleetBenchmarkResults",
    "fleet results": "benchfleet_contract.fleets.results:FleetBenchmarkResults",
    "fleet list": "benchfleet.cli.documents.fleet:FleetRunsListed",
    "fleet cancel": "benchfleet.cli.documents.fleet:FleetCancelled",
    "fleet compare": "benchfleet.cli.documents.fleet:FleetsCompared",
    "fleet aggregate": "benchfleet.cli.documents.fleet:FleetWritten",
    "fleet rescore": "benchfleet.cli.documents.fleet:FleetWritten",
    "fleet archive": "benchfleet.cli.documents.fleet:FleetsArchived",
    "report": "benchfleet.report.model.report:Report",
    "import": "benchfleet.cli.documents.imported:ResultsImported",
    "runner": "benchfleet.cli.documents.runner:RunnerSummary",
    "executor": "benchfleet.cli.documents.executor:ExecutorAnnounced",
    "emulator": "benchfleet.cli.documents.emulator:EmulatorReady",
    "demo": "benchfleet.cli.documents.demo:DemoEnded",
    "deploy": "benchfleet.cli.documents.deploy:Deployed",
    "nuke": "benchfleet.cli.documents.nuke:Nuked",
    "logs": "benchfleet.cli.documents.logs:LogLine",
    "keys create": "benchfleet.cli.documents.keys:KeyMade",
    "keys list": "benchfleet.cli.documents.keys:KeysList",
    "keys revoke": "benchfleet.cli.documents.keys:KeyRevoked",
    "cost": "benchfleet.cli.documents.prices:RunCost",
    "prices list": "benchfleet.cli.documents.prices:PricesListed",
    "prices update": "benchfleet.cli.documents.prices:PricesUpdated",
    "login": "benchfleet.cli.documents.login:LoggedIn",
    "doctor": "benchfleet.cli.documents.doctor:Examined",
}


def model(command: str) -> type[BaseModel]:
    module, _, name = DOCUMENTS[command].partition(":")
    found: type[BaseModel] = getattr(import_module(module), name)
    return found


@cache
def document() -> dict[str, Any]:
    """The whole file: `commands` leads from a command's words to its document. Made once: nobody may change it."""
    asked = [(model(command), "serialization") for command in DOCUMENTS]
    references, made = models_json_schema(asked, ref_template="#/$defs/{model}")  # type: ignore[arg-type]
    commands = {command: references[model(command), "serialization"] for command in DOCUMENTS}
    return {
        "$schema": DRAFT,
        "title": "What benchfleet's commands print with --json",
        "commands": commands,
        "$defs": made["$defs"],
    }


def schema_of(command: str) -> dict[str, Any]:
    """A schema of one command's document, whole in itself."""
    whole = document()
    return {"$schema": DRAFT, **whole["commands"][command], "$defs": whole["$defs"]}


def text() -> str:
    return json.dumps(document(), indent=2) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
