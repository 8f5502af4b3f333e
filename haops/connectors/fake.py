"""Fakes behind the seam for fault suites: hosts, members and API servers that do what was scripted and fail on order.

Owns no real connection. Must keep the promises of the seam as the real connectors do: one contract suite runs on both.
"""

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from haops.connectors.seam import (
    ApiClient,
    AttemptReport,
    CommandResult,
    EtcdClient,
    HttpAnswer,
    MemberEntry,
    Order,
    OutputListener,
    RemoteState,
    Shell,
)
from haops.core.inventory import Inventory
from haops.core.observations import EtcdMember
from haops.errors import ConnectFailed, ConnectionLost, RemoteFailed, TimedOut


class Fault(StrEnum):
    """What goes wrong with the next call that it fits, once."""

    REFUSED = "refused"
    """Nothing is asked."""
    LOST_BEFORE_CLAIM = "lost before claim"
    LOST_AFTER_CLAIM = "lost after claim"
    """Claimed, never started."""
    LOST_WHILE_RUNNING = "lost while running"
    """The script goes on to its end."""
    FROZEN = "frozen"
    """Not claimed yet; nothing answers within the caller's time."""
    VANISHED = "vanished"
    """Started, then gone without an exit status; the link is lost too."""
    FORGOTTEN = "forgotten"
    """Accepted and run; then the link is lost, and with the host's disk every trace of the attempt."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a script does on a fake host. With `endless` it runs until it is cancelled."""

    stdout: bytes = b""
    stderr: bytes = b""
    exit_status: int | None = 0
    endless: bool = False


Behaviour = Callable[[str, Mapping[str, str]], Outcome]
"""Says what a script with that environment does."""


@dataclass
class FakeHost:
    """A host in memory: its attempts, its files, the faults to come, and every effect that happened, in order."""

    name: str = "fake"
    behaviour: Behaviour = field(default=lambda _script, _environment: Outcome())
    boot_id: str = "boot-1"
    faults: list[Fault] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    attempts: dict[str, AttemptReport] = field(default_factory=dict)
    scripts: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reboot(self) -> None:
        """Boot again: what ran is gone."""
        self.boot_id = f"boot-{int(self.boot_id.partition('-')[2]) + 1}"
        for attempt_id, report in self.attempts.items():
            if report.state is not RemoteState.DONE:
                self.attempts[attempt_id] = AttemptReport(state=RemoteState.REBOOTED, boot_id=self.boot_id)


class FakeShell:
    """A Shell on a fake host."""

    def __init__(self, host: FakeHost) -> None:
        self.host = host

    def open(self) -> None:
        """Fail if that was ordered."""
        self._meet(Fault.REFUSED)

    def run(self, script: str, *, environment: Mapping[str, str] | None = None, timeout_s: float) -> CommandResult:
        """Return what the host's behaviour says."""
        self._meet(Fault.REFUSED)
        self._meet(Fault.LOST_WHILE_RUNNING)
        self._meet(Fault.FROZEN, timeout_s)
        outcome = self.host.behaviour(script, environment or {})
        if outcome.endless:
            raise self._timed_out(timeout_s)
        return CommandResult(
            exit_status=outcome.exit_status, stdout=outcome.stdout, stderr=outcome.stderr, duration_s=0.0
        )

    def launch(
        self, order: Order, *, timeout_s: float, on_accepted: Callable[[], None], on_output: OutputListener
    ) -> AttemptReport:
        """Claim, run and report; an id that is claimed is reported, never run again."""
        for fault in (Fault.REFUSED, Fault.LOST_BEFORE_CLAIM, Fault.FROZEN):
            self._meet(fault, timeout_s)
        if self._claim(order):
            self._meet(Fault.LOST_AFTER_CLAIM)
            self._start(order)
            # `_start` looks for this fault too, so it is used up only now.
            self._meet(Fault.VANISHED)
            self._meet(Fault.LOST_WHILE_RUNNING)
        on_accepted()
        # The trace goes first: the loss below ends this call.
        if Fault.FORGOTTEN in self.host.faults:
            del self.host.attempts[order.attempt_id]
        self._meet(Fault.FORGOTTEN)
        report = self.host.attempts[order.attempt_id]
        for piece in (report.stdout, report.stderr):
            if piece:
                on_output(piece)
        if report.state is RemoteState.RUNNING:
            raise self._timed_out(timeout_s)
        return report

    def probe(self, attempt_id: str, *, timeout_s: float) -> AttemptReport:
        """Say what is kept about the attempt."""
        self._meet(Fault.REFUSED)
        self._meet(Fault.FROZEN, timeout_s)
        absent = AttemptReport(state=RemoteState.ABSENT, boot_id=self.host.boot_id)
        return self.host.attempts.get(attempt_id, absent)

    def cancel(self, attempt_id: str, *, timeout_s: float) -> None:
        """End what runs; what never began can never begin."""
        self._meet(Fault.REFUSED)
        self._meet(Fault.FROZEN, timeout_s)
        report = self.host.attempts.get(attempt_id)
        if report is None:
            # As on a real host: the id is taken, so that nothing can begin under it.
            self.host.attempts[attempt_id] = AttemptReport(state=RemoteState.CLAIMED, boot_id=self.host.boot_id)
        elif report.state is RemoteState.RUNNING:
            # 128 + SIGTERM, as a shell tells it.
            self._end(attempt_id, Outcome(exit_status=143))

    def put_file(self, local_path: str, remote_path: str, *, timeout_s: float) -> str:
        """Keep the file's bytes."""
        self._meet(Fault.FROZEN, timeout_s)
        self.host.files[remote_path] = Path(local_path).read_bytes()
        return hashlib.sha256(self.host.files[remote_path]).hexdigest()

    def get_file(self, remote_path: str, local_path: str, *, timeout_s: float) -> str:
        """Write the kept bytes. Raises RemoteFailed if there are none."""
        self._meet(Fault.FROZEN, timeout_s)
        if remote_path not in self.host.files:
            raise RemoteFailed("cannot read: no such file", where=self.host.name)
        target = Path(local_path)
        target.touch(mode=0o600)
        target.write_bytes(self.host.files[remote_path])
        return hashlib.sha256(self.host.files[remote_path]).hexdigest()

    def close(self) -> None:
        """Nothing to drop."""

    def _claim(self, order: Order) -> bool:
        with self.host.lock:
            if order.attempt_id not in self.host.attempts:
                self.host.scripts[order.attempt_id] = order.script
                self.host.attempts[order.attempt_id] = AttemptReport(
                    state=RemoteState.CLAIMED, boot_id=self.host.boot_id
                )
                return True
        # An id that only a cancel has taken has no script to differ from.
        if self.host.scripts.get(order.attempt_id, order.script) != order.script:
            raise RemoteFailed("the attempt was claimed for another script", where=self.host.name)
        return False

    def _start(self, order: Order) -> None:
        self.host.effects.append(order.attempt_id)
        outcome = self.host.behaviour(order.script, {**order.environment, **order.secrets})
        if Fault.VANISHED in self.host.faults:
            self.host.attempts[order.attempt_id] = AttemptReport(state=RemoteState.LOST, boot_id=self.host.boot_id)
        elif outcome.endless:
            self.host.attempts[order.attempt_id] = AttemptReport(
                state=RemoteState.RUNNING, boot_id=self.host.boot_id, pid=1, stdout=outcome.stdout
            )
        else:
            self._end(order.attempt_id, outcome)

    def _end(self, attempt_id: str, outcome: Outcome) -> None:
        self.host.attempts[attempt_id] = AttemptReport(
            state=RemoteState.DONE,
            exit_status=outcome.exit_status,
            stdout=outcome.stdout,
            stderr=outcome.stderr,
            boot_id=self.host.boot_id,
            pid=1,
            duration_s=0.0,
        )

    def _meet(self, fault: Fault, timeout_s: float = 0.0) -> None:
        if fault not in self.host.faults:
            return
        self.host.faults.remove(fault)
        if fault is Fault.REFUSED:
            raise ConnectFailed("refused the connection", where=self.host.name)
        if fault is Fault.FROZEN:
            raise self._timed_out(timeout_s)
        raise ConnectionLost("the connection broke", where=self.host.name)

    def _timed_out(self, timeout_s: float) -> TimedOut:
        return TimedOut(f"no answer within {timeout_s:g} s", where=self.host.name)


@dataclass
class FakeEtcd:
    """An EtcdClient that answers by call name ("status", "members", "member remove", ...) and notes every call."""

    answers: dict[str, Any] = field(default_factory=dict)
    """Values to return, exceptions to raise, or functions of the call's arguments."""
    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def status(self, *, timeout_s: float) -> EtcdMember:
        """Answer "status"."""
        answer: EtcdMember = self._answer("status", timeout_s=timeout_s)
        return answer

    def hash_at(self, revision: int, *, timeout_s: float) -> tuple[int, int]:
        """Answer "hash_at"."""
        answer: tuple[int, int] = self._answer("hash_at", revision=revision, timeout_s=timeout_s)
        return answer

    def members(self, *, timeout_s: float, linearizable: bool = False) -> tuple[MemberEntry, ...]:
        """Answer "members"."""
        answer: tuple[MemberEntry, ...] = self._answer("members", timeout_s=timeout_s, linearizable=linearizable)
        return answer

    def snapshot(self, path: str, *, timeout_s: float) -> int:
        """Answer "snapshot"."""
        answer: int = self._answer("snapshot", path=path, timeout_s=timeout_s)
        return answer

    def call(self, name: str, arguments: Mapping[str, Any], *, timeout_s: float) -> Mapping[str, Any]:
        """Answer by the call's own name."""
        answer: Mapping[str, Any] = self._answer(name, **arguments, timeout_s=timeout_s)
        return answer

    def put(self, key: str, value: str, *, timeout_s: float) -> int:
        """Answer "put"."""
        answer: int = self._answer("put", key=key, value=value, timeout_s=timeout_s)
        return answer

    def get(self, key: str, *, timeout_s: float) -> str | None:
        """Answer "get"."""
        answer: str | None = self._answer("get", key=key, timeout_s=timeout_s)
        return answer

    def close(self) -> None:
        """Nothing to drop."""

    def _answer(self, name: str, **arguments: Any) -> Any:
        self.calls.append((name, arguments))
        return _given(self.answers.get(name, ConnectFailed(f"no answer to {name} was scripted")), arguments)


@dataclass
class FakeApi:
    """An ApiClient that answers by "METHOD /path" and notes every request."""

    answers: dict[str, Any] = field(default_factory=dict)
    requests: list[tuple[str, bytes | None]] = field(default_factory=list)

    def request(
        self,
        method: str,
        path: str,
        *,
        timeout_s: float,
        body: bytes | None = None,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """Answer, 404 if nothing was scripted."""
        self.requests.append((f"{method} {path}", body))
        missing = HttpAnswer(status=404, headers={}, body=b"", duration_s=0.0)
        arguments = {"timeout_s": timeout_s, "body": body, "content_type": content_type, "query": query}
        answer: HttpAnswer = _given(self.answers.get(f"{method} {path}", missing), arguments)
        return answer

    def close(self) -> None:
        """Nothing to drop."""


@dataclass
class FakeConnections:
    """Connections whose ends were made beforehand; KeyError for any other name."""

    inventory: Inventory
    shells: dict[str, Shell] = field(default_factory=dict)
    etcds: dict[str, EtcdClient] = field(default_factory=dict)
    apis: dict[str, ApiClient] = field(default_factory=dict)
    urls: dict[str, Any] = field(default_factory=dict)

    def shell(self, host: str) -> Shell:
        """Return the shell of that name."""
        return self.shells[host]

    def etcd(self, member: str) -> EtcdClient:
        """Return the client of that name."""
        return self.etcds[member]

    def api(self, endpoint: str) -> ApiClient:
        """Return the client of that name."""
        return self.apis[endpoint]

    def http(self, url: str, *, timeout_s: float) -> HttpAnswer:
        """Answer by URL; ConnectFailed if nothing was scripted."""
        unknown = ConnectFailed("refused the connection", where=url)
        answer: HttpAnswer = _given(self.urls.get(url, unknown), {"timeout_s": timeout_s})
        return answer

    def close(self) -> None:
        """Nothing to drop."""


def _given(answer: Any, arguments: Mapping[str, Any]) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer(**arguments) if callable(answer) else answer
