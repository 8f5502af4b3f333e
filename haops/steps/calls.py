"""The kinds that make one call: `etcd` to a member, `kubernetes` to an API server, `http` to a URL."""

import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from haops.connectors.seam import HttpAnswer
from haops.core.inventory import Inventory
from haops.core.risk import Risk
from haops.core.runbook import Effect, Step
from haops.core.session_state import Outcome
from haops.errors import ConnectFailed, ConnectorError
from haops.formats.fields import Condition, Document
from haops.steps.kind import ONLY_READS, Attempting, CommonKind, Result, Variables, may_run_again

_OK = range(200, 300)


class EtcdCall(Document):
    """A call to the etcd member of the step's host, by etcdctl's own words."""

    call: Annotated[
        Literal["member add", "member remove", "member promote", "move-leader", "alarm disarm", "defrag", "compact"],
        Field(description="The call."),
    ]
    arguments: Annotated[
        dict[str, Annotated[Any, Condition(host=True, literal=True)]],
        Field(default_factory=dict, alias="with", description="Its arguments: name to expression."),
    ]


class KubernetesCall(Document):
    """One request to an API server, sent once."""

    method: Annotated[Literal["GET", "POST", "PUT", "PATCH", "DELETE"], Field(description="HTTP method.")]
    path: Annotated[Any, Condition(host=True), Field(description="Path of the resource: an expression.")]
    endpoint: Annotated[
        Any,
        Condition(),
        Field(default=None, description="Endpoint's name: an expression; default: the first ready one."),
    ] = None
    body: Annotated[dict[str, Any] | None, Field(default=None, description="The object to send.")] = None
    content_type: Annotated[str, Field(default="application/json", description="Content type of the body.")] = (
        "application/json"
    )


class HttpCall(Document):
    """One GET without credentials."""

    url: Annotated[Any, Condition(), Field(description="The URL: an expression.")]
    status: Annotated[int, Field(default=200, description="The status that is expected.")] = 200


@dataclass(frozen=True, slots=True)
class EtcdKind(CommonKind):
    """Calls one member; its answer is the step's output as JSON."""

    name: str = "etcd"
    model: Any = EtcdCall
    needs_host: bool = True
    default_risk: Risk = Risk.CHANGE

    def variables(self, action: Any) -> Variables:
        """Return the arguments under the names that the preview uses."""
        return {f"ARGUMENT_{name.upper()}": value for name, value in action.arguments.items()}

    def script(self, step: Step, inventory: Inventory) -> str:
        """Return the call in etcdctl's words."""
        del inventory
        arguments = "".join(f' {name}="$ARGUMENT_{name.upper()}"' for name in step.action.arguments)
        # Never run: it is what a person confirms, and part of the plan's digest.
        return f"etcd {step.action.call}{arguments} on the member of this host"

    def run(self, attempting: Attempting) -> Result:
        """Make the call once."""
        environment = attempting.order.environment
        client = attempting.connections.etcd(environment["ETCD_NAME"])
        action = attempting.step.action
        arguments = {name: environment[f"ARGUMENT_{name.upper()}"] for name in action.arguments}
        # The client is there by now: files that it lacks are found out with nothing sent.
        attempting.dispatch()
        answer = client.call(action.call, arguments, timeout_s=attempting.timeout_s)
        said = json.dumps(dict(answer), default=str)
        return Result(outcome=Outcome.SUCCEEDED, evidence=f"etcd answered {said[:200]}", stdout=said.encode())

    def probe(self, attempting: Attempting) -> Result | None:
        """Leave it to the operator: an unanswered raft proposal may still be applied."""
        del attempting
        return None

    def probing(self, step: Step, target: str) -> str:
        """Say what a probe does."""
        del step, target
        return "cannot tell: an unanswered proposal may still be applied; look, then decide"


@dataclass(frozen=True, slots=True)
class KubernetesKind(CommonKind):
    """Sends one request, for writes after a server-side dry run of the same."""

    name: str = "kubernetes"
    model: Any = KubernetesCall
    needs_host: bool = False
    default_risk: Risk = Risk.CHANGE

    def variables(self, action: Any) -> Variables:
        """Return the path and the endpoint under the names that the preview uses."""
        chosen = {"API_ENDPOINT": action.endpoint} if action.endpoint is not None else {}
        return {"API_PATH": action.path, **chosen}

    def script(self, step: Step, inventory: Inventory) -> str:
        """Return the request with its body."""
        del inventory
        body = f"\n{json.dumps(step.action.body, indent=1)}" if step.action.body is not None else ""
        return f'{step.action.method} "$API_PATH"{body}'

    def run(self, attempting: Attempting) -> Result:
        """Send it once, to one endpoint."""
        action, environment = attempting.step.action, attempting.order.environment
        endpoint = environment.get("API_ENDPOINT") or _first_answering(attempting)
        client = attempting.connections.api(endpoint)
        body = json.dumps(action.body).encode() if action.body is not None else None
        request = {"timeout_s": attempting.timeout_s, "body": body, "content_type": action.content_type}
        if action.method != "GET":
            # The server's own judgement of the write, admission included; nothing is stored, nothing is dispatched yet.
            rehearsed = client.request(action.method, environment["API_PATH"], query={"dryRun": "All"}, **request)
            if rehearsed.status not in _OK:
                return _answered(rehearsed, f"dry run on {endpoint}", Outcome.NOT_STARTED)
        attempting.dispatch()
        return _answered(client.request(action.method, environment["API_PATH"], **request), endpoint, Outcome.FAILED)

    def probe(self, attempting: Attempting) -> Result | None:
        """Say that a read may run again; leave a write to the runbook's own verification or the operator."""
        return may_run_again() if attempting.step.effect is Effect.READ else None

    def probing(self, step: Step, target: str) -> str:
        """Say what a probe does."""
        del target
        if step.effect is Effect.READ:
            return f"asks nothing: {ONLY_READS}"
        return "cannot tell: an unanswered write may have been made; look, then decide"


def _first_answering(attempting: Attempting) -> str:
    """Return the first endpoint that says it is ready. Raises ConnectFailed if none is."""
    inventory = attempting.connections.inventory
    for endpoint in inventory.kubernetes.endpoints if inventory.kubernetes else ():
        try:
            # A server that takes longer than this to say that it is ready is not the one to ask.
            if attempting.connections.api(endpoint.name).request("GET", "/readyz", timeout_s=2).status in _OK:
                return endpoint.name
        # A frozen server times out or breaks off; the next one may still answer.
        except ConnectorError:
            continue
    raise ConnectFailed("no API server is ready", remedy="bring one back first")


def _answered(answer: HttpAnswer, place: str, otherwise: Outcome) -> Result:
    """Return the result of an HTTP answer."""
    outcome = Outcome.SUCCEEDED if answer.status in _OK else otherwise
    return Result(outcome=outcome, evidence=f"{place} answered {answer.status}", stdout=answer.body)


@dataclass(frozen=True, slots=True)
class HttpKind(CommonKind):
    """Asks a URL once."""

    name: str = "http"
    model: Any = HttpCall
    needs_host: bool = False
    default_risk: Risk = Risk.READ

    def variables(self, action: Any) -> Variables:
        """Return the URL under the name that the preview uses."""
        return {"URL": action.url}

    def script(self, step: Step, inventory: Inventory) -> str:
        """Return the request in one line."""
        del inventory
        return f'GET "$URL", expecting {step.action.status}'

    def run(self, attempting: Attempting) -> Result:
        """Ask once."""
        attempting.dispatch()
        answer = attempting.connections.http(attempting.order.environment["URL"], timeout_s=attempting.timeout_s)
        outcome = Outcome.SUCCEEDED if answer.status == attempting.step.action.status else Outcome.FAILED
        return Result(outcome=outcome, evidence=f"answered {answer.status}", stdout=answer.body)

    def probe(self, attempting: Attempting) -> Result | None:
        """Say that it may be asked again."""
        del attempting
        return may_run_again()

    def probing(self, step: Step, target: str) -> str:
        """Say what a probe does."""
        del step, target
        return f"asks nothing: {ONLY_READS}"


ETCD = EtcdKind()
KUBERNETES = KubernetesKind()
HTTP = HttpKind()
