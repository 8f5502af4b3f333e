"""Signals, one file each; this is their registry. A new signal is a file beside these and a line here.

Each reads facts and nothing else, and names the source of its threshold. Must never measure (`observers` do).
"""

from collections.abc import Mapping

from haops.core.signal import SignalRule
from haops.signals import (
    api_degraded,
    api_down,
    cannot_ask,
    clocks_apart,
    etcd_alarm,
    etcd_diverged,
    etcd_member_down,
    etcd_no_leader,
    etcd_quorum_lost,
    hosts_partitioned,
    hosts_unreachable,
    leaders_stale,
    nodes_not_ready,
)

# The order here means nothing: signals are shown by severity and by their rules' ranks.
RULES: Mapping[str, SignalRule] = {
    module.RULE.name: module.RULE
    for module in (
        cannot_ask,
        etcd_quorum_lost,
        etcd_diverged,
        etcd_no_leader,
        etcd_alarm,
        hosts_partitioned,
        api_down,
        etcd_member_down,
        api_degraded,
        hosts_unreachable,
        leaders_stale,
        nodes_not_ready,
        clocks_apart,
    )
}
