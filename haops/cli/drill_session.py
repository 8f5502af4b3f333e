"""The drill's session inside the lab: on the screen, line by line, or confirming by itself.

Owns which operator repairs. Must never touch the lab but through the drill.
"""

import json
import signal
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from haops.cli.wish import LEFT, Wish
from haops.errors import EXIT_NOT_MET, HaopsError, InputError, Refused
from haops.lab.attached import AttachedLab
from haops.lab.drill import Drill, Setting
from haops.lab.scenarios import find_scenario
from haops.runtime import sessions
from haops.runtime.auto import AutoOperator
from haops.runtime.changes import Changes
from haops.runtime.clock import SystemClock
from haops.runtime.ending import leaving_on_signals
from haops.runtime.engine import Engine
from haops.runtime.inventories import load_inventory
from haops.runtime.library import load_runbook
from haops.runtime.opening import Opening
from haops.runtime.paths import find_session

if TYPE_CHECKING:
    from haops.core.runbook import Runbook
    from haops.lab.report import DrillReport

# Twice what the objective allows: that it was missed is told, not waited for.
_DETECTED_WITHIN_S = 60.0
# A drill that confirms by itself is over within a minute; on a busy machine it may take many times as long.
_DONE_WITHIN_S = 900.0
_SEEN_WITHIN_S = 10.0


class DrillSession:
    """One drill from inside the lab."""

    def __init__(self, wish: Wish, lab_directory: Path, flavour: str, say: Callable[[str], None]) -> None:
        self._wish = wish
        self._say = say
        self._clock = SystemClock()
        if wish.resumed:
            self._engine, setting = _resumed(wish.resumed)
        else:
            self._engine, setting = _begun(wish, lab_directory, flavour)
        lab = AttachedLab(self._engine.view().inventory)
        on_screen = not (wish.auto or wish.plain)
        # While the screen stands nothing else may write to the terminal.
        self._drill = Drill(setting, lab, self._engine, self._note if on_screen else say)
        self._trouble = ""
        self._report: DrillReport | None = None

    def run(self) -> int:
        """Hold the drill and return the exit code."""
        # A shell that starts it in the background has it ignored, and that is inherited.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if self._wish.auto:
            return self._auto()
        if self._wish.plain:
            return self._plain()
        return self._on_screen()

    def _note(self, text: str) -> None:
        """Say one line on the screen."""
        self._engine.notice(text, "notice")

    def _open(self) -> None:
        """Break the cluster, or go on where the drill was interrupted."""
        if self._drill.is_broken:
            self._drill.go_on()
        else:
            self._drill.begin()
            self._drill.break_it()

    def _auto(self) -> int:
        """Have everything confirmed by itself."""
        with leaving_on_signals(self._leave):
            try:
                # Before the cluster is broken: how soon that is seen is measured.
                self._engine.start()
                self._open()
                stopped_by = self._repair()
                report = self._drill.finish(stopped_by)
            finally:
                self._leave("left")
        return _print_report(report, as_json=self._wish.as_json)

    def _repair(self) -> str:
        """Take the runbook up when triage says that it fits, and confirm its steps. Returns why it stopped."""
        operator = AutoOperator(self._engine)
        if self._engine.view().session.runbook is None:
            runbook = _runbook(self._drill.setting.scenario.runbook)
            refused = operator.take_up(runbook, self._drill.inputs, within_s=_DETECTED_WITHIN_S, clock=self._clock)
            if refused:
                return refused
        return operator.run(within_s=_DONE_WITHIN_S, clock=self._clock)

    def _plain(self) -> int:
        """Repair line by line."""
        from haops.cli.plain import PlainSession  # noqa: PLC0415 - only this way needs it

        with leaving_on_signals(self._leave):
            try:
                self._engine.start()
                self._open()
                self._await_signal()
                self._take_up_plainly()
                report = self._drill.finish(PlainSession(self._engine, input).run())
            except Refused as error:
                self._say(str(error))
                return error.exit_code
            finally:
                self._leave("left")
        return _print_report(report, as_json=self._wish.as_json)

    def _await_signal(self) -> None:
        """Wait until what is broken is seen: the first question must not stand below words that all is well."""
        deadline_s = self._clock.monotonic() + _SEEN_WITHIN_S
        with Changes(self._engine) as changes:
            while not self._engine.view().signals and self._clock.monotonic() < deadline_s:
                changes.wait()

    def _take_up_plainly(self) -> None:
        """Take the scenario's runbook up: line by line there is no triage screen to choose it on."""
        if self._engine.view().session.runbook is None:
            runbook = _runbook(self._drill.setting.scenario.runbook)
            refusal = self._engine.choose_runbook(runbook, self._drill.inputs)
            if refusal:
                raise Refused(str(refusal))

    def _on_screen(self) -> int:
        """Repair on the screen; the report comes when the runbook is done, or the drill waits to be gone on with."""
        from haops.cli.screen import show_session  # noqa: PLC0415 - Textual is heavy

        cluster = self._engine.view().inventory.cluster
        opening = Opening(cluster, lambda: self._engine, then=self._break_beside, is_drill=True)
        # The writer must not go on for ever in a cluster that nobody repairs.
        show_session(opening, at_end=self._drill.abandon)
        # It was said on the screen, which is gone.
        if self._trouble:
            self._say(self._trouble)
        if self._report is None:
            session = self._engine.view().session.id
            self._say(f"The drill waits, and its lab with it. Go on: haops drill --resume {session}")
            return LEFT
        return _print_report(self._report, as_json=self._wish.as_json)

    def _break_beside(self) -> None:
        """Have the cluster broken while the screen stands."""
        # A daemon: who leaves the screen does not wait for a fault that takes its time.
        threading.Thread(target=self._beside, name="beside the screen", daemon=True).start()

    def _beside(self) -> None:
        """Break the cluster while the screen stands, and measure as soon as the runbook is done."""
        try:
            self._open()
            # On the screen a person fills them in; what they are in this lab only the drill knows.
            for name, value in self._drill.inputs.items():
                self._engine.notice(f"for the runbook's input {name}: {value}", "notice")
            if self._wait_for_the_end():
                self._report = self._drill.finish()
                verdict = next(self._report.as_text())
                self._engine.notice(f"{verdict}. Leave (q) for the whole report.", "notice")
        except HaopsError as error:
            self._trouble = str(error)
            self._engine.notice(str(error), "critical")

    def _wait_for_the_end(self) -> bool:
        """Wait until every step has ended; returns whether it did, before the operator left."""
        with Changes(self._engine) as changes:
            while not self._engine.has_ended:
                if self._engine.is_finished():
                    return True
                changes.wait()
        return False

    def _leave(self, reason: str) -> None:
        """Leave the session in order; the writer ends with it."""
        self._drill.abandon()
        self._engine.leave(reason)


def _begun(wish: Wish, lab_directory: Path, flavour: str) -> tuple[Engine, Setting]:
    """Return a new session on the lab's cluster."""
    scenario = find_scenario(wish.scenario)
    variant = scenario.variant(wish.variant)
    inventory = load_inventory(lab_directory / "inventory.yaml")
    runbook = _runbook(scenario.runbook)
    drilled = (scenario.name, variant.name, flavour)
    engine = sessions.begin(inventory, mode="drill", scenario=drilled, runbooks=lambda: (runbook,))
    return engine, Setting(scenario=scenario, variant=variant, flavour=flavour)


def _resumed(session: str) -> tuple[Engine, Setting]:
    """Return a session that goes on, with the setting that its journal tells."""

    def runbooks() -> "tuple[Runbook, ...]":
        """Return the scenario's runbook; it is asked for when the session begins to look, and known by then."""
        return (_runbook(scenario.runbook),)

    engine = sessions.resume(find_session(session), runbooks=runbooks)
    opened = engine.view().session.opened
    if opened is None or not opened.scenario:
        raise InputError("this session is no drill", where=session, remedy="haops session --resume")
    scenario = find_scenario(opened.scenario)
    return engine, Setting(scenario=scenario, variant=scenario.variant(opened.variant), flavour=opened.flavour)


@cache
def _runbook(name: str) -> "Runbook":
    """Return a runbook as it was when first asked for: one drill goes by one text."""
    return load_runbook(name)


def _print_report(report: "DrillReport", *, as_json: bool) -> int:
    """Print a drill's report and return the exit code."""
    if as_json:
        print(json.dumps(report.as_json(), indent=1))
    else:
        print("\n".join(report.as_text()))
    return 0 if report.passed else EXIT_NOT_MET
