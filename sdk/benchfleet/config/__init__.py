"""Run configs: JSON or YAML files, checked as a whole before anything is started or sent."""

from benchfleet.config.loading import load
from benchfleet.config.problems import InvalidConfig
from benchfleet.config.provision import LocalProvision, Provision
from benchfleet.config.run_config import RunConfig

__all__ = ["InvalidConfig", "LocalProvision", "Provision", "RunConfig", "load"]
