"""The Lambda's settings: the only place of chalicelib that reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """`keys_parameter` is the SSM parameter with the key digests, `places_parameter` that with the places for machines;
    `public_read` opens GET routes without a key.

    `announcements` false: executors may not announce themselves. `stale_s` and `removal_s`: after how much silence one is
    stale, and gone, instead of three and ten of its own intervals.
    `metrics` is where metrics are written to: stdout, which is the log of a Lambda, stderr, or nowhere.
    `schedule_group` names EventBridge's group of our schedules, and what belongs to them; the table's name where nothing is said.
    """

    table: str
    bucket: str
    finalize_queue: str
    keys_parameter: str
    public_read: bool = False
    provision_queue: str = "benchfleet-provision"
    places_parameter: str = "/benchfleet/places"
    announcements: bool = True
    stale_s: float | None = None
    removal_s: float | None = None
    most_executors: int = 1_000
    most_models: int = 50
    schedule_group: str = ""
    metrics: str | None = None

    @property
    def stage(self) -> str:
        """`dev` of `benchfleet-dev`."""
        return self.schedule_group.removeprefix("benchfleet-")

    @property
    def schedules_queue(self) -> str:
        return f"{self.schedule_group}-schedules"

    @property
    def secrets_below(self) -> str:
        """The folder of the signing secrets of webhooks."""
        return f"/{self.schedule_group}/webhooks/"


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
        announcements=environment.get("SUBSCRIBE_ANNOUNCEMENTS", "true").lower() != "false",
        stale_s=_seconds(environment.get("STALE_TIMEOUT")),
        removal_s=_seconds(environment.get("REMOVAL_TIMEOUT")),
        most_executors=int(environment.get("MAX_EXECUTORS", "1000")),
        most_models=int(environment.get("MAX_MODELS_PER_EXECUTOR", "50")),
        schedule_group=environment.get("BENCHFLEET_SCHEDULE_GROUP") or environment["BENCHFLEET_TABLE"],
        metrics="stdout" if "AWS_LAMBDA_FUNCTION_NAME" in environment else environment.get("BENCHFLEET_METRICS"),
    )


def _seconds(text: str | None) -> float | None:
    return float(text) if text else None
