"""One run as this command holds it: its state file, its control plane, its runners."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from benchfleet_contract.identity import WhoAmI
from benchfleet_contract.runs import CreatedRun, RunDetail, RunListItem
from benchfleet_contract.workloads.kinds import kind

from benchfleet.config import RunConfig
from benchfleet.exceptions import BenchfleetError
from benchfleet.local.aside import Aside
from benchfleet.local.emulator import EmulatorProcess, Ready
from benchfleet.local.processes import Background, Identity, end_all
from benchfleet.local.quiet import Noise, noise
from benchfleet.local.state import ProviderState
from benchfleet.profiles.settings import Connection
from benchfleet.running.interrupts import Interrupts
from benchfleet.running.provisioning import Fleet, Plan, Provisioner
from benchfleet.running.state import Phase, RunState, StateFolder
from benchfleet.running.undo import Undo
from benchfleet.watch.groups import Demand, demand_of
from benchfleet.watch.poller import Api
from benchfleet.watch.polling import Clocks, Display

MOST_RESTARTS = 3  # of an emulator


class Client(Api, Protocol):
    """The part of the client that a run needs."""

    def create_run(self, config: dict[str, Any]) -> CreatedRun: ...

    def runs(self) -> Iterator[RunListItem]: ...

    def whoami(self) -> WhoAmI: ...

    def stop_run(self, run_id: str) -> None: ...

    def download(self, run_id: str, to: Path) -> Path: ...


Choose = Callable[[str], str]


@dataclass(frozen=True)
class Tools:
    """What a run is made with. `connection` gets the URL of a state file, or None; `choose`, `agrees` None: nobody can be asked.

    `watcher` is a client that repeats nothing, so that no poll lasts for longer than there is time; None: as `client`.
    """

    load: Callable[[Path], RunConfig]
    connection: Callable[[str | None], Connection]
    client: Callable[[str, str | None], AbstractContextManager[Client]]
    provisioners: dict[str, Provisioner]
    display: Display
    watcher: Callable[[str, str | None], AbstractContextManager[Client]] | None = None
    emulator: Callable[[Path], EmulatorProcess] = EmulatorProcess
    choose: Choose | None = None
    agrees: Callable[[], bool] | None = None
    interrupts: Interrupts = field(default_factory=Interrupts)
    clocks: Clocks = field(default_factory=Clocks)
    noise: Callable[[], Noise] = noise
    aside: Callable[[], Aside] = Aside


class Session:
    """Starts what the run needs here. What it starts ends with `undo`, unless the session is left."""

    def __init__(self, state: RunState, *, folder: StateFolder, config: RunConfig, tools: Tools, undo: Undo) -> None:
        self.state = state
        self.states = folder
        self.config = config
        self.tools = tools
        self.undo = undo
        self.fleet = Fleet(tools.provisioners, interrupts=tools.interrupts)
        self.emulator: EmulatorProcess | None = None
        self.connection = Connection("", None, None)
        self.runner_key: str | None = None
        self.aside = tools.aside()
        self._restarts = 0
        self._disk_told = False

    @property
    def run_id(self) -> str:
        return self.state.run_id

    @property
    def folder(self) -> Path:
        return self.states.folder(self.run_id)

    def save(self, phase: Phase | None = None) -> None:
        """Raises BenchfleetError if the state file cannot be written; the one before stays then."""
        self.state.phase = phase or self.state.phase
        self.state.providers |= self.fleet.states()
        self.state.emulator = self.emulator.state() if self.emulator else self.state.emulator
        with self.tools.interrupts.held():
            self.states.save(self.state, now=self.tools.clocks.now())

    def save_if_possible(self, phase: Phase | None = None) -> None:
        """The run goes on if it cannot be written: what the file says is enough to resume. Told once."""
        try:
            self.save(phase)
        except BenchfleetError as error:
            if not self._disk_told:
                self.tools.display.note(f"The state file is not up to date: {error}")
                self._disk_told = True

    def seen(self, run: RunDetail) -> None:
        before = self.state.run
        self.state.seen(run)
        if self.state.run != before:
            self.save_if_possible()

    def start_emulator(self) -> None:
        """Saved before it is ready, so that a command that dies meanwhile leaves a trace of it."""
        self.tools.display.note("Starting the emulator")
        self.emulator = self._make_emulator(self.folder / "emulator")
        with self.tools.interrupts.held():
            self.emulator.start()
            self.save()
        self._take(self.emulator.wait_until_ready(clock=self.tools.clocks.clock, sleep=self.tools.clocks.sleep))

    def take_up(self) -> None:
        """What an earlier command has left at work: from here on it ends with this one."""
        if (found := self.state.emulator) is not None:
            self.emulator = self._make_emulator(Path(found.folder))
            self.emulator.find_again(found)
        self.undo.work.callback(lambda: end_found(self.state.providers))

    def _make_emulator(self, folder: Path) -> EmulatorProcess:
        emulator = self.tools.emulator(folder)
        self.undo.work.callback(emulator.stop)
        return emulator

    def reach_emulator(self, emulator: EmulatorProcess) -> None:
        """One that was taken up; restarted on its state if it has ended."""
        if emulator.alive:
            self._take(emulator.wait_until_ready())
        else:
            self._restart()

    def mend_emulator(self) -> None:
        """Restarts it if it died, a few times. Raises BenchfleetError if that is of no use."""
        if self.emulator is None or self.emulator.alive:
            return
        if self._restarts >= MOST_RESTARTS:
            raise BenchfleetError(f"the emulator keeps ending; see {self.emulator.log}")
        self._restarts += 1
        known = self.connection.api_url
        self._restart()
        if self.connection.api_url != known:
            raise BenchfleetError(f"the emulator had to move from {known}, because its port was taken meanwhile")

    def step_aside(self) -> None:
        """This command and its emulator leave the cores to what is measured, where runners are at work here."""
        if self.fleet.states():
            pid = self.emulator.pid if self.emulator else None
            self.aside.keep([pid] if pid else [])

    def _restart(self) -> None:
        if self.emulator is not None:
            self.tools.display.note("The emulator has ended; starting it again on what it has kept")
            with self.tools.interrupts.held():
                ready = self.emulator.restart()
                self._take(ready)

    def _take(self, ready: Ready) -> None:
        """Runners that know it by another address are of no use any more."""
        if self.state.api_url not in ("", ready.api_url):
            end_found(self.state.providers)
            self.state.providers = {}
        self.runner_key = ready.runner_key
        self.connect(Connection(ready.api_url, ready.admin_key, None))

    def connect(self, connection: Connection) -> None:
        self.connection = connection
        self.remember()

    def remember(self) -> None:
        """Where the run is, for later commands: not before it is sure that it is there, or shall be."""
        api_url = self.connection.api_url
        self.state.api_url = api_url
        self.state.dashboard_url = f"{api_url.rstrip('/')}/?run_id={self.run_id}"
        self.save()

    def start_runners(self, only: frozenset[Demand] | None = None) -> list[Plan]:
        """Those that still work are taken up. May be called again, for runners that have ended."""
        plans = self.plans(only)
        self.fleet.leave()
        self.undo.work.callback(self.fleet.stop)
        self.fleet.start(plans, before=self.state.providers)
        self.save()
        return plans

    @property
    def busy(self) -> bool:
        """Has this command started or taken up anything?"""
        return self.emulator is not None or bool(self.fleet.states())

    def plans(self, only: frozenset[Demand] | None = None) -> list[Plan]:
        """One for each provider; `only` takes those (provider, instance type) whose tasks are not all done."""
        request = self.config.request
        wanted = [i for i in request.instances if only is None or demand_of(i) in only]
        work = kind(request.workload)
        return [
            Plan(
                provider=provider,
                instances=tuple(instance for instance in wanted if instance.provider == provider),
                count=self.config.instances,
                run_id=self.run_id,
                api_url=self.connection.api_url,
                key=self.runner_key or self.connection.key or "",
                slots=self.state.slots,
                options=_options(self.config, provider),
                logs=self.folder.absolute(),
                cores_per_slot=work.cores if work else 1,
                processes_only=work is not None and work.processes_only,
            )
            for provider in dict.fromkeys(instance.provider for instance in wanted)
        ]

    def leave(self) -> None:
        """What was started goes on without this command. What comes meanwhile by signal is forgotten."""
        with self.tools.interrupts.ignored():
            self.save_if_possible()
            self.fleet.leave()
            if self.emulator is not None:
                self.emulator.leave()
            self.undo.work.pop_all()


def end_found(providers: Mapping[str, ProviderState]) -> None:
    """Ends what still runs of the runners of an earlier command."""
    known = [runner for provider in providers.values() for runner in provider.runners]
    end_all([Background(Identity(found.pid, found.started), log=None) for found in known])


def _options(config: RunConfig, provider: str) -> Any:
    return config.provision.local if provider == "local" else config.provision.others.get(provider)
