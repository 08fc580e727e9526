"""Run configs: JSON or YAML files, checked as a whole before anything is started or sent."""

from benchfleet.config.loading import load
from benchfleet.config.provision import LocalProvision, Provision
from benchfleet.config.run_config import RunConfig
from benchfleet.documents.problems import InvalidConfig

__all__ = ["InvalidConfig", "LocalProvision", "Provision", "RunConfig", "load"]
