"""The faults that fakes can be told to have: each behaves as the real thing was seen to behave."""

import secrets

import pytest

from haops.connectors.fake import FakeApi, FakeEtcd, FakeHost, FakeShell, Fault
from haops.connectors.seam import AttemptReport, Order, RemoteState
from haops.errors import ConnectFailed, ConnectionLost, ConnectorError, TimedOut


def launch(shell: FakeShell, order: Order) -> AttemptReport:
    """Launch without listening."""
    return shell.launch(order, timeout_s=1.0, on_accepted=lambda: None, on_output=lambda _piece: None)


@pytest.mark.parametrize(
    ("fault", "error", "state", "effects"),
    [
        (Fault.REFUSED, ConnectFailed, RemoteState.ABSENT, 0),
        (Fault.LOST_BEFORE_CLAIM, ConnectionLost, RemoteState.ABSENT, 0),
        (Fault.FROZEN, TimedOut, RemoteState.ABSENT, 0),
        (Fault.LOST_AFTER_CLAIM, ConnectionLost, RemoteState.CLAIMED, 0),
        (Fault.LOST_WHILE_RUNNING, ConnectionLost, RemoteState.DONE, 1),
        (Fault.VANISHED, ConnectionLost, RemoteState.LOST, 1),
    ],
)
def test_each_fault_happens_once(fault: Fault, error: type[ConnectorError], state: RemoteState, effects: int):
    """A fault fails one launch in its way; the probe then tells what is true, and the effect happened at most once."""
    host = FakeHost(faults=[fault])
    shell = FakeShell(host)
    order = Order(attempt_id=secrets.token_hex(16), script="true")
    with pytest.raises(error):
        launch(shell, order)
    assert shell.probe(order.attempt_id, timeout_s=1.0).state is state
    assert len(host.effects) == effects
    launch(shell, order)
    assert len(host.effects) <= 1


def test_reboot_takes_what_ran():
    """After a reboot what had no exit status is REBOOTED, what had one stays DONE, and the boot id differs."""
    host = FakeHost(faults=[Fault.LOST_AFTER_CLAIM])
    shell = FakeShell(host)
    orders = [Order(attempt_id=secrets.token_hex(16), script="true") for _ in range(2)]
    with pytest.raises(ConnectionLost):
        launch(shell, orders[0])
    launch(shell, orders[1])
    before = shell.probe("0" * 32, timeout_s=1.0).boot_id
    host.reboot()
    states = [shell.probe(order.attempt_id, timeout_s=1.0).state for order in orders]
    assert states == [RemoteState.REBOOTED, RemoteState.DONE]
    assert shell.probe("0" * 32, timeout_s=1.0).boot_id != before


def test_etcd_and_api_answer_what_was_scripted():
    """A scripted value is returned, a scripted error raised, and every call is noted."""
    etcd = FakeEtcd(answers={"put": 7, "member remove": TimedOut("no quorum"), "get": lambda **call: call["key"]})
    assert etcd.put("k", "v", timeout_s=1.0) == 7
    assert etcd.get("k", timeout_s=1.0) == "k"
    with pytest.raises(TimedOut):
        etcd.call("member remove", {"member": "1"}, timeout_s=1.0)
    assert [name for name, _ in etcd.calls] == ["put", "get", "member remove"]
    api = FakeApi()
    assert api.request("DELETE", "/x", timeout_s=1.0).status == 404
    assert api.requests == [("DELETE /x", None)]
