"""A nuke from start to end. There is no journal: each step looks at what is there, so it may be killed anywhere and repeated."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from benchfleet.deploy import places, preflight
from benchfleet.deploy.aws import Aws
from benchfleet.deploy.errors import DeployError
from benchfleet.deploy.options import Folders
from benchfleet.deploy.progress import Progress
from benchfleet.deploy.refusals import explained
from benchfleet.exceptions import UsageError
from benchfleet.nuke import parameters, schedules
from benchfleet.nuke.hourly import Hourly
from benchfleet.nuke.inventory import Inventory
from benchfleet.nuke.laptop import forget
from benchfleet.nuke.machines import Machines
from benchfleet.nuke.order import Removal, Step
from benchfleet.nuke.owned import owned
from benchfleet.nuke.regions import FoundStack, enabled, machines_regions, require_home, stacks_of
from benchfleet.nuke.results import Results
from benchfleet.nuke.stopping import RunAtWork, run_at_work
from benchfleet.nuke.stragglers import stragglers
from benchfleet.nuke.thing import Thing

Scope = Literal["stage", "machines"]


@dataclass(frozen=True)
class NukeOptions:
    """`scope` machines: nothing but these, of one run if `run_id` says so. `regions`: further ones to look into."""

    stage: str = "dev"
    scope: Scope = "stage"
    run_id: str | None = None
    regions: tuple[str, ...] = ()
    with_results: bool = False
    hourly: Hourly = lambda region, size, spot: None


class Nuke:
    """`examine` first: it changes nothing. Then `run`, and `left` at its end. All raise BenchfleetError."""

    def __init__(self, aws: Aws, options: NukeOptions, folders: Folders, progress: Progress) -> None:
        self._aws = aws
        self._folders = folders
        self._options = options
        self._progress = progress
        self._stacks: list[FoundStack] = []
        self._regions: list[str] = []
        self._open: list[str] = []
        self._began = False
        self.account = ""

    @property
    def region(self) -> str:
        return self._aws.region

    @property
    def left_behind(self) -> str:
        """What a nuke that is cut off has not come to."""
        if not self._began:
            return "everything, nothing was changed"
        return f"{', '.join(self._open)}; the same command goes on from there" if self._open else "nothing"

    def examine(self) -> Inventory:
        self._progress.step("look at the account")
        self.account = preflight.who_asks(self._aws).account
        preflight.require_regions(self._aws, [self._aws.region, *self._options.regions])
        with explained("looking at what is there"):
            self._stacks = self._found_stacks()
            require_home(self._aws, self._options.stage, self._stacks)
            told = machines_regions(self._aws, self._options.stage, self._stacks)
            self._regions = list(dict.fromkeys([*told, *self._options.regions]))
            return self._inventory()

    def strays(self) -> list[Thing]:
        """What has the stage's tag, looked for by it alone: the rest of a deployment whose stack is gone, say."""
        self._progress.step("look for what has the tag")
        with explained("looking for what has the tag"):
            return [] if self._options.scope == "machines" else sorted(set(self._stragglers()))

    def run(self) -> None:
        """Raises DeployError that names what is not removed yet."""
        steps = self._steps()
        self._open, self._began = [step.words for step in steps], True
        for step in steps:
            self._progress.step(step.words)
            try:
                with explained(f"removing {step.words}"):
                    step.act()
            except DeployError as error:
                error.left = self.left_behind
                raise
            self._open.remove(step.words)

    def left(self) -> list[Thing]:
        """What is there still, and should not be: looked for anew, in the account and by tag."""
        self._progress.step("look for what is left")
        with explained("looking for what is left"):
            self._stacks = self._found_stacks()
            found = self._inventory()
            by_tag = [] if self._options.scope == "machines" else self._stragglers()
            on_the_way = run.launches() if (run := self._run_at_work()) else []
            return sorted({*found.things, *found.strangers, *by_tag, *on_the_way})

    def _found_stacks(self) -> list[FoundStack]:
        """In every enabled region: a deploy that was killed has told nowhere where its networks are."""
        if self._options.scope == "machines" and places.read(self._aws, self._options.stage):
            return []
        return stacks_of(self._aws, self._options.stage, self._regions or enabled(self._aws))

    def _inventory(self) -> Inventory:
        aws, options = self._aws, self._options
        machines = [it.thing(options.hourly) for it in Machines(aws, options.stage, options.run_id).find(self._regions)]
        if options.scope == "machines":
            run = self._run_at_work()
            return Inventory(self._regions, [*(run.find() if run else ()), *machines])
        chalices, results = owned(aws, options.stage), Results(aws, options.stage).find()
        things = [
            *machines, *schedules.schedules(aws, options.stage), *chalices.things(aws.region),
            *(Thing("stack", it.name, it.region, it.status) for it in self._stacks if it.ours),
            *parameters.parameters(aws, options.stage), *(results if options.with_results else ()),
        ]  # fmt: skip
        foreign = [Thing("stack", it.name, it.region, it.status) for it in self._stacks if not it.ours]
        kept = () if options.with_results else results
        return Inventory(self._regions, things, kept, [*chalices.strangers, *foreign])

    def _stragglers(self) -> Sequence[Thing]:
        options = self._options
        return list(stragglers(self._aws, options.stage, self._regions, with_results=options.with_results))

    def _steps(self) -> list[Step]:
        options = self._options
        if options.scope == "machines":
            return self._machines_steps()
        ours = [it for it in self._stacks if it.ours]
        return Removal(
            self._aws, options.stage, self._regions, ours, self._progress,
            with_results=options.with_results, forget=self._forget,
        ).steps()  # fmt: skip

    def _machines_steps(self) -> list[Step]:
        """Of one run, machines end twice: one that was being launched at its stop is there by the second time."""
        machines = Machines(self._aws, self._options.stage, self._options.run_id)
        end = Step("machines", lambda: machines.end(self._regions, self._progress))
        if (run := self._run_at_work()) is None:
            return [end]
        return [
            Step(f"run {run.run_id}", lambda: run.stop(self._progress)),
            end,
            Step("launches on the way", run.settle),
            replace(end, words="machines that came meanwhile"),
        ]

    def _run_at_work(self) -> RunAtWork | None:
        options = self._options
        if options.run_id is None:
            return None
        return run_at_work(
            self._aws, options.stage, options.run_id, profiles=self._folders.profiles, environ=os.environ
        )

    def _forget(self) -> None:
        told = places.read(self._aws, self._options.stage)
        forget(
            self._folders, self._progress, account=self.account, region=self._aws.region,
            stage=self._options.stage, api_url=told.api_url if told else None,
        )  # fmt: skip


def require_sensible(*, run_id: str | None, providers_only: bool, with_results: bool) -> Scope:
    """What is asked for. Raises UsageError for flags that contradict each other."""
    if run_id and providers_only:
        raise UsageError("--run-id ends the machines of one run, --providers-only those of all: name one of them")
    if with_results and (run_id or providers_only):
        raise UsageError(
            "--with-results deletes the table and the bucket with the whole stage: leave out the other flag"
        )
    return "machines" if run_id or providers_only else "stage"
