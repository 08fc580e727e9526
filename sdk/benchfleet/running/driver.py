"""Sees a run through: control plane, runners, run, progress, archive."""

import shlex
from pathlib import Path

from benchfleet_contract.runs import RunDetail
from benchfleet_contract.states import ArchiveState, RunStatus

from benchfleet import exit_codes
from benchfleet.exceptions import ApiError, ArchiveError, BenchfleetError, TimedOut, Unreachable
from benchfleet.results.fetch import fetch, require_writable
from benchfleet.running.agreeing import agree
from benchfleet.running.creating import known, require_key, send, was_refused
from benchfleet.running.interrupts import Interrupted
from benchfleet.running.leaving import STOPPING_S, Ended, exit_code_of, interrupted, left, next_step, words_of
from benchfleet.running.opening import new_session, old_session, require_free
from benchfleet.running.options import RunOptions
from benchfleet.running.quieting import require_quiet
from benchfleet.running.session import Client, Session, Tools
from benchfleet.running.state import Phase, RunState, StateFolder
from benchfleet.running.undo import Undo
from benchfleet.watch.groups import demand_of, open_tasks
from benchfleet.watch.poller import RunPoller, Snapshot
from benchfleet.watch.polling import poll_until_done


class RunDriver:
    """Drives one run. `state` is there from the moment in which the run may exist; it is what the last line tells of."""

    def __init__(self, options: RunOptions, tools: Tools) -> None:
        self._options = options
        self._tools = tools
        self.state: RunState | None = None

    @property
    def state_file(self) -> Path | None:
        """None when nothing of the run is left here."""
        path = StateFolder(self._options.state_dir).path(self.state.run_id) if self.state else None
        return path if path and path.exists() else None

    def run(self) -> Ended:
        """Raises BenchfleetError and Interrupted; what was started here has ended then, or was left on purpose."""
        with self._tools.interrupts.caught(), Undo(self._tools.interrupts) as undo:
            session = self._open(undo)
            if session.state.phase != Phase.DONE:
                self._bring_up(session)
            return self._see_through(session)

    def _open(self, undo: Undo) -> Session:
        opens = new_session if self._options.resume is None else old_session
        session = opens(self._options, self._tools, undo)
        if session.state.phase != Phase.PROVISIONING:
            self.state = session.state
        return session

    def _bring_up(self, session: Session) -> None:
        """Up to the moment in which the run exists and its runners are there."""
        creates = session.state.phase in (Phase.PROVISIONING, Phase.CREATING)
        try:
            require_writable(Path(session.state.results_dir).parent)
            self._require_quiet(session)
            self._reach(session, creates=creates)
            self._create(session) if creates else self._bring_back(session)
        except BenchfleetError as error:
            if self._options.resume is not None and (isinstance(error, Unreachable) or not session.busy):
                session.leave()  # what works, works on
            raise

    def _require_quiet(self, session: Session) -> None:
        """Before anything of ours works here, and only where something will be measured here."""
        if any(plan.provider in self._tools.provisioners for plan in session.plans()):
            tools = self._tools
            require_quiet(tools.noise, patience_s=self._options.quiet_s, tell=tools.display.note, clocks=tools.clocks)

    def _reach(self, session: Session, *, creates: bool) -> None:
        session.take_up()
        if session.emulator is not None:
            session.reach_emulator(session.emulator)
        elif self._options.emulator:
            session.start_emulator()
        else:
            session.connection = self._tools.connection(session.state.api_url or None)
            require_key(session, creates=creates)
        if session.state.phase == Phase.PROVISIONING:
            require_free(session)

    def _provision(self, session: Session, run: RunDetail | None = None) -> None:
        """Starts runners for all of the run, or for what is left of it."""
        only = None if run is None else frozenset(demand_of(group) for group in run.groups if open_tasks(group))
        plans = session.start_runners(only)
        for said in session.fleet.said():
            self._tools.display.note(said)
        for plan in plans:
            if means := session.config.request.provision.get(plan.provider):
                self._tools.display.note(
                    f"{plan.provider}: the control plane brings the machines ({means.provisioner})"
                )
            elif plan.provider not in self._tools.provisioners:
                for instance in plan.instances:
                    self._tools.display.note(_bring_your_own(session, plan.provider, instance.instance_type))

    def _create(self, session: Session) -> None:
        agree(session, emulated=self._options.emulator)
        session.remember()
        self._provision(session)
        session.save(Phase.CREATING)
        count = self._send(session)
        tasks = f"{count} task{'s' if count != 1 else ''}"
        self._tools.display.note(f"Run {session.run_id} with {tasks}: {session.state.dashboard_url}")

    def _send(self, session: Session) -> int:
        """From here on the run may exist: its state file stays, so that it can be resumed, unless it is refused."""
        never_begun, self.state = session.undo.state.pop_all(), session.state
        try:
            return send(session)
        except ApiError as error:
            if self._options.resume is None and was_refused(error):
                session.undo.state.push(never_begun)
                self.state = None
            raise

    def _bring_back(self, session: Session) -> None:
        with self._tools.client(session.connection.api_url, session.connection.key) as client:
            run = known(session, lambda: client.run(session.run_id))
        session.remember()
        self._tools.display.note(f"Resuming run {session.run_id}: {session.state.dashboard_url}")
        if not run.status.is_over:
            self._provision(session, run)

    def _see_through(self, session: Session) -> Ended:
        try:
            if session.state.phase == Phase.DONE:
                return self._again(session)
            if self._options.detach:
                return left(session, exit_codes.OK)
            return self._finish(session)
        except Interrupted as signal:
            if not self._options.stays:
                raise
            return interrupted(session, signal, finish=lambda: self._finish(session, timeout_s=STOPPING_S))
        except (TimedOut, Unreachable):
            if self._options.stays:
                session.leave()
            raise

    def _finish(self, session: Session, *, timeout_s: float | None = None) -> Ended:
        """Follows the run to its end and downloads its results."""
        where = session.connection
        with (self._tools.watcher or self._tools.client)(where.api_url, where.key) as client:
            run = self._follow(session, client, timeout_s=timeout_s or self._options.timeout_s)
        session.save_if_possible(Phase.FETCHING)
        with self._tools.client(where.api_url, where.key) as client:
            folder = self._fetch(session, client, run)
        failed = run.status == RunStatus.FAILED or run.tasks.failed > 0
        explains = None if session.emulator else session.run_id
        with self._tools.interrupts.ignored():
            session.undo.end_work()
            self._put_away(session, failed=failed)
        step = next_step(folder, logs=session.folder, explains=explains) if failed else ""
        return Ended(exit_code_of(run), run, folder, words=words_of(run), next_step=step)

    def _follow(self, session: Session, client: Client, *, timeout_s: float | None) -> RunDetail:
        poller = RunPoller(client, session.run_id, clock=self._tools.clocks.clock)

        def poll() -> Snapshot:
            with self._tools.interrupts.held():
                session.mend_emulator()
                session.step_aside()
            snapshot = known(session, poller.poll, again=session.start_runners)
            session.seen(snapshot.run)
            return snapshot

        try:
            return poll_until_done(
                session.run_id,
                poll,
                display=self._tools.display,
                check=lambda snapshot: self._check(session, snapshot),
                timeout_s=timeout_s,
                clocks=self._tools.clocks,
            )
        finally:
            session.aside.back()

    def _check(self, session: Session, snapshot: Snapshot | None) -> None:
        with self._tools.interrupts.held():
            notes = session.fleet.check(snapshot.run) if snapshot else []
        for note in notes:
            self._tools.display.note(note)
        if notes:
            session.save_if_possible()

    def _fetch(self, session: Session, client: Client, run: RunDetail) -> Path:
        if run.archive.state != ArchiveState.READY:
            raise ArchiveError(f"run {run.run_id} has no archive: {run.archive.error or run.archive.state}")
        results = Path(session.state.results_dir).parent
        return fetch(client, session.run_id, results, hold=self._tools.interrupts.held)

    def _put_away(self, session: Session, *, failed: bool) -> None:
        """Logs are kept when something failed; an emulator's state has nothing that the results have not."""
        if session.state.emulator:
            session.state.dashboard_url = ""  # its pages ended with it
        session.emulator = session.state.emulator = None
        session.state.providers = {}
        session.save_if_possible(Phase.DONE)
        session.states.tidy(session.run_id, keep_logs=failed)

    def _again(self, session: Session) -> Ended:
        """A run that was brought home before."""
        folder = Path(session.state.results_dir)
        seen = session.state.run
        if not folder.is_dir():
            session.connection = self._tools.connection(session.state.api_url or None)
            with self._tools.client(session.connection.api_url, session.connection.key) as client:
                # It has ended: a control plane that does not answer now is not waited for.
                known(session, lambda: client.run(session.run_id))
            return self._finish(session)
        session.states.tidy(session.run_id, keep_logs=True)
        tasks = seen.tasks if seen else None
        bad = tasks is None or seen is None or seen.status != RunStatus.COMPLETED or not seen.all_done
        step = next_step(folder, logs=session.folder) if tasks and tasks.failed else ""
        return Ended(exit_codes.FAILED if bad else exit_codes.OK, folder=folder, next_step=step)


def _bring_your_own(session: Session, provider: str, instance_type: str) -> str:
    where = ("--orchestrator-url", session.connection.api_url, "--run-id", session.run_id)
    words = shlex.join(["benchfleet", "runner", *where, "--provider", provider, "--instance-type", instance_type])
    ways = "start a machine with `benchfleet provider cloud-init`, or a runner there, with BENCHFLEET_API_KEY set"
    return f"Waiting for runners of {provider}/{instance_type}: {ways}: {words}"
