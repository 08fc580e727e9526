"""The second path: ends machines by their tags, wherever any may stand."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from chalicelib.domain.launch_records import Launch
from chalicelib.domain.launches import LaunchFailed, Tagged
from chalicelib.domain.ports import Clock, Launches, Runs
from chalicelib.domain.records import Run
from chalicelib.domain.strays import is_stray
from chalicelib.services.provisioning.clouds import Clouds

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EndStrays:
    runs: Runs
    launches: Launches
    clouds: Clouds
    clock: Clock

    def __call__(self) -> int:
        """How many were ended. One place in trouble keeps no other from being looked at."""
        known = _Known(self.runs, self.launches)
        ended = 0
        for provisioner, region in sorted(self._places()):
            try:
                ended += self._end(provisioner, region, known)
            except LaunchFailed as error:
                _log.error("%s in %s cannot be searched for machines: %s", provisioner, region, error.words)
        return ended

    def _places(self) -> Iterator[tuple[str, str]]:
        """Where machines were launched of late, and every region of the deployment beside that."""
        marked = self.launches.marked(now_ms=self.clock())
        if not marked:
            return iter(())
        try:
            regions = set(self.clouds.places().regions)
        except LaunchFailed as error:
            _log.error("the deployment does not tell its places: %s", error.words)
            regions = set()
        provisioners = {provisioner for provisioner, _ in marked}
        return iter({*marked, *((provisioner, region) for provisioner in provisioners for region in regions)})

    def _end(self, provisioner: str, region: str, known: "_Known") -> int:
        provider = self.clouds.anywhere(provisioner)
        strays = [each for each in provider.tagged(region) if self._is_stray(each, known)]
        if strays:
            names = ", ".join(f"{each.resource_id} ({each.name} of run {each.run_id})" for each in strays)
            _log.warning("ending machines that nobody needs, in %s: %s", region, names)
            for each in strays:
                self._note(each, known)
            provider.terminate(region, [each.resource_id for each in strays])
        return len(strays)

    def _note(self, tagged: Tagged, known: "_Known") -> None:
        """Before it is ended, so that what its script says of that is no failure. Whoever changes the launch meanwhile wins."""
        launch = known.of(tagged.run_id)[1].get(tagged.name or "")
        if launch and launch.is_live and launch.resource_id == tagged.resource_id:
            self.launches.change(launch, launch.end())

    def _is_stray(self, tagged: Tagged, known: "_Known") -> bool:
        """What was read before the machine was found may be too old to judge it by: a stray is judged twice."""
        now_ms = self.clock()
        if not is_stray(tagged, *known.of(tagged.run_id), now_ms=now_ms):
            return False
        return is_stray(tagged, *_Known(self.runs, self.launches).of(tagged.run_id), now_ms=now_ms)


@dataclass(frozen=True)
class _Known:
    """Each run is read once."""

    runs: Runs
    launches: Launches
    read: dict[str, tuple[Run | None, Mapping[str, Launch]]] = field(default_factory=dict)

    def of(self, run_id: str | None) -> tuple[Run | None, Mapping[str, Launch]]:
        if not run_id:
            return None, {}
        if run_id not in self.read:
            found = self.runs.get(run_id)
            launches = {each.name: each for each in self.launches.all(run_id)} if found else {}
            self.read[run_id] = (found[0] if found else None, launches)
        return self.read[run_id]
