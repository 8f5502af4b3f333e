"""`haops drill`: a lab, a fault, a session to repair it in, and the report.

Owns three processes: the one that the shell knows, which keeps the lab for the drill and ends it afterwards; the one
that waits at the lab's door; and the one inside, which holds the session. If haops is killed the lab stays, so that the
drill can be gone on with.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from haops.cli.terminal import remember_terminal
from haops.cli.wish import DEFAULT_SCENARIO, LEFT, Wish
from haops.errors import InputError, LabError, ProgramMissing
from haops.lab.early_signals import hand_on
from haops.runtime import own_program

if TYPE_CHECKING:
    from haops.lab.running import RunningLab

_INSIDE = "HAOPS_DRILL_INSIDE"
_KILLED = -signal.SIGKILL
_LEFT_TO_THE_CHILD = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


@click.command()
@click.argument("scenario", default=DEFAULT_SCENARIO)
@click.option("--variant", help="Which variant of the scenario; default: its first.")
@click.option("--flavour", type=click.Choice(["control-plane", "etcd"]), help="Default: the most real that can run.")
@click.option("--from", "from_directory", metavar="DIR", help="Take the lab's programs from this directory.")
@click.option("--auto", is_flag=True, help="Confirm everything by itself; no terminal needed. Exists in the lab only.")
@click.option("--plain", is_flag=True, help="Line by line instead of the full screen.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@click.option(
    "--keep", is_flag=True, help="Leave the lab running: repaired and without its faults, or as the drill ended."
)
@click.option("--resume", "resumed", metavar="SESSION", help="Go on with a drill that was interrupted.")
def drill(**options: Any) -> None:
    """Rehearse SCENARIO: start a cluster, break it for real, repair it, and see how well it went.

    Exit code 0: done and every objective met; 9: not.
    """
    wish = Wish(**options)
    sys.exit(rehearse_inside(wish) if os.environ.get(_INSIDE) else rehearse_outside(wish))


def rehearse(scenario: str) -> None:
    """Rehearse a scenario that was chosen on the start screen."""
    sys.exit(rehearse_outside(Wish(scenario=scenario)))


def resume_drill(session: str) -> None:
    """Go on with a drill that was chosen on the start screen."""
    sys.exit(rehearse_outside(Wish(resumed=session)))


def rehearse_outside(wish: Wish) -> int:
    """Start or find the lab, and hold the drill in it."""
    _check(wish)
    if wish.resumed:
        return _hold(_lab_of_session(wish.resumed), wish)
    lab = _start_lab(wish)
    try:
        return _hold(lab, wish)
    # Ctrl-C before there is anyone inside to hear it: nobody knows of a session in this lab yet.
    except KeyboardInterrupt:
        lab.end()
        raise


def _hold(lab: "RunningLab", wish: Wish) -> int:
    """Run the drill inside the lab, and end the lab unless haops was killed in there or the operator comes back."""
    put_terminal_back = remember_terminal()
    status = _run_inside(lab.name, wish)
    # Popen tells a signal as a negative status, the door of the lab as 128 and more.
    if status in (_KILLED, 128 + signal.SIGKILL):
        # What is killed leaves the terminal raw, without a cursor, on the alternate screen.
        put_terminal_back()
        print(f"haops was killed; the lab {lab.name} stays. Go on: haops", file=sys.stderr)
        return 128 + signal.SIGKILL
    if wish.keep:
        print(f"The lab {lab.name} stays: haops lab shell, haops lab down", file=sys.stderr)
    elif status != LEFT:
        lab.end()
    return status


def _check(wish: Wish) -> None:
    """Raise UsageError, InputError for an unknown scenario or variant, EnvironmentLacks without a terminal."""
    from haops.cli.screen import need_terminal  # noqa: PLC0415
    from haops.lab.scenarios import find_scenario  # noqa: PLC0415

    if wish.auto and wish.plain:
        raise click.UsageError("--auto and --plain exclude each other: --auto asks nothing")
    find_scenario(wish.scenario).variant(wish.variant)
    if not (wish.auto or wish.plain):
        need_terminal("--auto, which confirms by itself, or --plain, which works line by line")


def _start_lab(wish: Wish) -> "RunningLab":
    """Start a lab in the flavour asked for, or the most real one, and say which and how to get the next."""
    from haops.lab.keeper import start_in_background  # noqa: PLC0415
    from haops.lab.programs import available_flavours  # noqa: PLC0415

    offers = available_flavours(wish.from_directory)
    # If none can run, the one that needs least says what is missing.
    offer = next((o for o in offers if o.flavour == wish.flavour or (wish.flavour is None and o.available)), offers[-1])
    if not offer.available:
        raise ProgramMissing(offer.reason, remedy=offer.remedy)
    _say(f"flavour {offer.flavour}")
    # They come in this order: the most real first.
    for better in offers[: offers.index(offer)]:
        if wish.flavour is None:
            _say(f"more real: {better.flavour}; {better.remedy}")
    return start_in_background(offer.flavour, offer.paths, _say)


def _say(text: str) -> None:
    """Say one line about the drill's course; the report alone goes to standard output."""
    print(f"  {text}", file=sys.stderr, flush=True)


def _run_inside(lab: str, wish: Wish) -> int:
    """Ask the same of a haops inside the lab and return its status; signals of the terminal are its business."""
    # A signal in between would end this process and leave the lab behind. The child unblocks them inside.
    signal.pthread_sigmask(signal.SIG_BLOCK, _LEFT_TO_THE_CHILD)
    child = subprocess.Popen(
        own_program.command("haops", *wish.arguments()), env=own_program.environment(**{_INSIDE: lab})
    )
    hand_on(_LEFT_TO_THE_CHILD, child.pid)
    # Ctrl-C comes to the child from the terminal; the other two are sent to this process alone.
    signal.signal(signal.SIGINT, _leave_it_to_the_child)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: child.send_signal(received))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _LEFT_TO_THE_CHILD)
    return child.wait()


def _leave_it_to_the_child(number: int, frame: FrameType | None) -> None:
    """Do nothing: the terminal has told the child as well."""


def _lab_of_session(session: str) -> "RunningLab":
    """Return the lab in which a session's drill takes place. InputError if it is none, LabError if it is gone."""
    from haops.lab.attached import lab_name_of  # noqa: PLC0415
    from haops.lab.running import running_labs  # noqa: PLC0415
    from haops.runtime.journal_reader import read_journal  # noqa: PLC0415
    from haops.runtime.paths import find_session  # noqa: PLC0415

    records = read_journal(find_session(session)).records
    opened = records[0].body if records else {}
    if opened.get("mode") != "drill":
        raise InputError("this session is no drill", where=session, remedy=f"haops session --resume {session}")
    name = lab_name_of(str(opened.get("inventory_source", "")))
    for lab in running_labs():
        if lab.name == name:
            return lab
    remedy = f"`haops drill` begins another; `haops timeline {session}` tells what happened in this one"
    raise LabError(f"the lab {name} of this drill is gone", where=session, remedy=remedy)


def rehearse_inside(wish: Wish) -> int:
    """Join the lab and hold the drill's session. Returns the exit code."""
    from haops.lab import namespaces, syscalls  # noqa: PLC0415
    from haops.lab.running import find_lab  # noqa: PLC0415

    syscalls.die_with_parent()
    lab = find_lab(os.environ[_INSIDE])
    namespaces.join(lab.first_process)
    # Once more: it is not inherited, and joining goes on in a new process.
    syscalls.die_with_parent()
    # Only now: what follows starts threads, and gRPC and fork do not mix.
    from haops.cli.drill_session import DrillSession  # noqa: PLC0415

    # Steps on the bastion find the lab's own etcdctl and kubectl first.
    os.environ["PATH"] = f"{lab.files.programs}:{os.environ.get('PATH', '')}"
    try:
        return DrillSession(wish, Path(lab.directory), lab.flavour, _say).run()
    except LabError as error:
        _say(str(error))
        return error.exit_code
