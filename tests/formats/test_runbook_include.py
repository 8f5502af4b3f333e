from pathlib import Path

import pytest
from runbook_words import words

from haops.core.runbook import Runbook, Step
from haops.errors import RunbookError
from haops.formats.runbook_yaml import parse_runbook

HEAD = "apiVersion: haops/v1\nkind: Runbook\nname: {name}\ntitle: X\n"
QUORUM = Path(__file__).with_name("quorum.yaml").read_text(encoding="utf-8")
OUTER = (
    HEAD.format(name="outer")
    + """\
inputs: {snap: {type: path, optional: true}}
steps:
  - {id: look, title: L, check: [etcd.members]}
  - id: q
    title: Q
    needs: [look]
    include: {runbook: quorum, with: {older_snapshot: snap}}
  - {id: end, title: E, needs: [q], when: q.way == "live-survivor" and q.snapshot_revision > 1, manual: x}
"""
)


def parse(text: str, **files: str) -> Runbook:
    """Return the runbook; the others can be included by their names."""
    return parse_runbook(text.encode(), "outer", words(files))


def mistakes(text: str, **files: str) -> list[str]:
    """Return the problems of a file, one line each."""
    with pytest.raises(RunbookError) as caught:
        parse(text, **files)
    return [str(problem) for problem in caught.value.problems]


def steps_of(runbook: Runbook) -> dict[str, Step]:
    """Return the steps by id."""
    return {step.id: step for step in runbook.steps}


def test_included_steps_stand_in_the_place_of_the_include() -> None:
    """The steps of the other runbook get the include's id in front and keep their order."""
    assert list(steps_of(parse(OUTER, quorum=QUORUM))) == [
        "look", "q.look", "q.way", "q.survivor-snapshot", "q.stop-api", "q.start-api", "end",
    ]  # fmt: skip


def test_the_ends_are_joined() -> None:
    """What the include needs its first steps need; who needs the include waits for its last steps."""
    steps = steps_of(parse(OUTER, quorum=QUORUM))
    assert steps["q.look"].needs == ("look",)
    assert steps["q.way"].needs == ("q.look",)
    assert steps["end"].needs == ("q.start-api",)
    assert steps["q.stop-api"].rollback == "q.start-api"


def test_names_inside_get_the_prefix_too() -> None:
    """Decisions and captures of the included runbook cannot clash with those outside."""
    steps = steps_of(parse(OUTER, quorum=QUORUM))
    snapshot = steps["q.survivor-snapshot"]
    assert snapshot.when is not None
    assert snapshot.when.text == 'q.way == "live-survivor"'
    assert [capture.name for capture in snapshot.captures] == ["q.snapshot", "q.snapshot_revision"]
    assert snapshot.verify is not None
    assert snapshot.verify.that.names == ("q.snapshot_revision", "etcd.newest_revision")


def test_inputs_are_bound() -> None:
    """An input of the included runbook is what it was given, in conditions and in words."""
    option = steps_of(parse(OUTER, quorum=QUORUM))["q.way"].action[1]
    assert option.when.text == "known(snap)"
    assert option.loses == "all after {snap}"


INNER = (
    HEAD.format(name="inner")
    + """\
inputs:
  size: {type: integer, default: 3}
  file: {type: path, optional: true}
  needed: {type: text, discover: etcd.quorum}
steps:
  - {id: a, title: A, manual: x, when: size > 1 and needed == 2}
  - {id: b, title: B, manual: x, needs: [a], when: file.present}
  - {id: c, title: C, manual: x, needs: [b]}
  - {id: d, title: D, manual: x, needs: [b]}
"""
)


def test_inputs_that_are_not_given_take_what_they_would_take_alone() -> None:
    """Default, discovery, or nothing at all: an included runbook means the same as alone."""
    steps = steps_of(parse(HEAD.format(name="x") + "steps:\n  - {id: i, title: I, include: inner}\n", inner=INNER))
    assert steps["i.a"].when is not None
    assert steps["i.a"].when.text == "(3) > 1 and etcd.quorum == 2"
    assert steps["i.b"].when is not None
    assert steps["i.b"].when.evaluate({}) is False


def test_only_some_steps_can_be_taken() -> None:
    """`only` takes some steps; a step left out passes its needs on."""
    text = HEAD.format(name="x") + (
        "steps:\n  - {id: i, title: I, include: {runbook: inner, only: [a, c, d]}}\n"
        "  - {id: z, title: Z, needs: [i], manual: x}\n"
    )
    steps = steps_of(parse(text, inner=INNER))
    assert {step.id: step.needs for step in steps.values()} == {
        "i.a": (), "i.c": ("i.a",), "i.d": ("i.a",), "z": ("i.c", "i.d"),
    }  # fmt: skip


def test_a_condition_on_the_include_holds_for_every_step() -> None:
    """What the include is for is what each of its steps is for."""
    text = HEAD.format(name="x") + (
        "inputs: {deep: {type: boolean, default: true}}\nsteps:\n  - {id: i, title: I, include: inner, when: deep}\n"
    )
    steps = steps_of(parse(text, inner=INNER))
    assert [step.when.text if step.when else "" for step in steps.values()] == [
        "(deep) and ((3) > 1 and etcd.quorum == 2)", "(deep) and (False)", "deep", "deep",
    ]  # fmt: skip


def test_includes_can_be_nested() -> None:
    """An included runbook may include another; prefixes add up."""
    middle = HEAD.format(name="m") + "steps:\n  - {id: m, title: M, include: inner}\n"
    text = HEAD.format(name="x") + "steps:\n  - {id: i, title: I, include: middle}\n"
    runbook = parse(text, middle=middle, inner=INNER)
    assert list(steps_of(runbook)) == ["i.m.a", "i.m.b", "i.m.c", "i.m.d"]
    assert runbook.includes == {"middle": middle, "inner": INNER}


def test_the_digest_covers_what_is_included() -> None:
    """A change in an included file is a change of the runbook."""
    assert parse(OUTER, quorum=QUORUM).digest != parse(OUTER, quorum=QUORUM + "# changed\n").digest


def test_the_kept_texts_give_the_same_runbook_again() -> None:
    """From its own text and the texts of its includes a runbook can be read again without its files."""
    first = parse(OUTER, quorum=QUORUM)
    again = parse(first.text, **first.includes)
    assert again == first


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("include: inne", "outer:6:32: error: there is no runbook inne"),
        ("include: {runbok: inner}", "outer:6:33: error: runbok is no field here (did you mean runbook?)"),
        ("include: {runbook: inner, with: {siz: 1}}", "outer:6:56: error: inner has no input siz (did you mean size?)"),
        ("include: {runbook: inner, only: [e]}", "outer:6:56: error: inner has no step e"),
        ("include: strict", "outer:6:32: error: strict needs its input must (add with: {must: ...})"),
        ("include: {runbook: inner, with: {file: '\"/a\"'}}", "outer:6:32: error: nothing is found out about the file"),
        ("include: {runbook: inner, with: {size: sise}}", "outer:6:62: error: nothing is known as sise"),
        ("include: inner, timeout: 5s", "outer:6:39: error: timeout means nothing beside include"),
        ("include: inner, when: etcd.quorum > 1", "outer:6:45: error: etcd.quorum may change while the included steps"),
        ("include: broken", "broken:5:8: error: a list is expected here"),
    ],
)
def test_what_does_not_fit_is_named_at_the_include(step: str, said: str) -> None:
    """Every mistake of an include has its place, in this file or in the other."""
    strict = HEAD.format(name="strict") + (
        "inputs: {must: {type: text}}\nsteps: [{id: a, title: A, manual: x, when: must == ''}]\n"
    )
    broken = HEAD.format(name="broken") + "steps: 3\n"
    text = HEAD.format(name="x") + f"steps:\n  - {{id: i, title: I, {step}}}\n"
    found = mistakes(text, inner=INNER, strict=strict, broken=broken)
    assert [line for line in found if line.startswith(said)], found


def test_a_circle_of_includes_is_named() -> None:
    """Runbooks that include each other are refused with the way round."""
    inner = HEAD.format(name="inner") + "steps:\n  - {id: o, title: O, include: outer}\n"
    text = HEAD.format(name="outer") + "steps:\n  - {id: i, title: I, include: inner}\n"
    found = mistakes(text, inner=inner, outer=text)
    assert "inner:6:32: error: runbooks include each other in a circle: outer -> inner -> outer (take one out)" in found


def test_includes_end_at_a_depth() -> None:
    """A chain without end is refused, even if no file comes twice."""
    link = HEAD + "steps:\n  - {{id: i, title: I, include: f{next}}}\n"
    files = {f"f{n}": link.format(name=f"f{n}", next=n + 1) for n in range(1, 9)}
    found = mistakes(link.format(name="f0", next=1), **files)
    assert any("included more than 5 deep: outer -> f1 -> f2 -> f3 -> f4 -> f5" in line for line in found)


@pytest.mark.slow
def test_includes_cannot_multiply_without_end() -> None:
    """Runbooks that include others many times are refused by the number of steps that come out."""
    many = "".join(f"  - {{{{id: i{n}, title: I, include: {{name}}}}}}\n" for n in range(30))
    level = HEAD + "steps:\n" + many
    text = HEAD.format(name="x") + "steps:\n" + many.format(name="one")
    found = mistakes(text, one=level.format(name="two"), two=INNER)
    assert found == ["outer:6:3: error: 3600 steps; at most 500 are allowed (split the runbook)"]
