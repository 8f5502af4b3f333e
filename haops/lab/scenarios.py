"""What can be rehearsed: a runbook, the faults that call for it, and what is to be reached.

Owns that table. Must never do anything: `faults` break, the drill measures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from haops.errors import InputError
from haops.lab.faults.fault import Injection, Parameters


class Members(StrEnum):
    """Which members' hosts a fault hits, decided when it comes."""

    ALL = "all"
    LEADER = "leader"
    FOLLOWERS = "followers"
    """All but the leader. The leader has applied whatever was acknowledged, so it is the survivor that lost nothing."""


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """A fault of a scenario: which one, on whose hosts, with which parameters."""

    fault: str
    members: Members
    parameters: Parameters = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way in which a scenario can come, its faults in order.

    `lost_writes` is how many acknowledged writes may be lost; None means that the loss must be stated before anything
    is confirmed, as `expected_loss` says it. `snapshot_input` names the runbook's input for a snapshot that the drill
    saves beforehand, with `writes_after_snapshot` acknowledged writes between that and the first fault.
    """

    name: str
    title: str
    faults: tuple[PlannedFault, ...]
    lost_writes: int | None
    expected_loss: str
    snapshot_input: str = ""
    writes_after_snapshot: int = 0

    def injections(self, hosts: Sequence[str], leader: str) -> tuple[Injection, ...]:
        """Return the faults for these hosts, of which `leader` leads now."""
        followers = tuple(host for host in hosts if host != leader)
        hit = {Members.ALL: tuple(hosts), Members.LEADER: (leader,), Members.FOLLOWERS: followers}
        return tuple(Injection(planned.fault, hit[planned.members], planned.parameters) for planned in self.faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Something to rehearse. What must be achieved, and how soon, its runbook says in its objectives."""

    name: str
    title: str
    summary: str
    runbook: str
    variants: Mapping[str, Variant]
    default_variant: str

    def variant(self, name: str | None = None) -> Variant:
        """Return the variant of that name, or the default one. Raises InputError."""
        wanted = name or self.default_variant
        if wanted not in self.variants:
            raise InputError(f"{self.name} has no variant {wanted}", remedy=f"one of {', '.join(self.variants)}")
        return self.variants[wanted]


def _etcd_dies(members: Members) -> PlannedFault:
    """Every process of etcd ends by SIGKILL and nothing starts it again."""
    return PlannedFault("exhaust-restarts", members)


def _data_lost(members: Members) -> PlannedFault:
    """The data directories are gone."""
    # etcd keeps its database and its log below member; what is above stays, as a mount point would.
    return PlannedFault("delete-data-directory", members, {"path": "/var/lib/etcd/member"})


# Killed before its data goes: a running etcd would go on in the deleted files, which it holds open.
_SURVIVOR = Variant(
    name="survivor",
    title="Two of three members lose their data; the third still runs",
    faults=(_etcd_dies(Members.FOLLOWERS), _data_lost(Members.FOLLOWERS)),
    lost_writes=0,
    expected_loss="nothing that was acknowledged",
)
_MAJORITY_INTACT = Variant(
    name="majority-intact",
    title="Two of three members are dead and nothing restarts them; their data is whole",
    faults=(_etcd_dies(Members.FOLLOWERS),),
    lost_writes=0,
    expected_loss="nothing that was acknowledged",
)
_OLD_SNAPSHOT = Variant(
    name="old-snapshot",
    title="All members lose their data; an older snapshot is left on the bastion",
    faults=(_etcd_dies(Members.ALL), _data_lost(Members.ALL)),
    lost_writes=None,
    expected_loss="every write since the snapshot was taken",
    snapshot_input="older_snapshot",
    writes_after_snapshot=50,
)
_DEAD_SURVIVOR = Variant(
    name="dead-survivor",
    title="Two of three members lose their data; the third is killed and its data is all that is left",
    faults=(_etcd_dies(Members.FOLLOWERS), _etcd_dies(Members.LEADER), _data_lost(Members.FOLLOWERS)),
    lost_writes=None,
    expected_loss="the last acknowledged writes, as far as the dead member had not committed them to its disk",
)

_SCENARIOS = (
    Scenario(
        name="etcd-quorum-loss",
        title="etcd loses its quorum",
        summary="Fewer than a majority of the members answer: nothing can be written and the API is down.",
        runbook="etcd-quorum-loss",
        variants={variant.name: variant for variant in (_SURVIVOR, _MAJORITY_INTACT, _OLD_SNAPSHOT, _DEAD_SURVIVOR)},
        default_variant="survivor",
    ),
)

SCENARIOS: Mapping[str, Scenario] = {scenario.name: scenario for scenario in _SCENARIOS}


def find_scenario(name: str | None = None) -> Scenario:
    """Return the scenario of that name, or the first one. Raises InputError."""
    wanted = name or next(iter(SCENARIOS))
    if wanted not in SCENARIOS:
        raise InputError(f"there is no scenario {wanted}", remedy=f"one of {', '.join(SCENARIOS)}")
    return SCENARIOS[wanted]
