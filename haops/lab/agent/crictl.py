"""What `crictl` on a lab host answers: the commands that control-plane work uses, with crictl's output shapes.

Owns the commands, one function each. Must never decide what runs: `static_pods` does, and starts again what is
stopped here while its manifest is in place.
"""

import json
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from haops.lab.agent.answers import Answer, lines
from haops.lab.agent.arguments import Asked
from haops.lab.agent.containers import Container, Containers
from haops.lab.agent.crictl_flags import COMMAND_FLAGS, GLOBAL_FLAGS, UsageError, parse_flags

# As crictl shows ids in its tables.
_SHORT_ID = 13


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the commands work on: the containers, and a way to run something beside them."""

    containers: Containers
    run: Callable[[Sequence[str]], Awaitable[Answer]]


Command = Callable[[Runtime, Asked], Awaitable[Answer]]


async def crictl(runtime: Runtime, arguments: Sequence[str]) -> Answer:
    """Answer one call; an unknown command is refused."""
    name = ""
    try:
        name, *rest = parse_flags(arguments, GLOBAL_FLAGS).words or [""]
        if name not in COMMANDS:
            # The status is urfave/cli's own.
            return Answer(3, "", lines(f"No help topic for '{name}'")) if name else _help(name)
        asked = parse_flags(rest, COMMAND_FLAGS[name])
        return _help(name) if asked.has("help") else await COMMANDS[name](runtime, asked)
    except UsageError as error:
        return Answer(1, f"Incorrect Usage: {error}\n\n{_help(name).stdout}", lines(f"FATA[0000] {error}"))
    except Refused as refused:
        return Answer(1, "", lines(f"FATA[0000] {refused}"))


class Refused(Exception):
    """crictl ends with this fatal message."""


def _help(command: str) -> Answer:
    """What crictl shows when asked, and when a command's words are too many or too few: with status 0."""
    return Answer(
        0, lines("NAME:", f"   crictl {command}", "", "USAGE:", f"   crictl {command} [options] [arguments...]")
    )


async def _ps(runtime: Runtime, asked: Asked) -> Answer:
    if asked.words:
        return _help("ps")
    chosen = _chosen(runtime, asked)
    # As with crictl, JSON goes before --quiet.
    if _is_json(asked):
        return Answer(0, json.dumps({"containers": [_listed(one) for one in chosen]}, indent=2) + "\n")
    if asked.has("quiet"):
        return Answer(0, lines(*(one.id for one in chosen)))
    return Answer(0, _table(chosen))


def _is_json(asked: Asked) -> bool:
    output = asked.value("output")
    if output not in {"", "json", "table"}:
        raise Refused(f'unsupported output format "{output}"')
    return output == "json"


def _chosen(runtime: Runtime, asked: Asked) -> list[Container]:
    """Return the containers that the filters let through, newest first."""
    if asked.value("state").lower() not in {"", "created", "running", "exited", "unknown"}:
        raise Refused("listing containers: --state should be one of created, running, exited or unknown")
    try:
        chosen = [one for one in reversed(list(runtime.containers)) if _matches(one, asked)]
    except re.error as error:
        raise Refused(f"listing containers: error parsing regexp: {error}") from error
    count = 1 if asked.has("latest") else int(asked.value("last") or 0)
    return chosen[:count] if count > 0 else chosen


def _matches(container: Container, asked: Asked) -> bool:
    # --latest and --last look at containers in every state, whatever --state says.
    every_state = asked.has("latest") or int(asked.value("last") or 0) > 0
    state = asked.value("state").lower() or ("" if asked.has("all") else "running")
    labels = _labels(container)
    spec = container.spec
    return (
        (every_state or state in {"", _state(container).lower()})
        and all(labels.get(label.partition("=")[0]) == label.partition("=")[2] for label in asked.values("label"))
        and re.search(asked.value("name"), spec.name) is not None
        and re.search(asked.value("namespace"), spec.namespace) is not None
        and asked.value("image") in {"", spec.image, spec.image.rpartition(":")[0]}
        and spec.pod_uid.ljust(64, "0").startswith(asked.value("pod"))
        and container.id.startswith(asked.value("id"))
    )


async def _stop(runtime: Runtime, asked: Asked) -> Answer:
    if asked.has("all") == bool(asked.words):
        said = "you must specify at least one CONTAINER-ID or use --all"
        return Answer(1, "", lines("cannot specify CONTAINER-ID(s) when using --all" if asked.words else said))
    # crictl's own default is no grace at all.
    patience_s = float(asked.value("timeout") or 0)
    ids = asked.words or [one.id for one in runtime.containers if one.is_running]
    return await _each(runtime, ids, lambda one: runtime.containers.stop(one, patience_s))


async def _remove(runtime: Runtime, asked: Asked) -> Answer:
    async def remove(container: Container) -> None:
        """Remove a container and its log; one that runs only by force."""
        if container.is_running and not asked.has("force"):
            raise Refused(f'container "{container.id}" is running, please stop it first')
        await runtime.containers.stop(container, 0.0)
        runtime.containers.remove(container)
        if not asked.has("keep-logs"):
            container.log.unlink(missing_ok=True)

    if not asked.words and not asked.has("all"):
        raise Refused("ID cannot be empty")
    return await _each(runtime, asked.words or [one.id for one in runtime.containers], remove)


async def _each(runtime: Runtime, ids: Sequence[str], action: Callable[[Container], Awaitable[None]]) -> Answer:
    printed: list[str] = []
    for prefix in ids:
        container = runtime.containers.find(prefix)
        if container is None:
            return _not_found(prefix, lines(*printed))
        await action(container)
        printed.append(prefix)
    return Answer(0, lines(*printed))


async def _logs(runtime: Runtime, asked: Asked) -> Answer:
    """Show a log on standard error, where every program of a control plane writes it."""
    if not asked.words:
        raise Refused("ID cannot be empty")
    if len(asked.words) > 1:
        return _help("logs")
    container = runtime.containers.find(asked.words[0])
    if container is None:
        return _not_found(asked.words[0])
    log = container.log.with_name(f"{container.attempt - 1}.log") if asked.has("previous") else container.log
    written = log.read_text(errors="replace").splitlines() if log.exists() else []
    tail = int(asked.value("tail") or -1)
    return Answer(0, "", lines(*(written[max(len(written) - tail, 0) :] if tail >= 0 else written)))


async def _inspect(runtime: Runtime, asked: Asked) -> Answer:
    if asked.value("output") not in {"", "json"}:
        raise Refused(f'unsupported output format "{asked.value("output")}"')
    ids = asked.words or [one.id for one in _chosen(runtime, asked)]
    if not ids:
        return Answer(0, _help("inspect").stdout, lines("ERRO[0000] No IDs provided or nothing found per filter"))
    found = [(prefix, runtime.containers.find(prefix)) for prefix in ids]
    missing = [prefix for prefix, container in found if container is None]
    if missing:
        return _not_found(missing[0])
    inspected = [_inspected(container) for _, container in found if container]
    return Answer(0, json.dumps(inspected[0] if len(inspected) == 1 else inspected, indent=2) + "\n")


def _inspected(container: Container) -> dict[str, Any]:
    listed = _listed(container)
    process = container.process
    status: dict[str, Any] = {
        **{key: listed[key] for key in ("id", "metadata", "image", "imageRef", "state", "labels", "annotations")},
        "createdAt": _rfc3339(container.started_at),
        "startedAt": _rfc3339(container.started_at),
        "finishedAt": _rfc3339(container.finished_at),
        "exitCode": container.exit_code,
        "reason": _reason(container),
        "message": "",
        "mounts": [],
        "logPath": str(container.log),
    }
    inside = {
        "pid": process.pid if process and process.is_running else 0,
        "config": {"command": list(container.spec.command)},
    }
    return {"status": status, "info": inside}


async def _exec(runtime: Runtime, asked: Asked) -> Answer:
    """Run a command in the container named first, or in those that the filters let through."""
    if asked.has("tty"):
        # Calls come from scripts; crictl asks for a terminal here.
        raise Refused("input is not a terminal")
    by_filter = asked.has("name", "pod", "image", "state", "label", "latest", "last")
    ids, command = ([], asked.words) if by_filter else (asked.words[:1], asked.words[1:])
    if not command:
        return _help("exec")
    if by_filter:
        ids = [one.id for one in _chosen(runtime, asked)]
    if not ids:
        return Answer(0, _help("exec").stdout, lines("ERRO[0000] No containers found per filter flags"))
    told = by_filter and not asked.has("quiet", "parallel")
    answers = [await _exec_in(runtime, container_id, command, asked) for container_id in ids]
    stdout = "".join((f"{one}:\n" if told else "") + answer.stdout for one, answer in zip(ids, answers, strict=True))
    failed = any(answer.status for answer in answers) and not asked.has("ignore-errors")
    return Answer(int(failed), stdout, "".join(answer.stderr for answer in answers))


async def _exec_in(runtime: Runtime, prefix: str, command: Sequence[str], asked: Asked) -> Answer:
    container = runtime.containers.find(prefix)
    if container is None:
        return _not_found(prefix)
    where = f"execing command in container {prefix}{' synchronously' if asked.has('sync') else ''}"
    if not container.is_running:
        said = f"{where}: rpc error: code = Unknown desc = container is in CONTAINER_EXITED state"
        return Answer(1, "", lines(f"FATA[0000] {said}"))
    answer = await runtime.run(["", *command])
    if answer.status:
        # Whatever the command's own status is, that of crictl is 1.
        said = f"FATA[0000] {where}: command terminated with exit code {answer.status}"
        return Answer(1, answer.stdout, answer.stderr + lines(said))
    # With --sync both outputs come at the end, on standard output, a line end after each.
    return Answer(0, lines(answer.stdout, answer.stderr)) if asked.has("sync") else answer


async def _version(runtime: Runtime, asked: Asked) -> Answer:
    del runtime, asked
    return Answer(
        0, lines("Version:  0.1.0", "RuntimeName:  haops-lab-agent", "RuntimeVersion:  0", "RuntimeApiVersion:  v1")
    )


COMMANDS: dict[str, Command] = {
    "ps": _ps,
    "stop": _stop,
    "rm": _remove,
    "logs": _logs,
    "inspect": _inspect,
    "exec": _exec,
    "version": _version,
}


def _not_found(prefix: str, printed: str = "") -> Answer:
    said = f'rpc error: code = NotFound desc = an error occurred when try to find container "{prefix}": not found'
    return Answer(1, printed, lines(f"E {said}", f"FATA[0000] {said}"))


def _state(container: Container) -> str:
    return "Running" if container.is_running else "Exited"


def _reason(container: Container) -> str:
    if container.is_running:
        return ""
    return "Error" if container.exit_code else "Completed"


def _labels(container: Container) -> dict[str, str]:
    return {
        "io.kubernetes.container.name": container.spec.name,
        "io.kubernetes.pod.name": container.spec.pod,
        "io.kubernetes.pod.namespace": container.spec.namespace,
        "io.kubernetes.pod.uid": container.spec.pod_uid,
    }


def _listed(container: Container) -> dict[str, Any]:
    return {
        "id": container.id,
        "podSandboxId": container.spec.pod_uid.ljust(64, "0"),
        "metadata": {"name": container.spec.name, "attempt": container.attempt},
        "image": {"image": container.spec.image, "annotations": {}, "userSpecifiedImage": container.spec.image},
        "imageRef": container.spec.image,
        "state": f"CONTAINER_{_state(container).upper()}",
        # As the CRI tells times: nanoseconds, and as text, because JSON's numbers lose digits there.
        "createdAt": str(int(container.started_at * 1e9)),
        "labels": _labels(container),
        "annotations": {
            # The kubelet's hash has 32 bits, in hexadecimal.
            "io.kubernetes.container.hash": container.spec.digest[:8],
            "io.kubernetes.container.restartCount": str(container.attempt),
        },
    }


def _table(chosen: Sequence[Container]) -> str:
    row = "{:<20}{:<46}{:<28}{:<12}{:<28}{:<12}{:<16}{:<36}{}".format
    header = row("CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD", "NAMESPACE")
    rows = (
        row(
            one.id[:_SHORT_ID],
            one.spec.image,
            f"{_age(time.time() - one.started_at)} ago",
            _state(one),
            one.spec.name,
            one.attempt,
            one.spec.pod_uid[:_SHORT_ID],
            one.spec.pod,
            one.spec.namespace,
        )
        for one in chosen
    )
    return lines(header, *rows)


def _rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def _age(seconds: float) -> str:
    """Return a time span in the words of Docker's units.HumanDuration, as far as a lab lives."""
    if seconds < 1:
        return "Less than a second"
    minutes, hours = int(seconds // 60), round(seconds / 3600)
    if minutes < 1:
        return "1 second" if seconds < 2 else f"{int(seconds)} seconds"  # noqa: PLR2004 - one second, in full
    if minutes < 60:  # noqa: PLR2004 - minutes in an hour
        return "About a minute" if minutes == 1 else f"{minutes} minutes"
    return "About an hour" if hours == 1 else f"{hours} hours"
