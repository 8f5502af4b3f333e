import pytest

from haops.core.runbook import Input
from haops.errors import InputError
from haops.formats.input_values import read_inputs, seconds, size_bytes

INPUTS = (
    Input(name="count", type="integer", default=3),
    Input(name="snapshot", type="path", optional=True),
    Input(name="wait", type="duration", optional=True),
    Input(name="room", type="bytes", optional=True),
    Input(name="force", type="boolean", optional=True),
    Input(name="host", type="name", optional=True),
)


def test_values_get_the_form_that_the_runbook_asks_for() -> None:
    """Typed text becomes numbers, seconds, bytes, truth values; conditions compare like with like."""
    given = {"count": "4", "wait": "2m", "room": "8GiB", "force": "true", "host": "cp1"}
    assert read_inputs(INPUTS, given, directory="/home") == {
        "count": 4, "wait": 120.0, "room": 8 * 2**30, "force": True, "host": "cp1",
    }  # fmt: skip


def test_a_relative_path_is_from_where_it_was_typed() -> None:
    """A path arrives absolute, so that it means the same in every later process."""
    assert read_inputs(INPUTS, {"snapshot": "a/../b.db"}, directory="/home/me") == {"snapshot": "/home/me/b.db"}
    assert read_inputs(INPUTS, {"snapshot": "/x.db"}, directory="/home/me") == {"snapshot": "/x.db"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"cuont": "4"}, "the runbook has no input cuont. Try: --input count=..."),
        ({"count": "many"}, "count is not of the form integer: 'many'"),
        ({"force": "yes"}, "force is not of the form boolean"),
        ({"wait": "5"}, "wait is not of the form duration"),
        ({"room": "8 GB"}, "room is not of the form bytes"),
        ({"host": "-rf"}, "host is not of the form name"),
    ],
)
def test_a_value_without_its_form_is_refused(given: dict[str, str], said: str) -> None:
    """What is mistyped is named before anything runs."""
    with pytest.raises(InputError) as caught:
        read_inputs(INPUTS, given, directory="/")
    assert said in str(caught.value)


def test_an_input_without_default_must_be_given() -> None:
    """A runbook that cannot do without a value says which and what it is."""
    needed = Input(name="member", type="name", help="The member to replace.")
    with pytest.raises(InputError, match="needs the input member: The member to replace"):
        read_inputs([needed], {}, directory="/")


def test_units() -> None:
    """Decimal and binary units differ, and bytes need none."""
    assert [size_bytes(text) for text in ("512", "1k", "1Ki", "2MB", "2MiB", 7)] == [
        512,
        1000,
        1024,
        2 * 10**6,
        2 * 2**20,
        7,
    ]
    assert [seconds(text) for text in ("250ms", "1.5s", "2m", "1h")] == [0.25, 1.5, 120.0, 3600.0]
