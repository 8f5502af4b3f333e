"""Facts are derived from what was observed; what was not observed is not known."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from haops.core import events as ev
from haops.core.facts import FACT_NAMES, derive, derive_host, kinds_for
from haops.core.inventory import (
    ApiEndpointAddress,
    EtcdAccess,
    EtcdMemberAddress,
    Host,
    Inventory,
    KubernetesAccess,
    Layout,
)
from haops.core.observations import ApiEndpoint, EtcdData, EtcdMember, HostState, Kind, Observation, Picture
from haops.core.quorum import fault_tolerance, in_words, quorum
from haops.core.signal import Severity, Signal, judge_all
from haops.core.signal_changes import changes
from haops.signals import RULES

NAMES = ("cp1", "cp2", "cp3")
INVENTORY = Inventory(
    cluster="prod-eu",
    layout=Layout.SYSTEMD,
    hosts=tuple(Host(name=name, address=f"10.0.0.{n}", roles=("etcd",)) for n, name in enumerate(NAMES, 1)),
    etcd=EtcdAccess(
        members=tuple(EtcdMemberAddress(name=n, host=n, client_url="", peer_url="") for n in NAMES),
        ca="",
        certificate="",
        key="",
        host_ca="",
        host_certificate="",
        host_key="",
    ),
)
MEMBER = EtcdMember(
    member_id="1",
    cluster_id="c",
    leader_id="1",
    term=7,
    raft_index=10,
    applied_index=10,
    revision=100,
    size_bytes=1,
    size_in_use_bytes=1,
    version="3.6.16",
)

WHOLE = EtcdData(
    intact=True, running=False, size_bytes=1, wal_files=1, modified_at_s=1.0, free_bytes=9, restore_can_bump=True
)


def seen(kind: Kind, **subjects: Any) -> list[Observation]:
    """Return observations; a text stands for an error."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    made = []
    for subject, value in subjects.items():
        what = {"error": value} if isinstance(value, str) else {"value": value}
        made.append(Observation(kind=kind, subject=subject, observed_at=now, monotonic_s=1.0, source="s", **what))
    return made


def facts(*observations: Observation) -> dict[str, Any]:
    """Return the facts of these observations."""
    return derive(Picture().with_observations(observations), INVENTORY)


def test_nothing_observed_is_nothing_known() -> None:
    """Before the first look only what the inventory says is known, and nothing that would need an answer."""
    of_inventory = {"etcd.members_expected", "etcd.quorum", "etcd.backup_directory", "hosts.expected"}
    no_api_server_expected = {"api.expected", "api.answering", "api.ready"}
    assert set(facts()) == of_inventory | no_api_server_expected


def test_members_that_cannot_be_asked_are_not_called_dead() -> None:
    """A certificate that is missing here says nothing about the members: no quorum is called lost for it."""
    unasked = [
        replace(o, unasked=True) for o in seen(Kind.ETCD_MEMBER, cp1="CA missing", cp2="CA missing", cp3="CA missing")
    ]
    found = facts(*unasked)
    assert "etcd.members_answering" not in found
    assert [signal.name for signal in judge_all(RULES.values(), found)] == ["cannot-ask"]
    two_refused = facts(unasked[0], *seen(Kind.ETCD_MEMBER, cp2="refused", cp3="refused"))
    assert two_refused["etcd.members_answering"] == 0


def test_what_was_not_asked_yet_raises_no_alarm() -> None:
    """While the first answers come in, members and hosts that were not asked yet are not called dead."""
    early = [*seen(Kind.ETCD_MEMBER, cp1=MEMBER), *seen(Kind.HOST, cp1=HostState())]
    assert judge_all(RULES.values(), facts(*early)) == ()
    assert "hosts.reachable" not in facts(*early)


def test_the_virtual_address_stands_for_no_server() -> None:
    """While one of three servers has not been asked, its place is not taken by the virtual address."""
    names = ("cp1", "cp2", "cp3", "vip")
    endpoints = tuple(ApiEndpointAddress(name=n, host=n, url="", virtual=n == "vip") for n in names)
    inventory = replace(INVENTORY, kubernetes=KubernetesAccess(kubeconfig="", endpoints=endpoints))
    ready = ApiEndpoint(http_status=200, ready=True, live=True)
    early = Picture().with_observations(seen(Kind.API_ENDPOINT, vip=ready, cp1=ready, cp2=ready))
    assert not {"api.ready", "api.answering"} & set(derive(early, inventory))
    assert derive(early.with_observations(seen(Kind.API_ENDPOINT, cp3="refused")), inventory)["api.ready"] == 2


def test_one_survivor_without_leader() -> None:
    """One member of three that answers without a leader: answering, not healthy, no quorum, newest data there."""
    lonely = replace(MEMBER, leader_id="", errors=("etcdserver: no leader",))
    found = facts(*seen(Kind.ETCD_MEMBER, cp1=lonely, cp2="refused", cp3="refused"))
    assert (found["etcd.members_answering"], found["etcd.members_healthy"], found["etcd.has_quorum"]) == (1, 0, False)
    assert (found["etcd.newest_host"], found["etcd.newest_revision"]) == ("cp1", 100)


def test_hashes_are_compared_at_the_same_revision_only() -> None:
    """Hashes at different revisions say nothing; equal ones at the same revision are equal."""
    hashed = replace(MEMBER, hash=5, hash_revision=90, compact_revision=1)
    same = seen(Kind.ETCD_MEMBER, cp1=hashed, cp2=hashed, cp3=hashed)
    assert facts(*same)["etcd.hashes_equal"] is True
    other = seen(Kind.ETCD_MEMBER, cp1=hashed, cp2=hashed, cp3=replace(hashed, hash_revision=91))
    assert "etcd.hashes_equal" not in facts(*other)
    apart = seen(Kind.ETCD_MEMBER, cp1=hashed, cp2=hashed, cp3=replace(hashed, hash=6))
    assert facts(*apart)["etcd.hashes_equal"] is False


def test_members_that_the_inventory_lacks_are_noticed() -> None:
    """The cluster's own list counts; a learner, which will not say, does not make it shorter."""
    found = facts(*seen(Kind.ETCD_MEMBER, cp1=replace(MEMBER, members_known=5), cp2=MEMBER, cp3="refused"))
    assert (found["etcd.members_known"], found["etcd.members_expected"]) == (5, 3)
    assert "etcd.members_known" not in facts(*seen(Kind.ETCD_MEMBER, cp1=MEMBER))


def test_a_member_with_an_alarm_is_led_but_not_healthy() -> None:
    """NOSPACE stops writes, not the election: there is a majority that a leader leads."""
    full = replace(MEMBER, errors=("memberID:1 alarm:NOSPACE",))
    found = facts(*seen(Kind.ETCD_MEMBER, cp1=full, cp2=full, cp3="refused"))
    assert (found["etcd.members_led"], found["etcd.members_healthy"]) == (2, 0)


def test_a_learner_is_never_the_newest() -> None:
    """A learner's data is not taken for the newest, however high its revision."""
    learner = replace(MEMBER, is_learner=True, revision=500)
    assert facts(*seen(Kind.ETCD_MEMBER, cp1=MEMBER, cp2=learner))["etcd.newest_host"] == "cp1"


def test_the_watermark_remembers_what_a_dead_member_had() -> None:
    """The highest revision ever seen stays known after its member is gone."""
    later = [replace(o, monotonic_s=2.0) for o in seen(Kind.ETCD_MEMBER, cp2="refused")]
    found = facts(*seen(Kind.ETCD_MEMBER, cp1=MEMBER, cp2=replace(MEMBER, revision=900)), *later)
    assert found["etcd.watermark_revision"] == 900


def test_a_member_that_rewinds_takes_no_watermark_back() -> None:
    """A member restored from an older snapshot shows less; watchers have seen more, and the bump counts from that."""
    rewound = [replace(o, monotonic_s=2.0) for o in seen(Kind.ETCD_MEMBER, cp1=replace(MEMBER, revision=7))]
    found = facts(*seen(Kind.ETCD_MEMBER, cp1=replace(MEMBER, revision=2_000_000_000)), *rewound)
    assert (found["etcd.newest_revision"], found["etcd.watermark_revision"]) == (7, 2_000_000_000)
    stopped = seen(Kind.ETCD_DATA, cp1=WHOLE)
    first = seen(Kind.ETCD_MEMBER, cp1=replace(MEMBER, revision=2_000_000_000))
    assert facts(*first, *rewound, *stopped)["etcd.revision_bump"] == 2_400_000_000


def test_a_bump_is_added_only_where_etcdutl_can() -> None:
    """The bump is large enough for every watcher, and none where some host's etcdutl does not know it."""
    assert facts(*seen(Kind.ETCD_DATA, cp1=WHOLE))["etcd.revision_bump"] == 1_000_000_000
    old = replace(WHOLE, restore_can_bump=False)
    assert facts(*seen(Kind.ETCD_DATA, cp1=WHOLE, cp2=old))["etcd.revision_bump"] == 0


def test_a_data_directory_that_could_not_be_looked_at_is_counted_as_unknown() -> None:
    """A host that was not asked or did not answer in time may have whole data: it is neither whole nor lost."""
    found = facts(*seen(Kind.ETCD_DATA, cp1=WHOLE, cp2="timed out 20.0 s"))
    assert (found["etcd.intact"], found["etcd.data_unknown"]) == (1, 2)
    assert facts(*seen(Kind.ETCD_DATA, cp1=WHOLE, cp2=WHOLE, cp3=WHOLE))["etcd.data_unknown"] == 0


def test_the_newest_stopped_data_is_told_by_the_last_write_where_a_revision_is_missing() -> None:
    """A revision that could not be read in time does not make its data the oldest."""
    old, new = replace(WHOLE, revision=5, modified_at_s=9.0), replace(WHOLE, revision=7, modified_at_s=8.0)
    assert facts(*seen(Kind.ETCD_DATA, cp1=old, cp2=new))["etcd.newest_stopped_host"] == "cp2"
    unread = replace(WHOLE, revision=None, modified_at_s=10.0)
    assert facts(*seen(Kind.ETCD_DATA, cp1=old, cp2=new, cp3=unread))["etcd.newest_stopped_host"] == "cp3"


def test_a_pair_is_cut_when_one_side_says_so() -> None:
    """Two hosts that answer the bastion, one of which does not reach the other, are one pair cut."""
    states = {"cp1": HostState(reaches={"cp2": False}), "cp2": HostState(reaches={"cp1": True}), "cp3": "refused"}
    assert facts(*seen(Kind.HOST, **states))["hosts.pairs_cut"] == 1


def test_an_unreachable_host_is_known_to_be_so() -> None:
    """A host that does not answer has the fact that it is not reachable, and none that needs an answer."""
    picture = Picture().with_observations(seen(Kind.HOST, cp1="timed out 5.0 s"))
    found = derive_host(picture, INVENTORY, "cp1")
    assert found["host.reachable"] is False
    assert "host.clock_offset_s" not in found


def test_facts_say_what_to_look_at_again() -> None:
    """A guard's names lead to the kinds of observation that must be fresh."""
    assert kinds_for(("etcd.intact", "host.reachable", "way")) == {Kind.ETCD_DATA, Kind.HOST}


@pytest.mark.parametrize(("voters", "needed", "spare"), [(1, 1, 0), (2, 2, 0), (3, 2, 1), (4, 3, 1), (5, 3, 2)])
def test_quorum_is_a_majority(voters: int, needed: int, spare: int) -> None:
    """As in the table of etcd's FAQ: an even number of members survives no more than the odd one below."""
    assert quorum(voters) == needed
    assert fault_tolerance(voters, voters) == spare


def test_quorum_in_words() -> None:
    """A tired person reads how many more may fail."""
    assert in_words(3, 2) == "2 of 3 voters up: no more may fail"
    assert in_words(3, 1) == "1 of 3 healthy, 2 needed: quorum is lost"
    assert in_words(5, 5) == "5 of 5 voters up: 2 more may fail"


def test_quorum_loss_is_the_worst_signal() -> None:
    """With one of three answering, the first signal is the lost quorum, with its numbers."""
    lonely = replace(MEMBER, leader_id="")
    signals = judge_all(RULES.values(), facts(*seen(Kind.ETCD_MEMBER, cp1=lonely, cp2="refused", cp3="refused")))
    assert signals[0].name == "etcd-quorum-lost"
    assert "1 of 3 members answers, 2 needed" in signals[0].sentence


def test_a_signal_that_becomes_worse_in_the_same_words_is_news() -> None:
    """What is recorded is what changed: severity or sentence; what is as before is not recorded again."""
    now = Signal(name="slow", severity=Severity.CRITICAL, sentence="1 of 3")
    same = ev.SignalRaised(name="slow", severity="critical", sentence="1 of 3")
    assert changes({"slow": same}, [now]) == ()
    assert changes({"slow": replace(same, severity="warning")}, [now]) == (same,)
    assert changes({"slow": replace(same, sentence="2 of 3")}, [now]) == (same,)
    assert changes({"slow": same, "gone": same}, [now]) == (ev.SignalCleared(name="gone"),)


def test_a_healthy_cluster_raises_no_signal() -> None:
    """Nothing wrong is nothing said."""
    healthy = seen(Kind.ETCD_MEMBER, cp1=MEMBER, cp2=MEMBER, cp3=MEMBER)
    reached = seen(Kind.HOST, cp1=HostState(), cp2=HostState(), cp3=HostState())
    assert judge_all(RULES.values(), facts(*healthy, *reached)) == ()


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_every_signal_reads_known_facts_and_says_where_its_limit_comes_from(rule: Any) -> None:
    """A signal names the facts it reads and its source, and is silent about facts that are not known."""
    assert set(rule.reads) <= set(FACT_NAMES)
    assert rule.threshold_source
    assert rule.judge({}) is None
