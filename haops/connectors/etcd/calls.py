"""The changing calls, by etcdctl's own words.

Owns which there are, their arguments and the shape of their answers (plain values, ids as hexadecimal text). Must never
load grpc: the names are looked at where no connection is wanted. How dangerous a call is, the steps say.
"""

from collections.abc import Callable, Mapping
from typing import Any

Ask = Callable[[str, str, Any], Any]
"""Send (service, method, request) within the call's deadline and return the answer."""

Call = Callable[[Ask, Any, Mapping[str, Any]], Mapping[str, Any]]
"""Make a call with (ask, module of the messages, arguments); KeyError, ValueError or TypeError for wrong arguments."""


def _member_add(ask: Ask, rpc: Any, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add a member by `peer_urls`, as a learner unless `learner` is false."""
    # A voter counts for the quorum before it holds any data; a learner does not.
    learner = _truth(arguments.get("learner", True))
    request = rpc.MemberAddRequest(peerURLs=_listed(arguments["peer_urls"]), isLearner=learner)
    answer = ask("cluster", "MemberAdd", request)
    return {"member_id": f"{answer.member.ID:x}", "members": _members(answer)}


def _member_remove(ask: Ask, rpc: Any, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Remove the member `member_id`."""
    request = rpc.MemberRemoveRequest(ID=_identity(arguments["member_id"]))
    return {"members": _members(ask("cluster", "MemberRemove", request))}


def _member_promote(ask: Ask, rpc: Any, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make a voter of the learner `member_id`; etcd refuses until it has caught up."""
    request = rpc.MemberPromoteRequest(ID=_identity(arguments["member_id"]))
    return {"members": _members(ask("cluster", "MemberPromote", request))}


def _move_leader(ask: Ask, rpc: Any, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Hand leadership from this member, which must be the leader, to `member_id`."""
    ask("maintenance", "MoveLeader", rpc.MoveLeaderRequest(targetID=_identity(arguments["member_id"])))
    return {"leader_id": str(arguments["member_id"])}


def _alarm_disarm(ask: Ask, rpc: Any, _arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Disarm every alarm of every member; one that names no member would change nothing."""
    raised = ask("maintenance", "Alarm", rpc.AlarmRequest(action=rpc.AlarmRequest.GET)).alarms
    for alarm in raised:
        request = rpc.AlarmRequest(action=rpc.AlarmRequest.DEACTIVATE, memberID=alarm.memberID, alarm=alarm.alarm)
        ask("maintenance", "Alarm", request)
    disarmed = [{"member_id": f"{alarm.memberID:x}", "alarm": rpc.AlarmType.Name(alarm.alarm)} for alarm in raised]
    return {"disarmed": disarmed}


def _defrag(ask: Ask, rpc: Any, _arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Defragment this member; it answers nobody meanwhile."""
    ask("maintenance", "Defragment", rpc.DefragmentRequest())
    return {}


def _compact(ask: Ask, rpc: Any, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Forget what was before `revision`; with `physical` wait until it is gone from the database."""
    physical = _truth(arguments.get("physical", False))
    request = rpc.CompactionRequest(revision=int(arguments["revision"]), physical=physical)
    ask("kv", "Compact", request)
    return {"compact_revision": int(arguments["revision"])}


def _members(answer: Any) -> list[dict[str, Any]]:
    """Return the member list that follows a change of membership."""
    return [
        {
            "member_id": f"{member.ID:x}",
            "name": member.name,
            "peer_urls": list(member.peerURLs),
            "is_learner": member.isLearner,
        }
        for member in answer.members
    ]


def _listed(value: Any) -> list[str]:
    """Return the parts of a list, or of a step's variable, which has one in each line."""
    # protobuf would take a text for a list of its characters.
    return value.split() if isinstance(value, str) else list(value)


def _truth(value: Any) -> bool:
    """Return a truth value, also from the word that a step's variable has for it; KeyError if it is none."""
    return {"true": True, "false": False}[str(value).lower()]


def _identity(text: Any) -> int:
    """Return a 64-bit id from hexadecimal text; ValueError if it is none."""
    value = int(str(text), 16)
    if not 0 < value < 2**64:
        raise ValueError(f"{text!r} is not a member id")
    return value


CALLS: Mapping[str, Call] = {
    "member add": _member_add,
    "member remove": _member_remove,
    "member promote": _member_promote,
    "move-leader": _move_leader,
    "alarm disarm": _alarm_disarm,
    "defrag": _defrag,
    "compact": _compact,
}
