"""Sessions and pictures built by hand through the core's own functions: what the screen's tests look at."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from haops.core import events as ev
from haops.core.commands import Command
from haops.core.conditions import parse_condition
from haops.core.decide import Circumstances, Refusal, decide
from haops.core.facts import derive, derive_host
from haops.core.inventory import (
    ApiEndpointAddress,
    EtcdAccess,
    EtcdMemberAddress,
    Host,
    Inventory,
    KubernetesAccess,
    Layout,
)
from haops.core.observations import ApiEndpoint, EtcdMember, HostState, Kind, Lease, Node, Observation, Picture
from haops.core.planning import Knowledge, StepPlan, plan_step
from haops.core.risk import Risk
from haops.core.runbook import Effect, Guard, Input, Option, Runbook, Selector, Step, Verification
from haops.core.session import Entry, Session, apply
from haops.core.signal import Severity, Signal
from haops.core.states import StepState
from haops.core.triage import triage
from haops.core.view import Notice, Output, View

NOW = datetime(2026, 3, 14, 3, 21, 7, tzinfo=UTC)
OPENED = NOW - timedelta(minutes=7, seconds=31)
NOW_S = 1000.0
NAMES = ("cp1", "cp2", "cp3")


def wall(seconds_before: float) -> str:
    """Return a record's wall clock text so many seconds before now."""
    return (NOW - timedelta(seconds=seconds_before)).isoformat()


def inventory(cluster: str = "prod-eu") -> Inventory:
    """Return three control-plane hosts with etcd, and a virtual address."""
    hosts = tuple(
        Host(name=name, address=f"10.0.0.{n}", roles=("control-plane", "etcd"), zone=f"z{n}")
        for n, name in enumerate(NAMES, 1)
    )
    members = tuple(
        EtcdMemberAddress(
            name=h.name, host=h.name, client_url=f"https://{h.address}:2379", peer_url=f"https://{h.address}:2380"
        )
        for h in hosts
    )
    etcd = EtcdAccess(
        members=members,
        ca="ca",
        certificate="crt",
        key="key",
        host_ca="/etc/ca",
        host_certificate="/etc/crt",
        host_key="/etc/key",
    )
    servers = tuple(ApiEndpointAddress(name=h.name, host=h.name, url=f"https://{h.address}:6443") for h in hosts)
    vip = ApiEndpointAddress(name="VIP", host="", url="https://10.0.0.100:6443", virtual=True)
    api = KubernetesAccess(kubeconfig="admin.conf", endpoints=(*servers, vip))
    return Inventory(cluster=cluster, layout=Layout.KUBEADM, hosts=hosts, etcd=etcd, kubernetes=api, source="prod.yaml")


def seen(kind: Kind, subject: str, value: Any = None, *, error: str = "", age_s: float = 1.0) -> Observation:
    """Return one observation."""
    return Observation(
        kind=kind,
        subject=subject,
        observed_at=NOW - timedelta(seconds=age_s),
        monotonic_s=NOW_S - age_s,
        source=f"https://{subject}",
        value=value,
        error=error,
    )


def member(number: int, *, leader: str = "a1", term: int = 7, revision: int = 1_284_331, **fields: Any) -> EtcdMember:
    """Return what a healthy member says."""
    base = EtcdMember(
        member_id=f"a{number}",
        cluster_id="cab1e5",
        leader_id=leader,
        term=term,
        raft_index=2_000_000,
        applied_index=2_000_000,
        revision=revision,
        size_bytes=660_000_000,
        size_in_use_bytes=500_000_000,
        version="3.6.16",
        quota_bytes=2_147_483_648,
        hash=0x5F3C0E11,
        hash_revision=revision,
        compact_revision=1_280_000,
        latency_ms=2.0,
    )
    return replace(base, **fields)


def healthy_observations(age_s: float = 1.0) -> list[Observation]:
    """Return everything as it is on a good night."""
    found = [seen(Kind.ETCD_MEMBER, name, member(n), age_s=age_s) for n, name in enumerate(NAMES, 1)]
    found += [
        seen(Kind.API_ENDPOINT, name, ApiEndpoint(http_status=200, ready=True, live=True, latency_ms=4.2), age_s=age_s)
        for name in (*NAMES, "VIP")
    ]
    found += [
        seen(Kind.HOST, name, HostState(reaches={o: True for o in NAMES if o != name}), age_s=age_s) for name in NAMES
    ]
    for name in ("kube-controller-manager", "kube-scheduler"):
        found.append(
            seen(
                Kind.LEASE,
                name,
                Lease(namespace="kube-system", holder="cp1_0f", renewed_age_s=1.2, duration_s=15),
                age_s=age_s,
            )
        )
    found += [seen(Kind.NODE, name, Node(ready="True", kubelet_version="v1.36.3"), age_s=age_s) for name in NAMES]
    return found


def lost_observations() -> list[Observation]:
    """Return what is seen once two of three members are gone."""
    found = [seen(Kind.ETCD_MEMBER, "cp1", member(1, leader=""))]
    found += [seen(Kind.ETCD_MEMBER, name, error="refused") for name in NAMES[1:]]
    failed = ApiEndpoint(http_status=500, ready=False, live=False, failed_checks=("etcd",))
    found.append(seen(Kind.API_ENDPOINT, "cp1", failed))
    found += [seen(Kind.API_ENDPOINT, name, error="refused") for name in (*NAMES[1:], "VIP")]
    found += [seen(Kind.HOST, name, HostState(reaches={o: True for o in NAMES if o != name})) for name in NAMES]
    found += [seen(Kind.LEASE, "kube-controller-manager", error="no API server answers")]
    return found


def picture(*rounds: Iterable[Observation]) -> Picture:
    """Return the picture after rounds of looking."""
    made = Picture()
    for observations in rounds:
        made = made.with_observations(observations)
    return made


LOST_SIGNALS = (
    Signal(
        name="etcd-quorum-lost",
        severity=Severity.CRITICAL,
        sentence="1 of 3 members answers, 2 needed",
        still_works="Running pods keep running; nothing can change",
    ),
    Signal(name="api-down", severity=Severity.CRITICAL, sentence="API fails on 3 of 3"),
    Signal(name="clock-off", severity=Severity.WARNING, sentence="cp3 is 4.1 s ahead of cp1"),
)

STOP_API = """set -eu
mkdir -p /etc/kubernetes/haops-parked
for name in kube-apiserver kube-controller-manager kube-scheduler; do
  manifest=/etc/kubernetes/manifests/$name.yaml
  [ ! -e "$manifest" ] || mv -n "$manifest" /etc/kubernetes/haops-parked/
done
"""
SCRIPTS: dict[str, str] = {
    "survivor": 'etcdctl snapshot save "$BACKUP_DIR/survivor-$HAOPS_ATTEMPT.db" >&2\n',
    "label-hosts": "touch /etc/kubernetes/haops-label\n",
    "stop-api": STOP_API,
    "stop-etcd": 'mv "$ETCD_MANIFEST" /etc/kubernetes/haops-parked/\n',
    "restore": 'etcdutl snapshot restore "$SNAPSHOT" --data-dir "$ETCD_DATA_DIR.new"\n',
    "start-api": "mv /etc/kubernetes/haops-parked/kube-*.yaml /etc/kubernetes/manifests/\n",
    "call-lb-team": "Call the load balancer team: take the API out of the pool. Say here what they answered.\n",
}
ALL = Selector(roles=("control-plane",))


def that(text: str) -> Any:
    """Return a condition."""
    return parse_condition(text)


def steps() -> tuple[Step, ...]:
    """Return a runbook's steps: one of every risk and kind that the screen treats differently."""
    options = (
        Option(
            value="live-survivor",
            title="Restore from a member that runs",
            when=that("etcd.members_answering >= 1"),
            loses="nothing",
        ),
        Option(
            value="start-majority",
            title="Start the members whose data is intact",
            when=that("etcd.members_healthy >= 2"),
            loses="nothing",
        ),
        Option(
            value="older", title="Restore the snapshot given", when=that("older.present"), loses="everything after it"
        ),
    )
    return (
        Step(id="look", title="What is left of the data", kind="check", action=None, estimate_s=2),
        Step(
            id="way",
            title="Which way back",
            kind="choose",
            action=options,
            needs=("look",),
            why="Fewest lost writes first.",
        ),
        Step(
            id="survivor",
            title="Snapshot of the survivor",
            kind="ssh",
            action=None,
            needs=("way",),
            on=Selector(names=("cp1",)),
            effect=Effect.READ,
            estimate_s=5,
            why="It still answers without quorum.",
        ),
        Step(
            id="label-hosts",
            title="Mark the hosts",
            kind="ssh",
            action=None,
            needs=("survivor",),
            on=ALL,
            risk=Risk.CHANGE,
            effect=Effect.IDEMPOTENT,
            rollback="start-api",
            estimate_s=3,
            why="So that a colleague sees it.",
        ),
        Step(
            id="stop-api",
            title="Stop the API servers on every control-plane host",
            kind="ssh",
            action=None,
            needs=("label-hosts",),
            on=ALL,
            risk=Risk.DESTROY,
            effect=Effect.IDEMPOTENT,
            rollback="start-api",
            estimate_s=25,
            why="No API server may run while etcd is restored; a cache of the old state would be written back.",
            guards=(
                Guard(that=that("host.reachable")),
                Guard(that=that("hosts.clock_spread_s < 1"), because="certificates and leases depend on time"),
                Guard(that=that("etcd.cluster_id == 'cab1e5'"), because="this is another cluster", overridable=False),
            ),
            verify=Verification(that=that("api.answering == 0"), within_s=60),
            environment={"CLUSTER_ID": that("etcd.cluster_id")},
        ),
        Step(
            id="stop-etcd", title="Stop etcd", kind="ssh", action=None, needs=("stop-api",), on=ALL, risk=Risk.DESTROY
        ),
        Step(
            id="restore",
            title="Restore the snapshot",
            kind="ssh",
            action=None,
            needs=("stop-etcd",),
            on=ALL,
            risk=Risk.DESTROY,
            irreversible="the old data is moved aside, not deleted",
            environment={"SNAPSHOT": that("snapshot")},
        ),
        Step(
            id="call-lb-team",
            title="Tell the load balancer team",
            kind="manual",
            action=None,
            needs=("restore",),
            risk=Risk.CHANGE,
        ),
        Step(
            id="start-api",
            title="Start the API servers",
            kind="ssh",
            action=None,
            needs=("restore",),
            on=ALL,
            risk=Risk.CHANGE,
        ),
    )


RUNBOOK = Runbook(
    name="etcd-quorum-loss",
    title="etcd has lost its quorum",
    summary="Fewer than a majority of members answer. Brings the data store back with the fewest lost writes.",
    steps=steps(),
    signals_for=("etcd-quorum-lost", "api-down"),
    signals_against=("hosts-partitioned",),
    inputs=(
        Input(name="ticket", type="text", help="the incident's number"),
        Input(name="older", type="path", optional=True, help="a snapshot on the bastion"),
    ),
    digest="d1",
)
OTHER = Runbook(
    name="network-partition",
    title="Hosts do not reach each other",
    summary="Heals.",
    steps=(),
    signals_for=("hosts-partitioned",),
    digest="d2",
)
_LIKE: Callable[[ev.RunbookChosen], Runbook] = lambda _event: RUNBOOK  # noqa: E731 - a reader that always reads the same


class Story:
    """A session that is told event by event; times count down to now."""

    def __init__(self, *, mode: str = "incident", cluster: str = "prod-eu") -> None:
        self.session = Session(id="s1")
        self._seq = 0
        self._age_s = 451.0
        self.add(
            ev.SessionOpened(
                cluster=cluster,
                mode=mode,
                operator="kim",
                haops_version="0.1.0",
                inventory_source="prod.yaml",
                inventory_digest="x",
                inventory="",
            )
        )

    def add(self, *events: ev.Event, age_s: float | None = None) -> "Story":
        """Tell what happened next."""
        for event in events:
            self._age_s = age_s if age_s is not None else max(self._age_s - 2, 1)
            entry = Entry(seq=self._seq, wall=wall(self._age_s), event=event)
            self.session = apply(self.session, entry, _LIKE)
            self._seq += 1
        return self

    def take_up(self) -> "Story":
        """Take up the runbook."""
        return self.add(ev.RunbookChosen(name=RUNBOOK.name, source="x", digest="d1", text=""))

    def offer(self, step: str) -> "Story":
        """Let a step wait for the operator."""
        return self.add(ev.StepOffered(step=step))

    def run(
        self,
        step: str,
        targets: Iterable[str] = ("local",),
        outcome: str = "succeeded",
        evidence: str = "exit status 0",
    ) -> "Story":
        """Confirm a step and let it end on every target."""
        names = tuple(targets)
        self.offer(step)
        self.confirm(step, names)
        for name in names:
            self.begin(step, name)
            self.end(step, name, outcome, evidence)
        return self

    def confirm(self, step: str, targets: tuple[str, ...]) -> "Story":
        """Confirm a step."""
        plan = {name: {"script": "", "environment": {}} for name in targets}
        return self.add(ev.StepConfirmed(step=step, plan_digest="p", plan=plan, operator="kim", how="y"))

    def begin(self, step: str, target: str) -> "Story":
        """Begin an attempt."""
        name = f"{step}-{target}"
        return self.add(
            ev.AttemptIntended(step=step, target=target, attempt=name, plan_digest="p"),
            ev.AttemptDispatched(step=step, target=target, attempt=name),
            ev.AttemptAccepted(step=step, target=target, attempt=name),
        )

    def end(self, step: str, target: str, outcome: str, evidence: str) -> "Story":
        """End an attempt."""
        status = {"succeeded": 0, "failed": 1}.get(outcome)
        return self.add(
            ev.AttemptEnded(
                step=step,
                target=target,
                attempt=f"{step}-{target}",
                outcome=outcome,
                evidence=evidence,
                exit_status=status,
                duration_ms=1500,
            )
        )

    def until(self, step: str) -> "Story":
        """Finish everything that comes before a step in the runbook, and offer it."""
        for earlier in RUNBOOK.steps:
            if earlier.id == step:
                break
            if earlier.kind == "choose":
                self.offer(earlier.id).add(
                    ev.OptionChosen(step="way", value="live-survivor", operator="kim", offered={})
                )
            else:
                self.run(earlier.id, NAMES if earlier.on == ALL else ("cp1",) if earlier.on else ("local",))
                if earlier.verify:
                    self.add(ev.VerificationPassed(step=earlier.id, condition="", values=""))
        return self.offer(step)


def preview(step: Step, _inventory: Inventory) -> tuple[str, dict[str, Any]]:
    """Return a step's text."""
    return SCRIPTS.get(step.id, ""), {}


def plans_of(session: Session, seen_now: Picture, cluster: Inventory) -> dict[str, StepPlan]:
    """Return the plan of every step that is ready or waits."""
    shared = {**derive(seen_now, cluster), **session.values}
    knowledge = Knowledge(shared=shared, of_host=lambda host: derive_host(seen_now, cluster, host))
    ready = session.in_state(StepState.READY, StepState.AWAITING_CONFIRMATION)
    return {name: plan_step(RUNBOOK.step(name), cluster, knowledge, preview, session_id=session.id) for name in ready}


INTERVALS: Mapping[Kind, float] = {
    Kind.ETCD_MEMBER: 1.0,
    Kind.API_ENDPOINT: 1.0,
    Kind.HOST: 3.0,
    Kind.LEASE: 5.0,
    Kind.NODE: 5.0,
}


def view_of(
    story: Story, seen_now: Picture, *, signals: tuple[Signal, ...] = (), is_drill: bool = False, **fields: Any
) -> View:
    """Return the view of a story."""
    cluster = inventory("lab" if is_drill else "prod-eu")
    base = View(
        session=story.session,
        inventory=cluster,
        picture=seen_now,
        monotonic_s=NOW_S,
        now=NOW,
        facts=derive(seen_now, cluster),
        signals=signals,
        fits=triage((RUNBOOK, OTHER), signals),
        plans=plans_of(story.session, seen_now, cluster),
        intervals_s=INTERVALS,
        journal_path="/var/lib/haops/s1",
        journal_events=41,
        is_drill=is_drill,
        operator="kim",
    )
    return replace(base, **fields)


LOST = picture(healthy_observations(13.0), lost_observations())
HEALTHY = picture(healthy_observations())


def healthy() -> View:
    """Return a cluster in which nothing is wrong and no runbook is taken up."""
    return view_of(Story(), HEALTHY)


def quorum_lost() -> View:
    """Return a cluster that has lost its quorum, no runbook yet."""
    return view_of(Story(), LOST, signals=LOST_SIGNALS)


def waiting(step: str, **fields: Any) -> View:
    """Return a session in which this step waits for the operator."""
    return view_of(Story().take_up().until(step), LOST, signals=LOST_SIGNALS, **fields)


def unknown() -> View:
    """Return a session in which the outcome of stop-api on cp2 is not known."""
    story = Story().take_up().until("stop-api").confirm("stop-api", NAMES)
    for name in NAMES:
        story.begin("stop-api", name)
    story.end("stop-api", "cp1", "succeeded", "exit status 0").end("stop-api", "cp3", "succeeded", "exit status 0")
    story.end("stop-api", "cp2", "unknown", "the connection was lost 3.2 s after the command had started")
    return view_of(story, LOST, signals=LOST_SIGNALS)


def failed() -> View:
    """Return a session in which a step failed."""
    story = Story().take_up().until("label-hosts").confirm("label-hosts", NAMES)
    for name in NAMES:
        story.begin("label-hosts", name)
    for name in NAMES:
        story.end(
            "label-hosts",
            name,
            "failed" if name == "cp2" else "succeeded",
            "exit status 1: read-only file system" if name == "cp2" else "",
        )
    return view_of(story, LOST, signals=LOST_SIGNALS)


def running() -> View:
    """Return a session in which a step is running."""
    story = Story().take_up().until("survivor").confirm("survivor", ("cp1",)).begin("survivor", "cp1")
    return view_of(story, LOST, signals=LOST_SIGNALS)


def drill() -> View:
    """Return a drill."""
    story = Story(mode="drill", cluster="lab").take_up().until("label-hosts")
    return view_of(story, LOST, signals=LOST_SIGNALS, is_drill=True)


def over() -> View:
    """Return a session that was closed as done."""
    story = Story().take_up().until("label-hosts").add(ev.SessionClosed(outcome="done"))
    return view_of(story, HEALTHY)


def stale() -> View:
    """Return a cluster whose data is old."""
    return view_of(Story(), picture(healthy_observations(14.0)))


def nothing_seen() -> View:
    """Return a session in which nothing has answered yet."""
    return view_of(Story(), Picture())


def noticed() -> View:
    """Return a session with something to tell."""
    return replace(
        healthy(), notices=(Notice(at=NOW, severity="warning", text="cp2: SSH connection lost, connecting again"),)
    )


SCENES: Mapping[str, Callable[[], View]] = {
    "healthy": healthy,
    "quorum-lost": quorum_lost,
    "waiting-change": lambda: waiting("label-hosts"),
    "waiting-destroy": lambda: waiting("stop-api"),
    "unknown": unknown,
    "failed": failed,
    "running": running,
    "drill": drill,
    "stale": stale,
    "nothing-seen": nothing_seen,
}


class FakeLive:
    """A live session that does nothing by itself: commands go through the core's rules and are kept."""

    def __init__(self, view: View, output: bytes = b"") -> None:
        self.now = view
        self.printed = output
        self.commands: list[Command] = []
        self.taken: list[tuple[Runbook, Mapping[str, Any]]] = []
        self.left: list[str] = []
        self.looks = 0
        self._listeners: list[Callable[[], None]] = []

    def view(self) -> View:
        """Return the view that was set."""
        return self.now

    def change(self, view: View) -> None:
        """Set another view and tell the listeners."""
        self.now = view
        for listener in self._listeners:
            listener()

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Keep a listener."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def submit(self, command: Command) -> Refusal | None:
        """Decide by the core's rules; keep what is not refused."""
        now = Circumstances(operator="kim", plan_of=lambda step: self.now.plans[step])
        decision = decide(self.now.session, command, now)
        if isinstance(decision, Refusal):
            return decision
        self.commands.append(command)
        return None

    def choose_runbook(self, runbook: Runbook, inputs: Mapping[str, Any]) -> Refusal | None:
        """Keep what was chosen."""
        self.taken.append((runbook, inputs))
        return None

    def output(self, attempt: str) -> Output:
        """Return what was set."""
        return Output(attempt=attempt, stdout=self.printed)

    def look_again(self) -> None:
        """Count it."""
        self.looks += 1

    def leave(self, reason: str) -> None:
        """Keep the reason."""
        self.left.append(reason)
