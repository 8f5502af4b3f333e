"""Hosts: who is reached over SSH, whose clock is off, and who reaches whom."""

from haops.core.observations import HostState, Kind
from haops.core.view import View
from haops.ui.panes.pane import Pane, Place
from haops.ui.presenters.lines import Role, Span, dim
from haops.ui.presenters.marks import DOWN, NOT_SEEN, SELF, UP
from haops.ui.presenters.tables import Column, Row, Table

_CLOCK_LIMIT_S = 1.0
"""etcd warns about clocks further apart than this (rafthttp: 'the clock difference against peer is too high')."""
_WIDEST_NAME = 8


def _table(view: View) -> Table:
    """Return the matrix: a row for the bastion's own SSH, then a row per host saying whom it reaches."""
    hosts = [host.name for host in view.inventory.hosts]
    width = min(max((len(name) for name in hosts), default=0), _WIDEST_NAME)
    columns = (
        Column(title="", width=max(width, len("ssh"))),
        *(Column(title=name, width=width) for name in hosts),
        Column(title="", width=5, grows=True),
    )
    bastion = Row("ssh", (dim("ssh"), *(_ssh(view, name) for name in hosts), Span("")))
    rows = (bastion, *(_row(view, name, hosts) for name in hosts)) if hosts else ()
    return Table(columns, rows, "The inventory names no host.")


def _ssh(view: View, name: str) -> Span:
    """Return whether haops reaches the host."""
    sight = view.picture.get(Kind.HOST, name)
    return NOT_SEEN.span if sight is None else UP.span if sight.newest.ok else DOWN.span


def _row(view: View, name: str, hosts: list[str]) -> Row:
    """Return whom a host reaches, then its error or the offset of its clock."""
    state: HostState | None = view.picture.value(Kind.HOST, name)
    reached = tuple(_reach(state, name, other) for other in hosts)
    return Row(name, (Span(name), *reached, _remark(view, name, state)))


def _reach(state: HostState | None, name: str, other: str) -> Span:
    """Return whether one host got an answer from the other over TCP."""
    if name == other:
        return SELF.span
    # A host that is not reached says nothing of the others: not asked is not cut off.
    reached = state.reaches.get(other) if state else None
    return NOT_SEEN.span if reached is None else UP.span if reached else DOWN.span


def _remark(view: View, name: str, state: HostState | None) -> Span:
    """Return the error of a host that is not reached, else its clock if that is off."""
    sight = view.picture.get(Kind.HOST, name)
    if sight is not None and not sight.newest.ok:
        return Span(sight.newest.error, Role.BAD)
    if state is not None and abs(state.clock_offset_s) >= _CLOCK_LIMIT_S:
        return Span(f"clock {state.clock_offset_s:+.1f} s", Role.WARN)
    return Span("")


PANE = Pane(
    name="hosts",
    number=4,
    title="hosts",
    place=Place.TOP,
    # In a drill at 120 columns three names of five letters take all of it.
    share=26,
    table=_table,
    kinds=(Kind.HOST,),
    source="SSH, TCP between",
    asked="SSH from this bastion; TCP between hosts, tried on each host",
    explains=(
        "The row ssh says which hosts this bastion reaches. Each row below says whom that host reaches over TCP: "
        "● got an answer, ✖ did not, ? was not tried. A row and its column that differ mean a one-way partition. "
        "Behind the row stands the error, or a clock that is 1 s or more off."
    ),
)
