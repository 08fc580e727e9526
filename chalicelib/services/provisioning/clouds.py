"""Where machines can be put, who brings them, and what they cost."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from benchfleet_contract.places import Places

from chalicelib.domain.fleets import Means
from chalicelib.domain.launch_records import Launch
from chalicelib.domain.launches import LaunchFailed, MachineProvider, Prices


@dataclass(frozen=True)
class Clouds:
    """`places` raises LaunchFailed where the deployment has none. `providers` gives one for each provisioner."""

    places: Callable[[], Places]
    providers: Callable[[], Mapping[str, MachineProvider]]
    prices: Prices

    @property
    def stage(self) -> str:
        return self.places().stage

    def regions(self, means: Means) -> tuple[str, ...]:
        """Where such machines are launched, in the order in which that is tried."""
        return means.regions or tuple(self.places().regions)[:1]

    def provider(self, provisioner: str, region: str) -> MachineProvider:
        """Raises LaunchFailed where there is none, or the region has no place."""
        places = self.places()
        if region not in places.regions:
            words = f"the deployment has no place for machines in {region}"
            raise LaunchFailed(
                "unsupported", words, f"`benchfleet deploy --region {region}` makes one, or name another"
            )
        return self.anywhere(provisioner)

    def anywhere(self, provisioner: str) -> MachineProvider:
        """One that need not launch: machines are looked at, and ended, also where there is no place any more."""
        found = self.providers()
        if provisioner not in found:
            words = f"this control plane has no provisioner {provisioner}"
            raise LaunchFailed("unsupported", words, f"one of {', '.join(sorted(found))}")
        return found[provisioner]


def by_place(launches: Iterable[Launch]) -> list[tuple[str, str, list[Launch]]]:
    """(provisioner, region, its launches): what one request may be about."""
    standing = [each for each in launches if each.resource_id and each.region]
    key = lambda each: (each.provisioner, each.region or "")  # noqa: E731
    return [(*place, list(rows)) for place, rows in groupby(sorted(standing, key=key), key=key)]
