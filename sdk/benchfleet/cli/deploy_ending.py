"""What `benchfleet deploy` prints at its end: the plan, or where everything is. Keys only on a terminal, and only fresh ones."""

import sys
from typing import TYPE_CHECKING

from benchfleet.cli.documents.deploy import Deployed as Document
from benchfleet.cli.documents.deploy import ResourceChange, SmokeTest
from benchfleet.cli.output import plain_table, print_document, print_table

if TYPE_CHECKING:
    from benchfleet.deploy.driver import Deployed, Deployment
    from benchfleet.deploy.options import DeployOptions
    from benchfleet.deploy.planning import Planned


def print_plan(planned: "Planned", deployment: "Deployment", options: "DeployOptions", *, as_json: bool) -> None:
    changes = [*_stack_changes(planned), *_function_changes(planned)]
    if as_json:
        print_document(_document(deployment, options, changes=changes))
        return
    for name, found in planned.stacks.items():
        if not found:
            print(f"stack {name}: nothing changes")
    table = plain_table("action", "resource", "kind", "stack", "details")
    for it in changes:
        table.add_row(it.action, it.name, it.kind, it.stack or "", ", ".join(it.details) + " replaced" * it.replaces)
    print_table(table)
    print("Nothing was changed. The image is built and pushed if it is not there, keys are made if there are none.")


def print_deployed(done: "Deployed", deployment: "Deployment", options: "DeployOptions", *, as_json: bool) -> None:
    if done.keys.made and sys.stderr.isatty():
        print("Keys, shown once (the admin's is in the profile, the runners' in the parameter store):", file=sys.stderr)
        print(f"  admin   {done.keys.admin}\n  runner  {done.keys.runner}", file=sys.stderr)
    if as_json:
        print_document(_document(deployment, options, done=done))
        return
    print(f"The control plane is at {done.api_url}")
    if done.smoke:
        print(f"Smoke test: run {done.smoke.run_id} went from start to end in {done.smoke.seconds:.0f} s")
    if done.profile:
        with_it = "" if done.default_profile else f" --profile {done.profile}"
        print(f"Profile {done.profile} has its address and your key: benchfleet run{with_it} -c CONFIG")


def _stack_changes(planned: "Planned") -> list[ResourceChange]:
    return [
        ResourceChange(
            stack=stack, action=it.action, name=it.name, kind=it.kind, replaces=it.replaces, details=[]
        )
        for stack, found in planned.stacks.items()
        for it in found
    ]  # fmt: skip


def _function_changes(planned: "Planned") -> list[ResourceChange]:
    return [
        ResourceChange(
            stack=None, action=it.action, name=it.name, kind="function", replaces=False, details=["code", *it.settings]
        )
        for it in planned.functions
    ]  # fmt: skip


def _document(
    deployment: "Deployment", options: "DeployOptions", *, changes: list[ResourceChange] | None = None,
    done: "Deployed | None" = None,
) -> Document:  # fmt: skip
    place = done.places.regions[deployment.region] if done else None
    return Document(
        stage=options.stage,
        region=deployment.region,
        also_regions=list(deployment.also_regions),
        account=deployment.caller.account,
        changes=changes,
        api_url=done.api_url if done else None,
        dashboard_url=f"{done.api_url}/" if done else None,
        bucket=done.outputs.get("BucketName") if done else None,
        image=place.image if place else None,
        architectures=list(done.architectures) if done else [],
        keys_made=done.keys.made if done else False,
        profile=done.profile if done else None,
        profile_file=str(deployment.profile_file) if done and done.profile else None,
        smoke_test=SmokeTest(run_id=done.smoke.run_id, seconds=round(done.smoke.seconds, 1))
        if done and done.smoke
        else None,
    )
