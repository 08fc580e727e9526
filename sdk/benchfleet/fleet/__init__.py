"""Fleets of prompts and models: manifests read from files, runs started, followed and collected."""

from benchfleet.fleet.client import AsyncFleetBenchmark, FleetBenchmark
from benchfleet.fleet.errors import ManifestError, ProviderConfigError, ResultsNotReady, RunNotFound, WaitTimeout
from benchfleet.fleet.handle import Handle

__all__ = [
    "AsyncFleetBenchmark",
    "FleetBenchmark",
    "Handle",
    "ManifestError",
    "ProviderConfigError",
    "ResultsNotReady",
    "RunNotFound",
    "WaitTimeout",
]
