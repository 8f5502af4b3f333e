"""The condition language: what it allows, what it refuses, and what it says about facts that are not known."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haops.core.conditions import MAX_LENGTH, ConditionError, parse_condition

FACTS = {"etcd.intact": 2, "etcd.quorum": 2, "way": "live-survivor", "older.present": False, "host.zone": "a"}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("etcd.intact >= etcd.quorum", True),
        ('way == "live-survivor" and not older.present', True),
        ("etcd.intact * 2 > 4", False),
        ("1 < etcd.intact < 3", True),
        ("max(etcd.intact, 5) == 5", True),
        ('host.zone in ("a", "b")', True),
        ("7 if older.present else 8", True),
        ("known(etcd.revision)", False),
        ("not known(etcd.revision) or etcd.revision > 5", True),
    ],
)
def test_a_condition_is_true_or_false_by_the_facts(text: str, answer: bool) -> None:  # noqa: FBT001
    """A condition reads facts by their dotted names and nothing else."""
    assert parse_condition(text).holds(FACTS) is answer


def test_a_condition_on_an_unknown_fact_is_neither_true_nor_false() -> None:
    """What is not known is said to be not known, never taken for zero or no."""
    assert parse_condition("etcd.hashes_equal").holds({}) is None


@pytest.mark.parametrize("text", ["False and x", "True or x", "x and False"])
def test_a_known_part_decides_beside_an_unknown_one(text: str) -> None:
    """False and unknown is false, true or unknown is true."""
    assert parse_condition(text).holds({}) is ("or" in text)


def test_a_clash_of_types_is_not_known_and_said() -> None:
    """A runbook may compare a word with a number; nothing rests on that, and the values say what is wrong."""
    clash = parse_condition("way > 3")
    assert clash.holds({"way": "survivor"}) is None
    assert clash.explain({"way": "survivor"}).startswith("way survivor; way > 3: ")
    assert clash.explain({}) == "way unknown"


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "a.__class__",
        "().__class__",
        "[x for x in y]",
        "lambda: 1",
        "a ** 9",
        "a[0]",
        "f'{a}'",
        "print(1)",
        "max(a, key=b)",
        "a := 1",
        "",
        "1 +",
        "(" * 300 + ")" * 300,
        "a" * (MAX_LENGTH + 1),
        " + ".join(["a"] * 90),
    ],
)
def test_anything_else_is_refused_when_it_is_read(text: str) -> None:
    """A condition cannot call, index, loop, assign, raise to a power, or grow without bound."""
    with pytest.raises(ConditionError):
        parse_condition(text)


def test_a_mistake_has_its_column() -> None:
    """The place of the first thing that is not allowed is told."""
    with pytest.raises(ConditionError) as caught:
        parse_condition("etcd.intact >= 2 and open('x')")
    assert caught.value.column == len("etcd.intact >= 2 and ") + 1


def test_text_cannot_be_blown_up() -> None:
    """Only numbers can be multiplied, so that a short condition cannot make a long text."""
    with pytest.raises(ConditionError):
        parse_condition('"x" * 1000000').evaluate({})


def test_it_explains_itself_with_the_values_it_reads() -> None:
    """A person sees the numbers that a condition rests on."""
    assert parse_condition("etcd.intact >= etcd.left").explain(FACTS) == "etcd.intact 2, etcd.left unknown"


@given(st.text(max_size=60))
def test_no_text_does_anything_but_parse_or_be_refused(text: str) -> None:
    """Whatever a file holds, reading it as a condition ends in a condition or a ConditionError."""
    with contextlib.suppress(ConditionError):
        parse_condition(text).holds({})
