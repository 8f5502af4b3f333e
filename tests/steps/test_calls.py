"""The kinds that make one call choose whom they ask, and show what they were answered."""

from pathlib import Path

import pytest

from haops.connectors.fake import FakeApi, FakeConnections
from haops.connectors.seam import HttpAnswer, Order
from haops.core.inventory import ApiEndpointAddress, Inventory, KubernetesAccess, Layout
from haops.core.runbook import Step
from haops.core.session_state import Outcome
from haops.errors import ConnectFailed, ConnectionLost, ConnectorError, TimedOut
from haops.steps.calls import KUBERNETES, KubernetesCall
from haops.steps.kind import Attempting

NAMES = ("frozen", "starting", "ready")
READYZ = "GET /readyz"
NODES = "GET /api/v1/nodes"


def answer(status: int) -> HttpAnswer:
    """Return an answer without content."""
    return HttpAnswer(status=status, headers={}, body=b"{}", duration_s=0.0)


def attempting(apis: dict[str, FakeApi], directory: Path) -> Attempting:
    """Return an attempt of a step that reads the nodes."""
    endpoints = tuple(ApiEndpointAddress(name=name, host=name, url="") for name in NAMES)
    inventory = Inventory(
        cluster="c", layout=Layout.SYSTEMD, hosts=(), kubernetes=KubernetesAccess(kubeconfig="", endpoints=endpoints)
    )
    action = KubernetesCall.model_validate({"method": "GET", "path": "'/api/v1/nodes'"})
    return Attempting(
        step=Step(id="nodes", title="n", kind="kubernetes", action=action),
        target="local",
        order=Order(attempt_id="0" * 32, script="", environment={"API_PATH": "/api/v1/nodes"}),
        connections=FakeConnections(inventory, apis=dict(apis)),
        timeout_s=5.0,
        dispatch=lambda: None,
        accepted=lambda: None,
        output=lambda _piece: None,
        look=lambda _names: {},
        shared_directory=directory,
    )


@pytest.mark.parametrize("silence", [TimedOut("timed out 2.0 s"), ConnectionLost("connection lost")])
def test_one_frozen_server_does_not_fail_the_step(silence: ConnectorError, tmp_path: Path) -> None:
    """The servers are asked in turn until one is ready; that one gets the request, and the others do not."""
    apis = {
        "frozen": FakeApi({READYZ: silence}),
        "starting": FakeApi({READYZ: answer(500)}),
        "ready": FakeApi({READYZ: answer(200), NODES: answer(200)}),
    }
    result = KUBERNETES.run(attempting(apis, tmp_path))
    assert (result.outcome, result.evidence) == (Outcome.SUCCEEDED, "ready answered 200")
    assert {name: len(api.requests) for name, api in apis.items()} == {"frozen": 1, "starting": 1, "ready": 2}


def test_without_a_ready_server_nothing_is_sent(tmp_path: Path) -> None:
    """The error promises that nothing was asked, so that the step waits instead of being unknown."""
    apis = {name: FakeApi({READYZ: TimedOut("timed out 2.0 s")}) for name in NAMES}
    with pytest.raises(ConnectFailed, match="no API server is ready"):
        KUBERNETES.run(attempting(apis, tmp_path))
    assert {request for api in apis.values() for request, _ in api.requests} == {READYZ}
