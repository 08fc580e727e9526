"""Our kinds of resources as moto's CloudFormation wants them. Like moto's state, they are global to the process."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, ClassVar

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException
from moto.core.common_models import CloudFormationModel

from local_emulator.account.stacks.containers import CONTAINERS
from local_emulator.account.stacks.kinds import KINDS, Client, Kind, Made, require_known
from local_emulator.account.stacks.roles import ROLES
from local_emulator.account.stacks.stores import STORES

Clients = Callable[[str, str], Any]  # service, region
IMPORTING: ContextVar[bool] = ContextVar("importing", default=False)  # take over what is there already
_CLIENTS: list[Clients] = []  # of the account that runs; one a process


def use(clients: Clients) -> None:
    """From now on resources are made through these."""
    _CLIENTS[:] = [clients]
    for cached in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        cached.cache_clear()


def known_types() -> frozenset[str]:
    return frozenset(parsing.get_model_map()) | frozenset(parsing.NULL_MODELS)


def client_of(region: str) -> Client:
    """boto3 clients of a region, by service."""
    return lambda service: _CLIENTS[0](service, region)


class Resource:
    """A resource of one of our kinds; a class for each kind is made below."""

    kind: ClassVar[Kind]

    def __init__(self, made: Made, region: str, properties: dict[str, Any]) -> None:
        self.made, self.region, self.properties = made, region, properties

    @property
    def physical_resource_id(self) -> str:
        return self.made.id

    @classmethod
    def cloudformation_name_type(cls) -> str:
        return cls.kind.name

    @classmethod
    def cloudformation_type(cls) -> str:
        return cls.kind.type

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return True  # the value is asked for, and is an error where there is none

    def get_cfn_attribute(self, attribute_name: str) -> Any:
        if self.made.attributes.get(attribute_name) is None:
            raise UnformattedGetAttTemplateException
        return self.made.attributes[attribute_name]

    def is_created(self) -> bool:
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Any:
        kind, client = cls.kind, client_of(region_name)
        properties = cloudformation_json.get("Properties", {})
        require_known(kind, properties)
        found = kind.find(client, resource_name) if IMPORTING.get() else None
        if found and kind.update:
            return cls(kind.update(client, found, properties), region_name, properties)
        return cls(kind.make(client, resource_name, properties), region_name, properties)

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource: Any, new_resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> Any:
        kind, client = cls.kind, client_of(region_name)
        properties = cloudformation_json.get("Properties", {})
        require_known(kind, properties)
        renamed = kind.name in properties and properties[kind.name] != original_resource.properties.get(kind.name)
        if kind.update and not renamed:
            made = kind.update(client, original_resource.made, properties)
        else:
            original_resource.delete(account_id, region_name)
            made = kind.make(client, new_resource_name, properties)
        return cls(made, region_name, properties)

    def delete(self, account_id: str, region_name: str) -> None:
        self.kind.end(client_of(self.region), self.made, self.properties)


def _model(kind: Kind) -> type[CloudFormationModel]:
    """moto looks for classes directly below its own, one a type."""
    return type(kind.type.replace("::", ""), (Resource, CloudFormationModel), {"kind": kind})


MODELS = [_model(kind) for kind in (*KINDS, *STORES, *CONTAINERS, *ROLES)]  # moto finds classes that exist
