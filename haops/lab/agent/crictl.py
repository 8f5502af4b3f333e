"""What `crictl` on a lab host answers: the commands that control-plane work uses, with crictl's output shapes.

Owns the commands, one function each. Must never decide what runs: `static_pods` does, and starts again what is
stopped here while its manifest is in place.
"""

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import dropwhile
from typing import Any

from haops.lab.agent.answers import Answer, lines
from haops.lab.agent.arguments import Asked, parse
from haops.lab.agent.containers import Container, Containers

# Without this list the values of these options would be taken for commands and ids.
_WITH_VALUE = {
    *("-o", "--output", "--label", "--state", "-s", "--name", "--pod", "-p", "--id", "--last", "-n", "--image"),
    *(
        "--timeout",
        "-t",
        "--tail",
        "-r",
        "--runtime-endpoint",
        "-i",
        "--image-endpoint",
        "-c",
        "--config",
        "--namespace",
    ),
}
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
    if arguments[:1] == ["exec"]:  # what follows the id belongs to the command
        return await _exec(runtime, arguments[1:])
    asked = parse(arguments, _WITH_VALUE)
    command = COMMANDS.get(asked.words[0] if asked.words else "")
    if command is None:
        return Answer(1, "", lines(f"No help topic for '{' '.join(asked.words[:1])}'"))
    return await command(runtime, Asked(asked.options, asked.words[1:]))


async def _ps(runtime: Runtime, asked: Asked) -> Answer:
    chosen = [one for one in reversed(list(runtime.containers)) if _matches(one, asked)]
    last = asked.value("--last", "-n") or ("1" if asked.has("-l", "--latest") else "")
    chosen = chosen[: int(last)] if last else chosen
    if asked.has("-q", "--quiet"):
        return Answer(0, lines(*(one.id for one in chosen)))
    if asked.value("-o", "--output") == "json":
        return Answer(0, json.dumps({"containers": [_listed(one) for one in chosen]}, indent=2) + "\n")
    return Answer(0, _table(chosen))


def _matches(container: Container, asked: Asked) -> bool:
    state = asked.value("--state", "-s").lower()
    shown = container.is_running or asked.has("-a", "--all", "--last", "-n", "-l", "--latest")
    labels = _labels(container)
    return (
        (_state(container).lower() == state if state else shown)
        and all(labels.get(label.partition("=")[0]) == label.partition("=")[2] for label in asked.values("--label"))
        and re.search(asked.value("--name"), container.spec.name) is not None
        and container.spec.pod_uid.startswith(asked.value("--pod", "-p"))
        and container.id.startswith(asked.value("--id"))
    )


async def _stop(runtime: Runtime, asked: Asked) -> Answer:
    # crictl's own default is no grace at all.
    return await _each(
        runtime, asked, lambda one: runtime.containers.stop(one, float(asked.value("--timeout", "-t") or 0))
    )


async def _remove(runtime: Runtime, asked: Asked) -> Answer:
    async def remove(container: Container) -> None:
        """Remove a container, stopped first without grace if it runs."""
        if container.is_running:
            await runtime.containers.stop(container, 0.0)
        runtime.containers.remove(container)

    return await _each(runtime, asked, remove)


async def _each(runtime: Runtime, asked: Asked, action: Callable[[Container], Awaitable[None]]) -> Answer:
    printed: list[str] = []
    for prefix in asked.words:
        container = runtime.containers.find(prefix)
        if container is None:
            return _not_found(prefix, lines(*printed))
        await action(container)
        printed.append(prefix)
    return Answer(0, lines(*printed))


async def _logs(runtime: Runtime, asked: Asked) -> Answer:
    """Show a log on standard error, where every program of a control plane writes it."""
    prefix = asked.words[0] if asked.words else ""
    container = runtime.containers.find(prefix)
    if container is None:
        return _not_found(prefix)
    written = container.log.read_text(errors="replace").splitlines() if container.log.exists() else []
    tail = asked.value("--tail")
    return Answer(0, "", lines(*(written[-int(tail) :] if tail and int(tail) >= 0 else written)))


async def _inspect(runtime: Runtime, asked: Asked) -> Answer:
    prefix = asked.words[0] if asked.words else ""
    container = runtime.containers.find(prefix)
    if container is None:
        return _not_found(prefix)
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
    return Answer(0, json.dumps({"status": status, "info": inside}, indent=2) + "\n")


async def _exec(runtime: Runtime, arguments: Sequence[str]) -> Answer:
    prefix, *command = dropwhile(lambda word: word.startswith("-"), arguments)
    container = runtime.containers.find(prefix)
    if container is None or not container.is_running:
        return _not_found(prefix)
    return await runtime.run(["", *command])


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
    row = "{:<20}{:<46}{:<28}{:<12}{:<28}{:<12}{:<16}{}".format
    header = row("CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD")
    rows = (
        row(
            one.id[:_SHORT_ID],
            one.spec.image,
            _rfc3339(one.started_at)[:19],
            _state(one),
            one.spec.name,
            one.attempt,
            one.spec.pod_uid[:_SHORT_ID],
            one.spec.pod,
        )
        for one in chosen
    )
    return lines(header, *rows)


def _rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
