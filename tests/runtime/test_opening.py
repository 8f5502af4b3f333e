"""Opening behind the first frame: whatever ends it, nothing stays open, and the first looks come before all else."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from haops.core.clock import Clock
from haops.core.observations import Kind, Observation
from haops.core.runbook import Runbook
from haops.errors import InputError, Refused
from haops.runtime import library, sessions, watcher
from haops.runtime.clock import SystemClock
from haops.runtime.engine import Engine
from haops.runtime.journal_reader import read_journal
from haops.runtime.opening import Opening
from haops.runtime.paths import find_session
from haops.runtime.watcher import Watcher
from tests.runtime.conftest import World, wait_for, world

__all__ = ["world"]


def begun(world: World, runbooks: Callable[[], tuple[Runbook, ...]] = tuple) -> Engine:
    """Return a session that is written down and not yet started."""
    connections = world.connections()
    world.engine = sessions.begin(connections.inventory, runbooks=runbooks, connections=connections)
    return world.engine


def last_record(engine: Engine) -> Any:
    """Return the last record of a session's journal."""
    return read_journal(find_session(engine.view().session.id)).records[-1]


def test_an_opened_session_is_begun_and_told(world: World) -> None:
    """It looks at the cluster, and whoever waits for it is called once."""
    called: list[str] = []
    opening = Opening("prod.yaml", lambda: begun(world), then=lambda: called.append("then"))
    engine = opening()
    assert opening.session is engine
    assert called == ["then"]
    wait_for(engine, lambda view: list(view.picture.of(Kind.HOST)))


def test_a_session_left_while_it_is_opened_is_left_in_order(world: World) -> None:
    """Leaving waits for the opening, then the session ends with its own last record and its lock is free."""
    is_opening, go_on = threading.Event(), threading.Event()

    def open_slowly() -> Engine:
        is_opening.set()
        assert go_on.wait(10)
        return begun(world)

    opening = Opening("prod.yaml", open_slowly)
    opener = threading.Thread(target=opening)
    opener.start()
    assert is_opening.wait(10)
    leaver = threading.Thread(target=opening.leave, args=("SIGHUP",))
    leaver.start()
    go_on.set()
    opener.join(10)
    leaver.join(10)
    assert opening.session is not None
    assert opening.session.has_ended
    last = last_record(opening.session)
    assert last.type == "session.left", last
    assert last.body["reason"] == "SIGHUP"


def test_a_session_left_before_it_is_opened_is_never_opened(world: World) -> None:
    """Nothing is written, and the opener is told why."""
    opening = Opening("prod.yaml", lambda: begun(world))
    opening.leave("left")
    with pytest.raises(Refused, match="left before it was open"):
        opening()
    assert opening.session is None
    assert world.engine is None


class Asked:
    """An observer that keeps the order in which it and its like are asked; a frozen one does not answer."""

    interval_s = 60.0

    def __init__(self, name: str, order: list[str], frozen: threading.Event | None = None) -> None:
        self.name = name
        self._order = order
        self._frozen = frozen

    def groups(self, inventory: object) -> tuple[str, ...]:
        """Return one group."""
        del inventory
        return ("all",)

    def observe(self, *_given: object, timeout_s: float, clock: Clock, thorough: bool) -> tuple[Observation, ...]:
        """Note that it was asked; wait as long as it is frozen."""
        del timeout_s, clock, thorough
        self._order.append(f"{self.name} asked")
        if self._frozen is not None:
            assert self._frozen.wait(10)
        # Long enough for the next one to be asked meanwhile, if nobody waits.
        time.sleep(0.1)
        self._order.append(f"{self.name} answered")
        return ()


def watching(world: World, monkeypatch: pytest.MonkeyPatch, observers: tuple[Asked, ...]) -> Watcher:
    """Return a watcher with these observers, not yet begun."""
    monkeypatch.setattr(watcher, "new_observers", lambda: {observer.name: observer for observer in observers})
    return Watcher(world.connections(), SystemClock(), lambda: None)


def test_one_kind_is_looked_at_after_the_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first has answered before the second loads what it needs."""
    order: list[str] = []
    eyes = watching(world, monkeypatch, (Asked("etcd", order), Asked("api", order), Asked("host", order)))
    monkeypatch.setattr(watcher, "_FIRST_ANSWER_S", 10.0)
    try:
        eyes.start()
        assert order == [f"{name} {what}" for name in ("etcd", "api", "host") for what in ("asked", "answered")]
    finally:
        eyes.stop()


def test_a_kind_that_does_not_answer_holds_back_the_others_only_briefly(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is still waiting when the second has answered."""
    order: list[str] = []
    thawed = threading.Event()
    eyes = watching(world, monkeypatch, (Asked("etcd", order, thawed), Asked("api", order)))
    try:
        eyes.start()
        assert order == ["etcd asked", "api asked", "api answered"]
    finally:
        thawed.set()
        eyes.stop()


def test_runbooks_are_read_after_the_first_looks_and_triage_sees_them(world: World) -> None:
    """Reading them never delays what is true; once read, they stand in triage without a further key."""
    runbook = library.load_runbook(str(world.runbook_file))
    seen_before: list[bool] = []

    def read() -> tuple[Runbook, ...]:
        engine = world.engine
        assert engine is not None
        seen_before.append(bool(list(engine.view().picture.of(Kind.HOST))))
        return (runbook,)

    engine = begun(world, read)
    engine.start()
    view = wait_for(engine, lambda view: view.fits)
    assert [fit.runbook.name for fit in view.fits] == ["two-steps"]
    assert seen_before == [True]


def test_runbooks_that_cannot_be_read_are_said_and_stop_nothing(world: World) -> None:
    """A directory that may not be listed, say: the session looks on, triage has nothing, and the reason stands."""

    def read() -> tuple[Runbook, ...]:
        raise InputError("the directory cannot be listed", where="/etc/haops/runbooks", remedy="let haops read it")

    engine = begun(world, read)
    engine.start()
    view = wait_for(engine, lambda view: view.has_read_runbooks)
    assert view.fits == ()
    assert [notice.severity for notice in view.notices] == ["critical"]
    assert "the directory cannot be listed" in view.notices[0].text
