"""Every kind of document can be checked: what is wrong with one would else show only when the first is made."""

import importlib
import pkgutil
from collections.abc import Iterator

import benchfleet_contract
from benchfleet_contract.document import Document


def kinds(base: type[Document] = Document) -> Iterator[type[Document]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


def test_the_checks_of_every_kind_can_be_built() -> None:
    for found in pkgutil.walk_packages(benchfleet_contract.__path__, "benchfleet_contract."):
        importlib.import_module(found.name)
    for kind in {*kinds()}:
        kind.model_rebuild()
        assert kind.__pydantic_complete__, kind
