"""Values taken from output have the form that they declare, or the step fails."""

import pytest

from haops.core.capture import CaptureFailed, take_all
from haops.core.runbook import Capture

OUTPUT = '{"revision": 1284331, "path": "/var/backups/a.db", "list": [{"id": "8e9e05c52164694d"}]}'


@pytest.mark.parametrize(
    ("capture", "value"),
    [
        (Capture(name="v", type="integer", json="/revision"), 1284331),
        (Capture(name="v", type="path", json="/path"), "/var/backups/a.db"),
        (Capture(name="v", type="hex", json="/list/0/id"), "8e9e05c52164694d"),
        (Capture(name="v", type="integer", regex=r'"revision": (\d+)'), 1284331),
        (Capture(name="v", type="path", value="$DIR/${NAME}.db"), "/b/n.db"),
    ],
)
def test_a_value_is_found_where_it_was_said_to_be(capture: Capture, value: object) -> None:
    """A JSON pointer, a regular expression or a text with variables finds the value."""
    assert take_all([capture], OUTPUT, {"DIR": "/b", "NAME": "n"}) == {"v": value}


@pytest.mark.parametrize(
    ("capture", "output"),
    [
        (Capture(name="v", type="hex", regex="(.*)"), "sudo: command not found"),
        (Capture(name="v", type="integer", regex="(.*)"), ""),
        (Capture(name="v", type="integer", json="/revision"), "true"),
        (Capture(name="v", type="integer", json="/revision"), "no json"),
        (Capture(name="v", type="integer", json="/nothing"), OUTPUT),
        (Capture(name="v", type="path", json="/revision"), OUTPUT),
        (Capture(name="v", type="name", regex="(.*)"), "-rf /"),
        (Capture(name="v", type="path", regex="(?s)(.*)"), "/a\n/b"),
        (Capture(name="v", type="boolean", json="/revision"), OUTPUT),
    ],
)
def test_a_value_without_its_form_is_a_failure(capture: Capture, output: str) -> None:
    """An error text is never taken for an id, a path or a number."""
    with pytest.raises(CaptureFailed):
        take_all([capture], output, {})
