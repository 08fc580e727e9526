"""A stack that fails as AWS's do: an event for each resource, a rollback, and a status that says so.

States: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html. moto leaves a stack
CREATE_IN_PROGRESS and half made where a resource fails.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.cloudformation import models
from moto.cloudformation.exceptions import ValidationError
from moto.ec2.models import ec2_backends
from moto.ec2.models.core import TaggedEC2Resource

from local_emulator.account.stacks.models import known_types

MotoStack = models.Stack
_WITH_OUTPUTS = frozenset({"CREATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})


class Stack(MotoStack):
    """In place of moto's while an account runs."""

    on_failure = "ROLLBACK"  # or DO_NOTHING, DELETE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._require_known()

    @property
    def outputs(self) -> Any:
        """Of a stack that is there: reading moto's makes what they name."""
        return super().outputs if self.status in _WITH_OUTPUTS else []

    def create_resources(self) -> None:
        self.status = "CREATE_IN_PROGRESS"
        self.description = self.template_dict.get("Description")
        self.resource_map.tags.update(
            {"aws:cloudformation:stack-name": self.name, "aws:cloudformation:stack-id": self.stack_id}
        )
        failed = self._make(self.resource_map._resource_json_map)
        if not failed:
            self.mark_creation_complete()
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
        self.template = template
        self._require_known(self.parse_template(template))
        self._ends("UPDATE_IN_PROGRESS", "User Initiated")
        try:
            self._change(template, parameters)
        except Exception as error:
            self._ends("UPDATE_ROLLBACK_IN_PROGRESS", str(error))
            self._change_back(*before)
            return
        self.role_arn = role_arn
        self.parameters = parameters or self.parameters
        self.tags = self.tags if tags is None else tags
        self._ends("UPDATE_COMPLETE")

    def delete(self) -> None:
        """Where it fails, the status says so; the caller looks at it."""
        self._ends("DELETE_IN_PROGRESS", "User Initiated")
        try:
            self.resource_map.delete()
        except Exception as error:
            left = [
                name for name in self.resource_map._parsed_resources if name in self.template_dict.get("Resources", {})
            ]
            self._ends("DELETE_FAILED", f"The following resource(s) failed to delete: [{', '.join(left)}]. {error}")
            return
        self._ends("DELETE_COMPLETE")

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
        try:
            self.resource_map.delete()
        except Exception as error:
            self._ends("ROLLBACK_FAILED", str(error))
            return
        self._ends("ROLLBACK_COMPLETE")

    def _change(self, template: str, parameters: Any) -> None:
        self._parse_template()
        wanted = self.resource_map.build_resource_diff(self.template_dict, parameters)
        self.resource_map.update(self.template_dict, parameters)
        self.output_map = self._create_output_map()
        for action, status in (
            ("Add", "CREATE_COMPLETE"),
            ("Modify", "UPDATE_COMPLETE"),
            ("Remove", "DELETE_COMPLETE"),
        ):
            for name in wanted[action]:
                self._tell(name, status)

    def _change_back(self, template: Any, parameters: dict[str, Any]) -> None:
        self.template = template
        try:
            self._change(template, parameters)
        except Exception as error:
            self._ends("UPDATE_ROLLBACK_FAILED", str(error))
            return
        self._ends("UPDATE_ROLLBACK_COMPLETE")

    def _require_known(self, template: dict[str, Any] | None = None) -> None:
        """Raises ValidationError for a type that neither moto nor this account can make, unless its condition is false."""
        resources = (self.template_dict if template is None else template).get("Resources", {})
        holds = self.resource_map.lazy_condition_map if self.template_dict else {}
        kinds = {it["Type"] for it in resources.values() if holds.get(it.get("Condition"), True)}
        unknown = sorted(kind for kind in kinds - known_types() if not kind.startswith("Custom::"))
        if unknown:
            words = f"Template format error: the emulated account cannot make {', '.join(unknown)}"
            raise ValidationError(message=f"{words}: add them to local_emulator/account/stacks/kinds.py")

    def _ends(self, status: str, reason: str | None = None) -> None:
        self.status = status
        self.stack_status_reason = reason
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
    try:
        yield
    finally:
        models.Stack = MotoStack  # type: ignore[misc]
