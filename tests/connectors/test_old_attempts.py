"""What attempts leave on a host is removed when it is old, and never while somebody may still need it."""

import os
import time
from pathlib import Path

import pytest
from shell_places import BOTH_OUTPUTS, ENDLESS, Place
from waiting import until

from haops.connectors.local import local_shell
from haops.connectors.seam import Order
from haops.errors import TimedOut
from tests.connectors.test_shell_contract import use_shell

DAY_S = 24 * 60 * 60


@pytest.fixture(params=["", "dash", "bash", "busybox"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """This machine, with each shell in turn."""
    use_shell(request.param, tmp_path / "bin", monkeypatch)
    return Place("local", local_shell(tmp_path / "attempts"), tmp_path / "effects", tmp_path)


def directory_of(place: Place, order: Order) -> Path:
    """Return an attempt's directory."""
    return place.directory / "attempts" / order.attempt_id


def ended(place: Place) -> Order:
    """Make an attempt that ended, and return its order once all of it is on the disk."""
    order = place.order(BOTH_OUTPUTS)
    place.launch(order)
    until((directory_of(place, order) / "rc").exists)
    return order


def age(place: Place, order: Order, days: float) -> None:
    """Let everything in an attempt's directory be that old."""
    then = time.time() - days * DAY_S
    for path in directory_of(place, order).iterdir():
        os.utime(path, (then, then))


def claim_another(place: Place, *recorded: Order) -> Order:
    """Claim a new attempt, telling which earlier ones are recorded, and return it when it has tidied up."""
    order = place.order(BOTH_OUTPUTS, recorded=tuple(one.attempt_id for one in recorded))
    place.launch(order)
    return order


def test_a_recorded_attempt_is_removed_after_30_days(place: Place) -> None:
    """The next claim removes an attempt that was recorded more than 30 days ago, and no younger one."""
    old, young = ended(place), ended(place)
    claim_another(place, old, young)
    assert (directory_of(place, old) / "recorded").exists()
    age(place, old, 32)
    age(place, young, 29)
    latest = claim_another(place)
    until(lambda: not directory_of(place, old).exists())
    assert directory_of(place, young).exists()
    assert directory_of(place, latest).exists()


def test_what_counts_is_when_it_was_recorded(place: Place) -> None:
    """An attempt that ended long ago and is recorded only now is kept from now on."""
    late, removed = ended(place), ended(place)
    claim_another(place, removed)
    age(place, removed, 400)
    age(place, late, 400)
    claim_another(place, late)
    until(lambda: not directory_of(place, removed).exists())
    assert directory_of(place, late).exists()


def test_a_result_that_nobody_fetched_is_kept(place: Place) -> None:
    """However old, an attempt whose result is in no journal stays, with its output."""
    unfetched, recorded = ended(place), ended(place)
    claim_another(place, recorded)
    age(place, recorded, 400)
    age(place, unfetched, 400)
    claim_another(place)
    until(lambda: not directory_of(place, recorded).exists())
    assert place.shell.probe(unfetched.attempt_id, timeout_s=20).stdout == b"out\n"


def test_a_running_attempt_is_never_removed(place: Place) -> None:
    """Not even if it is told to be recorded, or carries the mark: what runs has no result yet."""
    running, recorded = place.order(ENDLESS), ended(place)
    with pytest.raises(TimedOut):
        place.launch(running, timeout_s=1.0)
    claim_another(place, running, recorded)
    assert not (directory_of(place, running) / "recorded").exists()
    (directory_of(place, running) / "recorded").touch()
    age(place, running, 400)
    age(place, recorded, 400)
    claim_another(place)
    until(lambda: not directory_of(place, recorded).exists())
    assert directory_of(place, running).exists()
    place.shell.cancel(running.attempt_id, timeout_s=20)


def test_what_a_host_never_saw_is_nothing_to_it(place: Place) -> None:
    """Attempts that are recorded and not there (removed, or on another host) change nothing."""
    elsewhere = place.order(BOTH_OUTPUTS)
    assert place.launch(place.order(BOTH_OUTPUTS, recorded=(elsewhere.attempt_id,))).exit_status == 3
    assert not directory_of(place, elsewhere).exists()
