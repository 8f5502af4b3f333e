import pytest

from haops.core import events as ev
from haops.formats.event_codec import UnknownEvent, decode_event, encode_event


@pytest.mark.parametrize("name", ["moon.phase", ""])
def test_a_type_that_is_not_known_is_kept(name: str) -> None:
    """A record of any type that this version does not know stands in the history with all that it says."""
    assert decode_event(name, {"phase": "full"}) == UnknownEvent(name=name, body={"phase": "full"})


def test_what_stands_for_unknown_events_is_no_event_of_its_own() -> None:
    """Nothing is registered without a type, so no record can pass for one that haops made up while reading."""
    assert "" not in ev.EVENTS
    assert UnknownEvent not in ev.EVENTS.values()


def test_an_event_without_a_type_is_refused() -> None:
    """An event that forgets its type never comes to be: it would be written under another's name."""
    with pytest.raises(TypeError, match="Forgotten names no type"):

        class Forgotten(ev.Event):
            """An event of nothing."""


def test_an_event_is_read_back_as_it_was_written() -> None:
    """Lists, maps, whole numbers and absent values come back as they were."""
    undone = ev.FaultUndone(fault="kill-process", targets=("h1", "h2"))
    measured = ev.ObjectiveMeasured(name="rto", target=600_000, actual=None, unit="ms", met=False)
    for event in (undone, measured):
        assert decode_event(event.type, encode_event(event)) == event
