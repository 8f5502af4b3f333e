"""One service unit and its process: started, watched, restarted, stopped as systemd would.

Owns the unit's states. Must never parse what a caller typed (`systemctl` does) nor know where unit files lie (`units`).
"""

import asyncio
import signal
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from haops.lab.agent.notify import NotifySocket
from haops.lab.agent.processes import HOST_ENVIRONMENT, NOT_FOUND, Ended, Running, stop
from haops.lab.agent.unit_file import UnitFile, parse_environment_file

# systemd.service(5), SuccessExitStatus: an end by one of these is a clean one.
_CLEAN_SIGNALS = {signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE}
# systemd.service(5), the table at Restart=: the results after which a unit is started again.
_STARTED_AGAIN_AFTER = {
    "always": {"success", "exit-code", "signal", "timeout", "protocol"},
    "on-success": {"success"},
    "on-failure": {"exit-code", "signal", "timeout", "protocol"},
    "on-abnormal": {"signal", "timeout", "protocol"},
    "on-abort": {"signal"},
}
# systemctl's explanations of a result.
_BECAUSE = {
    "exit-code": "the control process exited with error code",
    "signal": "a fatal signal was delivered to the control process",
    "timeout": "a timeout was exceeded",
    "protocol": "the service did not take the steps required by its unit configuration",
}


Launch = Callable[[Sequence[str], Path, Mapping[str, str]], Running]
"""Starts a command with a log and an environment. OSError if it cannot."""


@dataclass(slots=True)
class State:
    """What `systemctl status` says, in systemd's words."""

    active: str = "inactive"
    sub: str = "dead"
    result: str = "success"
    main_status: int = 0
    restarts: int = 0
    since: float = 0.0


class StartFailed(Exception):
    """The unit did not come up; the text is what systemctl prints."""


class Service:
    """A loaded unit. `unit` may be replaced by a reload; what runs keeps what it was started with."""

    def __init__(self, unit: UnitFile, launch: Launch, host_root: Path) -> None:
        self.unit = unit
        self.state = State()
        self.main: Running | None = None
        self._launch = launch
        self._host_root = host_root
        self._supervision: asyncio.Task[None] | None = None
        self._job: asyncio.Future[bool] | None = None
        self._is_stopping = False
        # What went wrong before the process ended; it outranks how the process ended.
        self._failure = ""
        self._settled = asyncio.Event()
        self._settled.set()
        self._started_at: deque[float] = deque(maxlen=100)

    @property
    def log(self) -> Path:
        """Where the unit's output goes, seen from the agent."""
        return log_of(self._host_root, self.unit.name)

    async def start(self, *, block: bool = True) -> None:
        """Start and, with `block`, wait until systemd would call it started. StartFailed if it does not come up."""
        # What is being stopped is started once it has ended: never do two processes of a unit run.
        await self._settled.wait()
        # In the pause before a restart a start comes at once.
        if self.state.active in {"active", "activating"} and self.state.sub != "auto-restart":
            if block and self._job:
                await self._outcome(self._job)
            return
        await self._abandon_supervision()
        self.refuse_bad_setting("start")
        self._refuse_beyond_limit()
        self._is_stopping, self._failure = False, ""
        self._job = asyncio.get_running_loop().create_future()
        self._enter("activating", "start")
        self._supervision = asyncio.create_task(self._supervise(self._job))
        if block:
            await self._outcome(self._job)

    def refuse_bad_setting(self, verb: str) -> None:
        """StartFailed if systemd would not start the unit as its files are now; what runs goes on."""
        if self.unit.has_bad_setting:
            raise StartFailed(
                f"Failed to {verb} {self.unit.name}: Unit {self.unit.name} has a bad unit file setting.\n"
                f"See system logs and 'systemctl status {self.unit.name}' for details."
            )

    async def stop(self) -> None:
        """Stop and wait; a unit that is not running is no error."""
        # systemd.service(5): what is stopped by hand is not started again, whatever Restart= says.
        self._is_stopping = True
        # Held: a start that waits for this stop brings a new one.
        supervision = self._supervision
        if self.main and self.main.is_running:
            await self._terminate(self.main)
        # Between two runs there is no process whose end could be waited for.
        if self.state.sub == "auto-restart":
            await self._abandon_supervision()
            self._enter("inactive", "dead")
        elif supervision:
            await asyncio.wait({supervision})

    async def exhaust_restarts(self) -> None:
        """End the process by SIGKILL and leave the unit as after too many restarts: failed, start-limit-hit."""
        self._is_stopping, self._failure = True, "start-limit-hit"
        # As if it had been started that often: a start is refused until `reset-failed`, as after real crashes.
        self._started_at.extend([time.monotonic()] * self._limit[0])
        if self.main and self.main.is_running and self._supervision:
            self.main.send(signal.SIGKILL)
            await self._supervision
        else:
            await self._abandon_supervision()
        self._fail("start-limit-hit")

    def reset_failed(self) -> None:
        """Forget failures and count starts from zero again."""
        self._started_at.clear()
        self.state.restarts = 0
        if self.state.active == "failed":
            self.state.result = "success"
            self._enter("inactive", "dead")

    async def _supervise(self, job: asyncio.Future[bool]) -> None:
        """Run the process, again and again where the unit says so, until it is stopped or gives up."""
        while True:
            ended = await self._run_once(job)
            if not job.done():
                # A oneshot unit is up when it has ended well; any other that ends here never was.
                job.set_result(self.unit.value("Type") == "oneshot" and self._result_of(ended) == "success")
            if self._is_final(ended):
                return
            self._enter("activating", "auto-restart")
            # systemd.service(5): RestartSec is 100 ms unless the unit says so.
            await asyncio.sleep(self.unit.duration_s("RestartSec", 0.1))
            if self._is_beyond_limit():
                self._fail("start-limit-hit")
                return
            self.state.restarts += 1
            self._enter("activating", "start")

    async def _run_once(self, job: asyncio.Future[bool]) -> Ended:
        self._started_at.append(time.monotonic())
        kind = self.unit.value("Type", "simple")
        environment = self._environment()
        notify = NotifySocket(self._host_root, self.unit.name) if kind == "notify" else None
        try:
            if notify:
                environment["NOTIFY_SOCKET"] = notify.path_on_host
            ended = await self._launch_all(environment)
            if ended is not None:
                return ended
            if notify:
                await self._await_readiness(notify)
            return await self._stay_up(job, kind)
        finally:
            if notify:
                notify.close()

    async def _launch_all(self, environment: Mapping[str, str]) -> Ended | None:
        """Run what comes before, then start the main process; how it failed if it did."""
        try:
            before = zip(
                self.unit.commands("ExecStartPre", environment), self.unit.may_fail("ExecStartPre"), strict=True
            )
            for command, may_fail in before:
                ended = await self._launch(command, self.log, environment).ended
                if ended.code and not may_fail:
                    return ended
            if self._is_stopping:
                # Stopped before there was a main process to stop.
                return Ended(0, signal.SIGTERM)
            # systemd.service(5): only a oneshot unit may have several, and those here have one.
            for command in self.unit.commands("ExecStart", environment)[:1]:
                self.main = self._launch(command, self.log, environment)
        except OSError:
            return Ended(NOT_FOUND, 0)
        return None if self.main else Ended(NOT_FOUND, 0)

    async def _await_readiness(self, notify: NotifySocket) -> None:
        assert self.main  # noqa: S101 - narrowed for the type checker; `_launch_all` has set it
        patience_s = self.unit.duration_s("TimeoutStartSec", 90.0)
        outcomes: set[asyncio.Future[Any]] = {notify.ready, self.main.ended}
        done, _ = await asyncio.wait(
            outcomes,
            timeout=None if patience_s == float("inf") else patience_s,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if not done:
            self._note_timeout()
            await self._terminate(self.main)
        elif not (notify.ready.done() or self._is_stopping) and self._result_of(self.main.ended.result()) == "success":
            # Even a clean end is a failure before readiness.
            self._failure = self._failure or "protocol"

    async def _terminate(self, main: Running) -> None:
        """Stop the process as the unit says; one that has to be killed is a timeout."""
        self._enter("deactivating", "stop-sigterm")
        number = signal.Signals[self.unit.value("KillSignal", "SIGTERM")]
        # systemd-system.conf(5): 90 s unless the unit says so, for a start as for a stop.
        patience_s = self.unit.duration_s("TimeoutStopSec", 90.0)
        await stop(main, first=number, patience_s=patience_s, overdue=self._note_timeout)

    def _note_timeout(self) -> None:
        self._failure = self._failure or "timeout"

    async def _stay_up(self, job: asyncio.Future[bool], kind: str) -> Ended:
        assert self.main  # noqa: S101 - narrowed for the type checker; `_launch_all` has set it
        if kind != "oneshot" and self.main.is_running:
            self._enter("active", "running")
            if not job.done():
                job.set_result(True)
        return await self.main.ended

    def _is_final(self, ended: Ended) -> bool:
        """Record how the process ended; tell whether that was the last of it."""
        self.state.main_status = ended.code
        # Taken and cleared at once: the next end has a reason of its own.
        failure, self._failure = self._failure, ""
        result = self.state.result = failure or self._result_of(ended)
        if not self._is_stopping and result in _STARTED_AGAIN_AFTER.get(self.unit.value("Restart", "no"), ()):
            return False
        self._enter(*(("inactive", "dead") if result == "success" else ("failed", "failed")))
        return True

    def _result_of(self, ended: Ended) -> str:
        """Return systemd's word for how the process ended."""
        also_clean = self.unit.value("SuccessExitStatus").split()
        if not ended.signal:
            return "success" if ended.status == 0 or str(ended.status) in also_clean else "exit-code"
        # A oneshot unit has work to end: there no signal is a clean end by itself.
        clean = set() if self.unit.value("Type") == "oneshot" else _CLEAN_SIGNALS
        number = signal.Signals(ended.signal)
        return "success" if number in clean or number.name in also_clean else "signal"

    async def _abandon_supervision(self) -> None:
        if self._supervision:
            self._supervision.cancel()
            with suppress(asyncio.CancelledError):
                await self._supervision
            self._supervision = None

    async def _outcome(self, job: asyncio.Future[bool]) -> None:
        # Several callers may wait for one job: who gives up must not end it for the others.
        if not await asyncio.shield(job):
            because = _BECAUSE.get(self.state.result, _BECAUSE["exit-code"])
            raise StartFailed(
                f"Job for {self.unit.name} failed because {because}.\n"
                f'See "systemctl status {self.unit.name}" and "journalctl -xeu {self.unit.name}" for details.'
            )

    @property
    def _limit(self) -> tuple[int, float]:
        """How many starts within how many seconds; systemd's defaults are 5 within 10."""
        return int(self.unit.value("StartLimitBurst", "5")), self.unit.duration_s("StartLimitIntervalSec", 10.0)

    def _is_beyond_limit(self) -> bool:
        burst, interval_s = self._limit
        since = time.monotonic() - interval_s
        # systemd.unit(5): an interval of 0 switches the limit off.
        return interval_s > 0 and sum(started_at > since for started_at in self._started_at) >= burst

    def _refuse_beyond_limit(self) -> None:
        if self._is_beyond_limit():
            self._fail("start-limit-hit")
            raise StartFailed(
                f"Job for {self.unit.name} failed.\n{self.unit.name}: Start request repeated too quickly.\n"
                f'Use "systemctl reset-failed {self.unit.name}" first.'
            )

    def _environment(self) -> dict[str, str]:
        environment = {**HOST_ENVIRONMENT, **self.unit.environment}
        for line in self.unit.settings.get("EnvironmentFile", ()):
            with suppress(OSError):
                text = (self._host_root / line.lstrip("-").lstrip("/")).read_text()
                environment |= parse_environment_file(text)
        return environment

    def _fail(self, result: str) -> None:
        self.state.result = result
        self._enter("failed", "failed")

    def _enter(self, active: str, sub: str) -> None:
        self.state.active, self.state.sub = active, sub
        (self._settled.clear if active == "deactivating" else self._settled.set)()
        self.state.since = time.time()


def log_of(host_root: Path, unit: str) -> Path:
    """Where a unit's output lies: what journalctl shows."""
    return host_root / "var/log/journal" / f"{unit}.log"
