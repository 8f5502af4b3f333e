"""etcd, member by member, each asked at its own address: who leads, who lags, how full, how fast, same data or not."""

from haops.core.facts.etcd import CLOSE_ENOUGH
from haops.core.inventory import EtcdMemberAddress
from haops.core.observations import EtcdMember, Kind, Sight
from haops.core.quorum import in_words
from haops.core.view import View
from haops.ui.panes.pane import Pane, Place
from haops.ui.presenters.freshness import last_good_age
from haops.ui.presenters.lines import BLANK, Line, Role, Span, dim, line
from haops.ui.presenters.marks import AILING, DOWN, NOT_SEEN, UP, Mark
from haops.ui.presenters.numbers import count, count_within, milliseconds, size
from haops.ui.presenters.tables import Column, Row, Table

# At the quota itself etcd takes no more writes: a fifth is left for doing something about it.
_NEARLY_FULL_PERCENT = 80

# A restore raises it by a thousand million: then it fits without the spaces between its groups only.
_REVISION_WIDTH = 11

COLUMNS = (
    Column(title="", width=1),
    Column(title="member", width=6),
    Column(title="state", width=9, grows=True),
    Column(title="term", width=4, right=True),
    Column(title="revision", width=_REVISION_WIDTH, right=True),
    Column(title="lag", width=4, right=True),
    Column(title="size", width=6, right=True),
    # As wide as the age that stands here when the member is silent: `12 m ago`.
    Column(title="latency", width=8, right=True, volatile=True),
    Column(title="hash", width=8, extra=True),
    Column(title="version", width=8, extra=True),
)


def _table(view: View) -> Table:
    """Return one row for each member of the inventory, in its order."""
    members = view.inventory.etcd.members if view.inventory.etcd else ()
    # Only of those that answer now: what a silent member said once is no measure for the others.
    furthest = max((_applied(member) for member in _answering(view).values()), default=0)
    rows = (_row(view, address, furthest) for address in members)
    return Table(COLUMNS, tuple(rows), "The inventory names no etcd member.")


def _answering(view: View) -> dict[str, EtcdMember]:
    """Return the members that answered last time, by name."""
    return {name: sight.newest.value for name, sight in view.picture.of(Kind.ETCD_MEMBER) if sight.newest.ok}


def _applied(member: EtcdMember) -> int:
    """Return how far a member has come in the raft log."""
    # etcd before 3.4 does not tell its applied index.
    return member.applied_index or member.raft_index


def _row(view: View, address: EtcdMemberAddress, furthest: int) -> Row:
    """Return a member's row; one that is silent keeps its last values, in the background, with their age."""
    sight = view.picture.get(Kind.ETCD_MEMBER, address.name)
    mark, word = _state(sight)
    head = (mark.span, Span(address.name), Span(word, mark.role))
    if sight is None or sight.last_good is None:
        return Row(address.name, (*head, *(dim("-") for _ in COLUMNS[3:])))
    values = _values(sight.last_good.value, furthest)
    if sight.newest.ok:
        return Row(address.name, (*head, *values))
    old = [dim(span.text) for span in values]
    # The latency of then says nothing now; in its place stands how old the rest is.
    old[4] = Span(last_good_age(view, sight), Role.STALE)
    return Row(address.name, (*head, *old))


def _state(sight: Sight | None) -> tuple[Mark, str]:
    """Return how a member stands, in a word of the field."""
    if sight is None:
        return NOT_SEEN, "not seen"
    if not sight.newest.ok:
        return DOWN, sight.newest.error
    member: EtcdMember = sight.newest.value
    # Before its errors: a member without a leader lists that among them as well.
    if not member.leader_id:
        return AILING, "no leader"
    if member.errors:
        # Where etcd puts its own name first, the narrow column would show nothing else.
        return AILING, member.errors[0].removeprefix("etcdserver: ")
    if member.is_learner:
        return AILING, "learner"
    return UP, "leader" if member.leader_id == member.member_id else "follower"


def _values(member: EtcdMember, furthest: int) -> tuple[Span, ...]:
    """Return what a member said, from its term on."""
    # A silent member's last index may be ahead of all that still answer.
    lag = max(furthest - _applied(member), 0)
    return (
        Span(str(member.term)),
        Span(count_within(member.revision, _REVISION_WIDTH)),
        Span(count(lag), Role.WARN if lag > CLOSE_ENOUGH else Role.PLAIN),
        _fill(member),
        Span(milliseconds(member.latency_ms)),
        Span(f"{member.hash:08x}" if member.hash is not None else "-"),
        Span(member.version),
    )


def _fill(member: EtcdMember) -> Span:
    """Return the size in per cent of the quota, or as it is when the quota is not known."""
    if not member.quota_bytes:
        return Span(size(member.size_bytes))
    percent = 100 * member.size_bytes // member.quota_bytes
    return Span(f"{percent} %", Role.WARN if percent >= _NEARLY_FULL_PERCENT else Role.PLAIN)


def _words(view: View) -> Line:
    """Return the quorum arithmetic in words, after the worst that members can do: hold different data."""
    voters, healthy = view.facts.get("etcd.members_expected"), view.facts.get("etcd.members_healthy")
    if not voters or healthy is None:
        return BLANK
    role = Role.PLAIN if view.facts.get("etcd.has_quorum") else Role.BAD
    # False and not None: hashes that could not be compared are no accusation.
    differ = Span("HASHES DIFFER  ", Role.BAD) if view.facts.get("etcd.hashes_equal") is False else ""
    return line(differ, Span(in_words(voters, healthy), role))


def _source(view: View) -> str:
    """Return where the values come from, and whether the members hold the same data as far as that is known."""
    return "Status of each member" + (", hashes equal" if view.facts.get("etcd.hashes_equal") else "")


PANE = Pane(
    name="etcd",
    number=2,
    title="etcd",
    place=Place.TOP,
    # In a drill at 120 columns its columns fit to the last cell, with gaps, frame and scrollbar.
    share=60,
    table=_table,
    kinds=(Kind.ETCD_MEMBER,),
    source=_source,
    asked="each member's own Status, at its own address",
    explains=(
        "Each etcd member, asked at its own address, so that it is shown with the API down. The title says in words "
        "how many may still fail. lag: raft entries behind the furthest member. size: of the quota. A member that is "
        "silent keeps its last values in the background; the last column then says how old they are."
    ),
    words=_words,
)
