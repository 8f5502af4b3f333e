"""Line by line: the same engine, and no answer is never a yes."""

import io
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import click
import pytest
from journals import StandingClock

from haops.cli import plain
from haops.cli.plain import PlainSession
from haops.cli.run import run
from haops.errors import InputError, Refused
from haops.runtime import sessions
from haops.runtime.journal_file import JournalWriter
from tests.runtime.conftest import World, world

__all__ = ["world"]


def answering(*answers: str) -> Callable[[str], str]:
    """Return a person who gives these answers in order and is then gone."""
    left: Iterator[str] = iter(answers)

    def ask(question: str) -> str:
        del question
        try:
            return next(left)
        except StopIteration:
            raise EOFError from None

    return ask


@pytest.mark.parametrize("answer", ["", "n", "no", "yes", "Y", "fake"])
def test_anything_but_the_wanted_answer_runs_nothing(world: World, answer: str) -> None:
    """A change takes exactly `y`; an empty line, a no, or another word runs nothing."""
    out = io.StringIO()
    with pytest.raises(Refused):
        PlainSession(world.begin(), answering(answer), out).run()
    assert world.effects() == []
    assert "first was not run" in out.getvalue()


def test_nobody_there_runs_nothing_and_says_so(world: World) -> None:
    """The end of input is a no: the session waits, and the error names how to go on."""
    engine = world.begin()
    with pytest.raises(Refused, match="no answer") as caught:
        PlainSession(engine, answering(), io.StringIO()).run()
    assert caught.value.remedy == f"haops run --resume {engine.view().session.id}"
    assert world.effects() == []


def test_a_confirmed_runbook_runs_to_its_end(world: World) -> None:
    """With `y` to each step both run, and what happened is said line by line."""
    out = io.StringIO()
    assert PlainSession(world.begin(), answering("y", "y"), out).run() == ""
    assert len(world.effects()) == 3
    assert "first succeeded" in out.getvalue()
    assert "set -eu" in out.getvalue()


def test_a_failed_step_is_tried_again_when_asked(world: World) -> None:
    """After a failure the ways on are offered; `r` asks for the step again."""
    world.exit_status = 1
    out = io.StringIO()
    with pytest.raises(Refused):
        PlainSession(world.begin(), answering("y", "r", "n"), out).run()
    assert "FAILED: first" in out.getvalue()
    assert out.getvalue().count("Confirm: first") >= 2


BY_HAND = """\
apiVersion: haops/v1
kind: Runbook
name: by-hand
title: By hand
summary: For what a person does.
steps:
  - id: call
    title: Call
    risk: change
    irreversible: It is a call.
    manual: Call them, and say what they answered.
"""


def _by_hand(world: World, *answers: str) -> tuple[str, list[str]]:
    """Answer a step that a person does; return what the journal holds as the statement, and what was asked."""
    world.runbook_file.write_text(BY_HAND)
    engine, asked, given = world.begin(), [], answering(*answers)

    def ask(question: str) -> str:
        asked.append(question)
        return given(question)

    with suppress(Refused):
        PlainSession(engine, ask, io.StringIO()).run()
    evidence = [attempt.evidence for attempt in engine.view().session.attempts.values()]
    return "".join(str(text) for text in evidence), asked


def test_what_was_done_by_hand_is_said_before_it_is_confirmed(world: World) -> None:
    """As on the screen: first what was done and seen, then `y`."""
    evidence, asked = _by_hand(world, "they took it out", "y")
    assert "they took it out" in evidence
    assert asked[0].startswith("What you did and saw")
    assert asked[1].startswith("Confirm call as done? y")


@pytest.mark.parametrize("answers", [("",), ("they took it out", ""), ("they took it out", "no"), ("q",)])
def test_nothing_said_or_not_confirmed_is_not_done(world: World, answers: tuple[str, ...]) -> None:
    """A statement alone is no yes, and no statement is none either."""
    assert _by_hand(world, *answers)[0] == ""


def test_leaving_is_said(world: World) -> None:
    """`q` ends the reading, not the session."""
    assert PlainSession(world.begin(), answering("q"), io.StringIO()).run() == "left before the end"


def test_what_there_is_to_notice_is_said_once(world: World) -> None:
    """Doubts about the journal and everything else that is no event reach who reads lines, too."""
    out = io.StringIO()
    engine = world.begin()
    engine.notice("the journal lies in memory")
    with pytest.raises(Refused):
        PlainSession(engine, answering("n", "n"), out).run()
    assert out.getvalue().count("the journal lies in memory") == 1


def test_hostile_text_cannot_act_on_the_terminal(world: World) -> None:
    """What a host sends as its error is shown with its control characters visible."""
    from haops.connectors.fake import Outcome  # noqa: PLC0415 - only this test makes a host hostile

    def hostile(script: str, _environment: object) -> Outcome:
        return Outcome(stderr=b"\x1b]52;c;aGk=\x07bad", exit_status=1 if "echo" in script else 0)

    for host in world.hosts.values():
        host.behaviour = hostile
    out = io.StringIO()
    with pytest.raises(Refused):
        PlainSession(world.begin(), answering("y"), out).run()
    assert "\x1b" not in out.getvalue()
    assert "\\x1b]52" in out.getvalue()


def test_a_session_goes_on_line_by_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """`haops run --resume` needs nothing but its name: runbook, cluster and inputs stand in the journal."""
    engine = world.begin()
    with pytest.raises(Refused):
        PlainSession(engine, answering("y"), io.StringIO()).run()
    engine.leave("left")
    monkeypatch.setattr(sessions, "InventoryConnections", lambda *_args, **_keywords: world.connections())
    monkeypatch.setattr("builtins.input", answering("y"))
    run.main(["--resume", engine.view().journal_path], standalone_mode=False)
    assert len(world.effects()) == 3


@pytest.mark.parametrize(
    ("body", "told"),
    [({"mode": "drill"}, "haops drill --plain --resume"), ({"mode": "incident"}, "no runbook was taken up")],
)
def test_what_cannot_go_on_line_by_line_is_refused(tmp_path: Path, body: dict[str, str], told: str) -> None:
    """A drill goes on inside its lab; a session without a runbook has nothing to ask about."""
    writer = JournalWriter.create(tmp_path / "s-1", "s-1", StandingClock())
    writer.append("session.opened", body, actor="ops", barrier=True)
    writer.close()
    with pytest.raises(InputError, match=told):
        run.main(["--resume", str(tmp_path / "s-1")], standalone_mode=False)


@pytest.mark.parametrize("arguments", [[], ["etcd-quorum-loss"], ["etcd-quorum-loss", "--resume", "x"]])
def test_half_a_command_line_is_a_usage_error(arguments: list[str]) -> None:
    """A runbook with its cluster, or a session: nothing between them."""
    with pytest.raises(click.UsageError, match="--resume"):
        run.main(arguments, standalone_mode=False)


STUCK = """\
apiVersion: haops/v1
kind: Runbook
name: stuck
title: Stuck
summary: Waits for a fact that nobody can tell.
steps:
  - {id: never, title: Never, when: etcd.members_healthy > 0, manual: Never.}
"""


def test_a_step_whose_condition_does_not_become_known_is_said_and_can_be_skipped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a session line by line would stand still without a word, and only a kill would end it."""
    monkeypatch.setattr(plain, "_KNOWN_WITHIN_S", 0.2)
    world.runbook_file.write_text(STUCK)
    out = io.StringIO()
    assert PlainSession(world.begin(), answering("", "s", "no etcd here"), out).run() == ""
    assert "never waits until it is known whether it applies: etcd.members_healthy > 0" in out.getvalue()
    assert "never skipped: no etcd here" in out.getvalue()
