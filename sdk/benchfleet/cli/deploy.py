"""`benchfleet deploy`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from benchfleet.cli.options import AsJson, somebody_there
from benchfleet.exceptions import UsageError

if TYPE_CHECKING:
    from benchfleet.deploy.driver import Deployment
    from benchfleet.deploy.options import DeployOptions, Folders

Stage = Annotated[Literal["dev", "prod"], typer.Option(help="Which of the two control planes of an account.")]
Region = Annotated[
    str | None, typer.Option(metavar="REGION", help="Of the control plane; else $AWS_REGION, else the AWS profile's.")
]
AlsoRegion = Annotated[
    list[str] | None, typer.Option(metavar="REGION", help="A further region for machines; may be repeated.")
]
Plan = Annotated[bool, typer.Option("--plan", help="Show what would change, and change nothing.")]
SkipImage = Annotated[bool, typer.Option("--skip-image", help="Leave the runner's image as it is.")]
SkipSmoke = Annotated[bool, typer.Option("--skip-smoke-test", help="No mock run at the end.")]
Bucket = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="For results, when the stack is made (default: named by account and region)."),
]
Parameter = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="A parameter of the stack; may be repeated.")
]
Base = Annotated[str | None, typer.Option(metavar="IMAGE", help="What the runner's image is built on.")]
Packages = Annotated[
    str | None,
    typer.Option(metavar="NAMES", help='What apt installs on --base (default: all that runs need); "" for nothing.'),
]
SavedAs = Annotated[
    str | None, typer.Option("--profile", metavar="NAME", help="Where address and key are saved (default: aws-STAGE).")
]
NewKey = Annotated[bool, typer.Option("--new-key", help="Make one more admin key, for a machine that has none.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask no questions.")]


def run(
    stage: Stage = "dev",
    region: Region = None,
    also_region: AlsoRegion = None,
    plan: Plan = False,
    skip_image: SkipImage = False,
    skip_smoke_test: SkipSmoke = False,
    bucket: Bucket = None,
    parameter: Parameter = None,
    base: Base = None,
    system_packages: Packages = None,
    profile: SavedAs = None,
    new_key: NewKey = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Bring a control plane into your AWS account, or up to date.

    Safe to run again: each step looks at what is there. At the end the address and your key are in a profile, so that
    `benchfleet run` works at once.
    """
    from benchfleet.deploy.options import DEFAULT_BASE, DeployOptions

    options = DeployOptions(
        stage=stage,
        also_regions=tuple(also_region or ()),
        bucket=_checked_bucket(bucket, stage),
        parameters=dict(_pair(text) for text in parameter or ()),
        base=base or DEFAULT_BASE,
        system_packages=system_packages,
        profile=_checked_profile(profile or f"aws-{stage}"),
        skip_image=skip_image,
        skip_smoke=skip_smoke_test,
        new_key=new_key,
    )
    _go(options, region, plan=plan, asks=not yes, as_json=as_json)


def _go(options: "DeployOptions", region: str | None, *, plan: bool, asks: bool, as_json: bool) -> None:
    from rich.console import Console

    from benchfleet.cli.deploy_ending import print_deployed, print_plan
    from benchfleet.cli.deploy_progress import display
    from benchfleet.deploy.aws import Aws
    from benchfleet.deploy.driver import Deployment
    from benchfleet.deploy.project import find_project
    from benchfleet.running.interrupts import Interrupts

    if asks and not plan and not somebody_there():
        raise UsageError("nobody is here to be asked: add --yes, or --plan to see what would change")
    project, aws = find_project(Path.cwd()), Aws(region)
    with Interrupts().caught(), display(Console(stderr=True)) as progress:
        deployment = Deployment(aws, project, options, folders(), progress)
        try:
            deployment.examine()
            if plan:
                print_plan(deployment.plan(), deployment, options, as_json=as_json)
                return
            if asks:
                progress.close()
                _ask(deployment, options, aws.region)
            deployed = deployment.run()
        except KeyboardInterrupt:
            progress.note(f"Interrupted. Left behind: {deployment.left_behind}.")
            raise
    print_deployed(deployed, deployment, options, as_json=as_json)


def _ask(deployment: "Deployment", options: "DeployOptions", region: str) -> None:
    """Raises typer.Abort unless the answer is yes."""
    words = (
        f"Deploy stage {options.stage} into account {deployment.caller.account}, {region}, as {deployment.caller.arn}?"
    )
    typer.confirm(words, abort=True, err=True)


def folders() -> "Folders":
    from platformdirs import user_cache_path, user_state_path

    from benchfleet.deploy.options import Folders
    from benchfleet.profiles.file import profile_file

    return Folders(
        cache=user_cache_path("benchfleet") / "deploy",
        state=user_state_path("benchfleet") / "deploy",
        profiles=profile_file(os.environ),
    )


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--parameter {text}: give it as NAME=VALUE")
    return name, value


def _checked_bucket(name: str | None, stage: str) -> str | None:
    """The functions' policies allow no other."""
    import re

    if name is not None and not re.fullmatch(rf"benchfleet-{stage}-[a-z0-9][a-z0-9-]{{1,40}}[a-z0-9]", name):
        raise UsageError(
            f"--bucket {name}: it must begin with benchfleet-{stage}-, then 3 to 42 lower-case letters, digits and dashes"
        )
    return name


def _checked_profile(name: str) -> str:
    from benchfleet_contract.names import LABEL

    if not LABEL.fullmatch(name):
        raise UsageError(f"--profile {name}: letters, digits, dot, dash and underscore, at most 64")
    return name
