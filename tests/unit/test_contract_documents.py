"""Every kind of document can be checked: what is wrong with one would else show only when the first is made."""

import importlib
import pkgutil

import benchfleet_contract

from tests.document_kinds import document_kinds


def test_the_checks_of_every_kind_can_be_built() -> None:
    for found in pkgutil.walk_packages(benchfleet_contract.__path__, "benchfleet_contract."):
        importlib.import_module(found.name)
    for kind in {*document_kinds()}:
        kind.model_rebuild()
        assert kind.__pydantic_complete__, kind
