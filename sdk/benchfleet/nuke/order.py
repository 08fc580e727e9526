"""The order in which a stage goes: first what starts other things, then what costs by the hour, last what tells of the rest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.progress import Progress
from benchfleet.deploy.stacks import Stack, Stacks
from benchfleet.nuke import owned, parameters, schedules, stragglers
from benchfleet.nuke.machines import Machines
from benchfleet.nuke.regions import FoundStack
from benchfleet.nuke.results import Results


@dataclass(frozen=True)
class Step:
    """`act` may be repeated, and may be cut off anywhere."""

    words: str
    act: Callable[[], None]


@dataclass(frozen=True)
class Removal:
    """Deletes everything of one stage. `stacks` are those with the tag; `regions` where machines can be.

    `forget` sees to this machine; the parameter that names the API's address is still there then.
    """

    aws: Aws
    stage: str
    regions: Sequence[str]
    stacks: Sequence[FoundStack]
    progress: Progress
    with_results: bool
    forget: Callable[[], None]

    def steps(self) -> list[Step]:
        """Machines end twice: what was starting one while they ended is gone by the second time."""
        with_results = [Step("table and bucket", self._results)] if self.with_results else []
        return [
            Step("tags", lambda: owned.claim(self.aws, self.stage)),
            Step("schedules", self._schedules),
            Step("machines", self._machines),
            Step("event sources and rules", self._triggers),
            Step("functions", self._functions),
            Step("API", self._apis),
            Step("machines that came meanwhile", self._machines),
            *(Step(f"stack {it.name} in {it.region}", lambda it=it: self._stack(it)) for it in self.stacks),  # type: ignore[misc]
            Step("roles", self._roles),
            *with_results,
            Step("what the stacks have left", self._stragglers),
            Step("what this machine remembers", self.forget),
            Step("parameters", self._parameters),
        ]

    def _schedules(self) -> None:
        for thing in schedules.schedules(self.aws, self.stage):
            self._tell(thing.name, thing.kind)
            schedules.delete_schedule(self.aws, self.stage, thing.name)

    def _machines(self) -> None:
        Machines(self.aws, self.stage).end(self.regions, self.progress)

    def _triggers(self) -> None:
        found = owned.owned(self.aws, self.stage)
        for mapping in found.mappings:
            self._tell(mapping.uuid, f"event source {mapping.source}")
            owned.delete_mapping(self.aws, mapping.uuid)
        for rule in found.rules:
            self._tell(rule, "rule")
            owned.delete_rule(self.aws, rule)

    def _functions(self) -> None:
        for name in owned.owned(self.aws, self.stage).functions:
            self._tell(name, "function")
            owned.delete_function(self.aws, name)

    def _apis(self) -> None:
        for api_id in owned.owned(self.aws, self.stage).apis:
            self._tell(api_id, "API")
            owned.delete_api(self.aws, api_id)

    def _stack(self, found: FoundStack) -> None:
        Stacks(self.aws, self.progress).remove(Stack(found.name, found.region, "", {}, {}))

    def _roles(self) -> None:
        for name in owned.owned(self.aws, self.stage).roles:
            self._tell(name, "role")
            owned.delete_role(self.aws, name)

    def _results(self) -> None:
        Results(self.aws, self.stage).delete(self.progress)

    def _stragglers(self) -> None:
        for thing in list(
            stragglers.stragglers(self.aws, self.stage, list(self.regions), with_results=self.with_results)
        ):
            if stragglers.delete_straggler(self.aws, thing):
                self._tell(thing.name, thing.kind)

    def _parameters(self) -> None:
        for thing in parameters.parameters(self.aws, self.stage):
            self._tell(thing.name, thing.kind)
            parameters.delete_parameter(self.aws, thing.name)

    def _tell(self, name: str, kind: str) -> None:
        self.progress.resource(name, kind, "deleting")
