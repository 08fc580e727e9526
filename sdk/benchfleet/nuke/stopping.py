"""The run whose machines a nuke ends. It is stopped first: a control plane whose run goes on brings machines again."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchfleet_contract.launches import LaunchView
from benchfleet_contract.runs import RunDetail

from benchfleet.client import Client
from benchfleet.deploy import places
from benchfleet.deploy.aws import Aws
from benchfleet.deploy.progress import Progress
from benchfleet.exceptions import BenchfleetError, Conflict, NotFound
from benchfleet.nuke.thing import Thing
from benchfleet.profiles.file import read_profiles
from benchfleet.profiles.settings import Connection, connection

RUN, LAUNCH = "run", "launch"
_OVER = ("ended", "failed")
_EVERY_S, _PATIENCE_S = 2.0, 180.0  # the sweep looks at each run once a minute


@dataclass(frozen=True)
class RunAtWork:
    """One run at its control plane. `of` None: this account has no control plane of the stage, and so no run that goes on.

    `sleep` takes seconds.
    """

    run_id: str
    region: str
    stage: str
    of: Connection | None
    sleep: Callable[[float], None] = time.sleep

    def find(self) -> list[Thing]:
        """The run, if it goes on or nobody can tell; nothing of one that is over or unknown."""
        try:
            run = self._run()
        except BenchfleetError as error:
            return [self._thing(f"whether it goes on is not known: {error}; {self._remedy}")]
        if run is None or run.status.is_over:
            return []
        left = run.tasks.pending + run.tasks.claimed + run.tasks.running
        return [self._thing(f"goes on, {left} of {run.tasks.total} tasks are open")]

    def stop(self, progress: Progress) -> None:
        """A run that cannot be stopped is found again at the end: machines, which cost money, end in any case."""
        try:
            if self.find():
                with suppress(Conflict), self._client() as client:  # it has ended meanwhile
                    client.stop_run(self.run_id)
                progress.resource(self.run_id, RUN, "stopped")
        except BenchfleetError as error:
            progress.note(f"run {self.run_id} could not be stopped: {error}")

    def settle(self) -> None:
        """Waits until the control plane has no launch of it on the way, so that no further machine comes; three minutes."""
        for _ in range(round(_PATIENCE_S / _EVERY_S)):
            if not self.launches():
                return
            self.sleep(_EVERY_S)

    def launches(self) -> list[Thing]:
        """Those that are not over, once the run is; none where nobody can tell, which `find` says."""
        try:
            run = self._run()
            if run is None or not run.status.is_over:
                return []
            with self._client() as client:
                return [self._launch(it) for it in client.launches(self.run_id).launches if it.state not in _OVER]
        except BenchfleetError:
            return []

    def _run(self) -> RunDetail | None:
        if self.of is None:
            return None
        with suppress(NotFound), self._client() as client:
            return client.run(self.run_id)
        return None

    def _client(self) -> Client:
        assert self.of is not None
        return Client(self.of.api_url, key=self.of.key)

    @property
    def _remedy(self) -> str:
        return f"`benchfleet login --profile aws-{self.stage}` stores an admin key, `benchfleet runs stop` stops it"

    def _thing(self, words: str) -> Thing:
        return Thing(RUN, self.run_id, self.region, words)

    def _launch(self, launch: LaunchView) -> Thing:
        return Thing(LAUNCH, launch.name, launch.region or self.region, launch.state)


def run_at_work(aws: Aws, stage: str, run_id: str, *, profiles: Path, environ: Mapping[str, str]) -> RunAtWork:
    """With the key of the stage's profile, or of the environment. Raises UsageError, ConfigError for what cannot be read."""
    told, profile = places.read(aws, stage), f"aws-{stage}"
    if told is None:
        return RunAtWork(run_id, aws.region, stage, None)
    known = read_profiles(profiles).profiles.get(profile)
    named = profile if known and known.api_url == told.api_url else None
    own = {name: value for name, value in environ.items() if name != "BENCHFLEET_PROFILE"}
    return RunAtWork(run_id, aws.region, stage, connection(told.api_url, profile=named, environ=own, file=profiles))
