"""The Lambda's settings: the only place of chalicelib that reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """`keys_parameter` is the SSM parameter with the key digests, `places_parameter` that with the places for machines;
    `public_read` opens GET routes without a key.
    """

    table: str
    bucket: str
    finalize_queue: str
    keys_parameter: str
    public_read: bool = False
    provision_queue: str = "benchfleet-provision"
    places_parameter: str = "/benchfleet/places"


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Raises KeyError naming the variable that is missing."""
    return Settings(
        table=environment["BENCHFLEET_TABLE"],
        bucket=environment["BENCHFLEET_BUCKET"],
        finalize_queue=environment["BENCHFLEET_FINALIZE_QUEUE"],
        keys_parameter=environment["BENCHFLEET_KEYS_PARAMETER"],
        public_read=environment.get("PUBLIC_READ", "").lower() == "true",
        provision_queue=environment["BENCHFLEET_PROVISION_QUEUE"],
        places_parameter=environment["BENCHFLEET_PLACES_PARAMETER"],
    )
