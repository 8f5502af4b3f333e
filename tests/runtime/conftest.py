"""Sessions on fake hosts: the real engine, the real journal, and connections that fail on order."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from haops.connectors.fake import FakeConnections, FakeHost, FakeShell
from haops.core import commands as cmd
from haops.core.states import StepState
from haops.core.view import View
from haops.runtime import library, sessions
from haops.runtime.engine import Engine
from haops.runtime.inventories import load_inventory

INVENTORY = """\
apiVersion: haops/v1
kind: Inventory
cluster: fake
layout: systemd
hosts:
  - {name: h1, address: 127.0.0.1, roles: [etcd]}
  - {name: h2, address: 127.0.0.2, roles: [etcd]}
"""

RUNBOOK = """\
apiVersion: haops/v1
kind: Runbook
name: two-steps
title: Two steps
summary: For the fault suite.
steps:
  - id: first
    title: First
    on: {role: etcd}
    risk: change
    irreversible: It is a test.
    ssh: |
      set -eu
      echo first
    capture: {word: {regex: '(\\w+)', type: name}}
    timeout: 1s
  - id: second
    title: Second
    needs: [first]
    env: {WORD: word}
    risk: change
    irreversible: It is a test.
    on: {name: h1}
    ssh: |
      set -eu
      echo "$WORD"
    timeout: 1s
"""


class World:
    """Two hosts, an inventory and a runbook, and a session on them."""

    def __init__(self, directory: Path) -> None:
        self.hosts = {name: FakeHost(name=name) for name in ("h1", "h2")}
        self.inventory_file = directory / "inventory.yaml"
        self.inventory_file.write_text(INVENTORY)
        self.runbook_file = directory / "two-steps.yaml"
        self.runbook_file.write_text(RUNBOOK)
        for host in self.hosts.values():
            host.behaviour = self.behave
        self.exit_status = 0
        self.engine: Engine | None = None

    def behave(self, script: str, environment: Any) -> Any:
        """Print a word for the steps' scripts; everything else is an observer's."""
        from haops.connectors.fake import Outcome  # noqa: PLC0415 - keeps the module's head short

        del environment
        stdout = b"word\n" if "echo" in script else b""
        return Outcome(stdout=stdout, exit_status=self.exit_status)

    def connections(self) -> FakeConnections:
        """Return new connections to the same hosts, as a new process would make."""
        inventory = load_inventory(self.inventory_file)
        return FakeConnections(inventory, shells={name: FakeShell(host) for name, host in self.hosts.items()})

    def begin(self) -> Engine:
        """Begin a session with the runbook taken up."""
        runbook = library.load_runbook(str(self.runbook_file))
        connections = self.connections()
        self.engine = sessions.begin(connections.inventory, runbooks=lambda: (runbook,), connections=connections)
        self.engine.start()
        assert self.engine.choose_runbook(runbook, {}) is None
        return self.engine

    def resume(self, monkeypatch: pytest.MonkeyPatch) -> Engine:
        """Go on with the session in a new engine."""
        assert self.engine is not None
        directory = Path(self.engine.view().journal_path)
        monkeypatch.setattr(sessions, "InventoryConnections", lambda *_args, **_keywords: self.connections())
        self.engine = sessions.resume(directory)
        self.engine.start()
        return self.engine

    def effects(self) -> list[str]:
        """Return every attempt id whose script began on a host."""
        return [attempt for host in self.hosts.values() for attempt in host.effects]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Return a world whose journals lie in a directory of the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = World(tmp_path)
    yield made
    if made.engine is not None:
        made.engine.leave("left")


def wait_for(engine: Engine, condition: Callable[[View], Any], *, within_s: float = 10.0) -> View:
    """Wait until a view fulfils the condition and return it."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        view = engine.view()
        if condition(view):
            return view
        time.sleep(0.01)
    view = engine.view()
    raise AssertionError({step: (run.state.value, run.reason) for step, run in view.session.steps.items()})


def wait_state(engine: Engine, step: str, *states: StepState) -> View:
    """Wait until a step is in one of the states."""
    return wait_for(engine, lambda view: view.session.steps[step].state in states)


def confirm(engine: Engine, step: str, answer: cmd.Answer = cmd.Answer.YES) -> Any:
    """Confirm a step that waits, exactly as its plan is now."""
    view = wait_state(engine, step, StepState.AWAITING_CONFIRMATION)
    return engine.submit(cmd.Confirm(step=step, plan_digest=view.plans[step].digest, answer=answer))
