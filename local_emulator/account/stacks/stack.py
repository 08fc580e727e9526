"""A stack that fails as AWS's do: an event for each resource, a rollback, and a status that says so.

States: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html. moto leaves a stack
CREATE_IN_PROGRESS and half made where a resource fails.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.cloudformation import models
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.parsing import parse_and_update_resource
from moto.ec2.models import ec2_backends
from moto.ec2.models.core import TaggedEC2Resource

from local_emulator.account.stacks import ends
from local_emulator.account.stacks.change_sets import ChangeSet, MotoChangeSet
from local_emulator.account.stacks.kinds import Unmakeable
from local_emulator.account.stacks.models import IMPORTING, known_types
from local_emulator.account.stacks.zones import with_zones

MotoStack = models.Stack
WHOLE = (
    "CREATE_PENDING", "CREATE_IN_PROGRESS", "CREATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED",
)  # fmt: skip


class Stack(MotoStack):
    """In place of moto's while an account runs."""

    on_failure = "ROLLBACK"  # or DO_NOTHING, DELETE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._ended: tuple[str, str | None, Any] | None = None
        super().__init__(*args, **kwargs)
        self._require_known()

    @property
    def outputs(self) -> Any:
        """None of a stack that was not made: moto would make its resources to tell them."""
        return super().outputs if self.status in WHOLE else None

    @property
    def exports(self) -> Any:
        return super().exports if self.status in WHOLE else []

    def begin(self, template: Any, parameters: Any, tags: Any, *, importing: bool) -> None:
        """Create it by a change set: it was empty until now. `importing` takes over what is there already."""
        self.template, self.parameters, self.tags = template, parameters, tags or {}
        self._parse_template()
        self.resource_map = self._create_resource_map()
        self._require_known()
        self.output_map = self._create_output_map()
        token = IMPORTING.set(importing)
        try:
            self.create_resources()
        finally:
            IMPORTING.reset(token)

    def settle(self) -> None:
        """To how it ended, after moto has told its own end."""
        if self._ended:
            status, reason, template = self._ended
            self.status, self.stack_status_reason, self.template = status, reason, template
            self._ended = None
            self._parse_template()
            self._resolve_zones()
            while self.events[-1].resource_status != status and self.events[-1].logical_resource_id == self.name:
                self.events.pop()

    def _create_resource_map(self) -> Any:
        self._resolve_zones()
        return super()._create_resource_map()

    def _resolve_zones(self) -> None:
        self.template_dict = with_zones(self.template_dict, account=self.account_id, region=self.region_name)

    def create_resources(self) -> None:
        self.status = "CREATE_IN_PROGRESS"
        self.description = self.template_dict.get("Description")
        self.resource_map.tags.update(
            {"aws:cloudformation:stack-name": self.name, "aws:cloudformation:stack-id": self.stack_id}
        )
        failed = self._make(self.resource_map._resource_json_map)
        if not failed:
            self._ends("CREATE_COMPLETE")
        elif self.on_failure == "DO_NOTHING":
            self._ends("CREATE_FAILED", f"The following resource(s) failed to create: [{failed}].")
        else:
            self._roll_back(failed)

    def update(
        self, template: str, role_arn: str | None = None, parameters: Any = None, tags: dict[str, str] | None = None
    ) -> None:
        if self.status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"):
            raise ValidationError(message=f"Stack:{self.stack_id} is in {self.status} state and can not be updated.")
        before = (self.template, dict(self.parameters))
        self._require_known(self.parse_template(template))
        self._ends("UPDATE_IN_PROGRESS", "User Initiated")
        if failed := self._change(template, parameters):
            words = f"The following resource(s) failed to update: [{failed}]."
            self._ends("UPDATE_ROLLBACK_IN_PROGRESS", words)
            again = self._change(*before)
            self._ends("UPDATE_ROLLBACK_FAILED" if again else "UPDATE_ROLLBACK_COMPLETE")
            return
        self.role_arn = role_arn
        self.parameters = parameters or self.parameters
        self.tags = self.tags if tags is None else tags
        self._ends("UPDATE_COMPLETE")

    def delete(self) -> None:
        """Where it fails, the status says so; the caller looks at it."""
        self._ends("DELETE_IN_PROGRESS", "User Initiated")
        left = self._unmake()
        if left:
            self._ends("DELETE_FAILED", f"The following resource(s) failed to delete: [{', '.join(left)}].")
        else:
            self._ends("DELETE_COMPLETE")

    def _unmake(self) -> list[str]:
        """Deletes what was made and is not retained, the last first; the names of what could not be deleted."""
        resources = self.template_dict.get("Resources", {})
        made = [name for name in self.resource_map._parsed_resources if name in resources]
        retained = [name for name in made if resources[name].get("DeletionPolicy", "Delete") != "Delete"]
        return [name for name in reversed(made) if name not in retained and not self._unmake_one(name)]

    def _unmake_one(self, name: str) -> bool:
        try:
            ends.end(name, self.resource_map, account=self.account_id, region=self.region_name)
        except Exception as error:
            self._tell(name, "DELETE_FAILED", _words(error))
            return False
        self._tell(name, "DELETE_COMPLETE")
        del self.resource_map._parsed_resources[name]
        return True

    def _make(self, resources: dict[str, Any]) -> str | None:
        """The logical name of what could not be made, or None. What a resource refers to is made on the way."""
        for name in _in_order(resources):
            if failed := self._make_one(name):
                return failed
        return None

    def _make_one(self, name: str) -> str | None:
        made = self.resource_map._parsed_resources
        before = set(made)
        error: Exception | None = None
        try:
            resource = self.resource_map[name]
            self._tag(name, resource)
        except Exception as raised:
            error = raised
        for new in [each for each in made if each not in before and each in self.template_dict["Resources"]]:
            self._tell(new, "CREATE_COMPLETE")
        if error:
            self._tell(name, "CREATE_FAILED", _words(error))
            return name
        return None

    def _tag(self, name: str, resource: Any) -> None:
        if isinstance(resource, TaggedEC2Resource):
            tags = {**self.resource_map.tags, "aws:cloudformation:logical-id": name}
            ec2_backends[self.account_id][self.region_name].create_tags([resource.physical_resource_id], tags)  # type: ignore[attr-defined]

    def _roll_back(self, failed: str) -> None:
        words = f"The following resource(s) failed to create: [{failed}]. Rollback requested by user."
        self._ends("ROLLBACK_IN_PROGRESS", words)
        if left := self._unmake():
            self._ends("ROLLBACK_FAILED", f"The following resource(s) failed to delete: [{', '.join(left)}].")
        else:
            self._ends("ROLLBACK_COMPLETE")

    def _change(self, template: Any, parameters: Any) -> str | None:
        """To this template. The name of what could not be changed or made, or None."""
        self.template = template
        self._parse_template()
        self._resolve_zones()
        resources, wanted = self.resource_map, self.resource_map.build_resource_diff(self.template_dict, parameters)
        gone = {name: resources._resource_json_map[name] for name in wanted["Remove"]}
        resources._template = self.template_dict
        resources.input_parameters = parameters or resources.input_parameters
        resources.load_mapping()
        resources.load_parameters()
        resources.load_conditions()
        resources._resource_json_map = {**self.template_dict["Resources"], **gone}
        failed = self._follow_diff(wanted)
        resources._resource_json_map = self.template_dict["Resources"]
        self.output_map = self._create_output_map()
        return failed

    def _follow_diff(self, wanted: dict[str, list[str]]) -> str | None:
        made = self.resource_map._parsed_resources
        wanted["Add"] += [name for name in wanted["Modify"] if made.get(name) is None]  # its condition has come true
        for name in wanted["Modify"]:
            if made.get(name) is not None and not self._change_one(name):
                return name
        for name in _in_order({name: self.template_dict["Resources"][name] for name in wanted["Add"]}):
            if self._make_one(name):
                return name
        for name in [name for name in reversed(list(made)) if name in wanted["Remove"]]:
            self._unmake_one(name)
        return None

    def _change_one(self, name: str) -> bool:
        given = self.template_dict["Resources"][name]
        try:
            if not ends.is_changeable(given["Type"]):
                raise Unmakeable(f"the emulated account cannot change a resource of type {given['Type']}")
            self.resource_map._parsed_resources[name] = parse_and_update_resource(
                name, given, self.resource_map, account_id=self.account_id, region_name=self.region_name
            )
        except Exception as error:
            self._tell(name, "UPDATE_FAILED", _words(error))
            return False
        self._tell(name, "UPDATE_COMPLETE")
        return True

    def _require_known(self, template: dict[str, Any] | None = None) -> None:
        """Raises ValidationError for a type that neither moto nor this account can make, unless its condition is false."""
        resources = (self.template_dict if template is None else template).get("Resources", {})
        holds = self.resource_map.lazy_condition_map if template is None and self.template_dict else {}
        kinds = {it["Type"] for it in resources.values() if holds.get(it.get("Condition"), True)}
        unknown = sorted(kind for kind in kinds - known_types() if not kind.startswith("Custom::"))
        if unknown:
            words = f"Template format error: the emulated account cannot make {', '.join(unknown)}"
            raise ValidationError(message=f"{words}: add them to local_emulator/account/stacks/kinds.py")

    def _add_stack_event(self, resource_status: str, *args: Any, **kwargs: Any) -> None:
        """moto tells its own beginnings and ends, too: each is told once."""
        last = self.events[-1] if self.events else None
        if last is None or (last.logical_resource_id, last.resource_status) != (self.name, resource_status):
            super()._add_stack_event(resource_status, *args, **kwargs)

    def _ends(self, status: str, reason: str | None = None) -> None:
        self.status = status
        self.stack_status_reason = reason
        self._ended = (status, reason, self.template)
        self._add_stack_event(status, reason)

    def _tell(self, name: str, status: str, reason: str | None = None) -> None:
        resource = self.resource_map._parsed_resources.get(name)
        given = self.template_dict.get("Resources", {}).get(name, {})
        self.events.append(
            models.Event(
                stack_id=self.stack_id,
                stack_name=self.name,
                logical_resource_id=name,
                physical_resource_id=str(getattr(resource, "physical_resource_id", "") or ""),
                resource_type=given.get("Type", ""),
                resource_status=status,
                resource_status_reason=reason,
                resource_properties=None,
            )
        )


def _in_order(resources: dict[str, Any]) -> list[str]:
    """What DependsOn names comes first."""
    order: list[str] = []

    def visit(name: str) -> None:
        given = resources.get(name, {}).get("DependsOn", [])
        for each in [given] if isinstance(given, str) else given:
            if each not in order:
                visit(each)
        if name in resources and name not in order:
            order.append(name)

    for name in resources:
        visit(name)
    return order


def _words(error: Exception) -> str:
    return str(getattr(error, "message", None) or error) or type(error).__name__


@contextmanager
def our_stacks() -> Iterator[None]:
    """moto makes stacks of this class meanwhile."""
    models.Stack = Stack  # type: ignore[misc]
    models.ChangeSet = ChangeSet  # type: ignore[misc]
    try:
        yield
    finally:
        models.Stack = MotoStack  # type: ignore[misc]
        models.ChangeSet = MotoChangeSet  # type: ignore[misc]
