"""A small vocabulary for the tests of the runbook format: what the real registries bring, in a few lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator

from haops.core.conditions import Expression
from haops.core.risk import Risk
from haops.core.runbook import Option
from haops.formats.fields import Condition, Document
from haops.formats.vocabulary import Vocabulary


class Answer(Document):
    """One answer of a decision."""

    value: str
    title: str
    when: Annotated[Expression, Condition()] | None = None
    loses: str = ""


class Scripts(Document):
    """A script for each layout."""

    kubeadm: str
    systemd: str


class Request(Document):
    """A kind that parses its expression itself."""

    url: Annotated[Expression, Condition()]


def _options(written: list[Answer]) -> tuple[Option, ...]:
    return tuple(Option(value=a.value, title=a.title, when=a.when, loses=a.loses) for a in written)


@dataclass(frozen=True)
class Kind:
    """A step kind as the format sees it."""

    name: str
    model: Any
    needs_host: bool = False
    default_risk: Risk = Risk.READ

    def names(self, action: Any) -> tuple[Expression, ...]:
        """Return the expressions of a request."""
        return (action.url,) if isinstance(action, Request) else ()


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("ssh", str | Scripts, needs_host=True, default_risk=Risk.CHANGE),
        Kind("local", str | Scripts, default_risk=Risk.CHANGE),
        Kind("check", list[str]),
        Kind("choose", Annotated[list[Answer], AfterValidator(_options)]),
        Kind("manual", str),
        Kind("http", Request),
    )
}


FACTS = frozenset(
    {f"etcd.{name}" for name in ("answering", "quorum", "intact", "size_bytes", "newest_revision", "hashes_equal")}
    | {f"etcd.{name}" for name in ("members_healthy", "members_expected", "cluster_ids")}
    | {f"api.{name}" for name in ("ready", "expected", "answering")}
)


def words(files: Mapping[str, str] | None = None) -> Vocabulary:
    """Return the vocabulary; `files` are the runbooks that can be included."""

    def load(name: str) -> tuple[str, bytes]:
        return name, (files or {})[name].encode()

    return Vocabulary(
        step_kinds=KINDS,
        signals=frozenset({"etcd-quorum-lost", "hosts-partitioned"}),
        facts=FACTS,
        host_facts=frozenset({"host.name", "host.free_bytes"}),
        observers=frozenset({"etcd.members", "etcd.data_directories", "hosts.reachable", "api.endpoints"}),
        load_include=load,
    )
