"""What `systemctl` on a lab host answers: the verbs that control-plane work uses, in systemd's own words.

Owns the verbs, one function each. Must never touch processes: `service` does.
"""

import signal
import time
from collections.abc import Awaitable, Callable, Sequence

from haops.lab.agent.answers import Answer, lines
from haops.lab.agent.arguments import Asked, parse
from haops.lab.agent.service import Service, StartFailed, log_of
from haops.lab.agent.units import UnitNotFound, Units, full_name

# As systemctl(1) and LSB have it: 3 for a unit that is not active.
_NOT_ACTIVE = 3
_FILE_VERBS = {"enable", "disable"}
_USAGE = 1


Verb = Callable[[Units, Asked], Awaitable[Answer]]
# systemctl(1). Without this list the values of these options would be taken for units.
_WITH_VALUE = {
    *("-p", "--property", "-P", "-s", "--signal", "-n", "--lines", "-o", "--output", "-t", "--type", "--state"),
    *("--kill-whom", "--kill-who", "--job-mode", "--what", "-H", "--host", "-M", "--machine", "--root", "--image"),
    *("--legend", "--preset-mode", "--timestamp", "--message", "--check-inhibitors"),
}
_ALONE = {
    *(
        "-h",
        "--help",
        "--version",
        "--system",
        "--user",
        "--failed",
        "-a",
        "--all",
        "-l",
        "--full",
        "-r",
        "--recursive",
    ),
    *("--reverse", "--with-dependencies", "-T", "--show-transaction", "--show-types", "--value", "-i", "--now"),
    *("--dry-run", "-q", "--quiet", "--wait", "--no-block", "--no-wall", "--no-reload", "--no-legend", "--no-pager"),
    *("--no-ask-password", "--global", "--runtime", "-f", "--force", "--plain", "--read-only", "--mkdir", "--marked"),
}
_JOURNAL_WITH_VALUE = {
    *("-u", "--unit", "-n", "--lines", "-o", "--output", "-S", "--since", "-U", "--until", "-p", "--priority", "-t"),
    *("-g", "--grep"),
}


async def systemctl(units: Units, arguments: Sequence[str]) -> Answer:
    """Answer one call; an unknown verb is refused as systemctl refuses it."""
    asked = parse(arguments, _WITH_VALUE)
    unknown = [name for name in asked.options if name not in _WITH_VALUE | _ALONE]
    if unknown:
        said = f"unrecognized option '{unknown[0]}'" if unknown[0][1] == "-" else f"invalid option -- '{unknown[0][1]}'"
        return Answer(_USAGE, "", lines(f"systemctl: {said}"))
    if not asked.words:
        return await _list_units(units, asked)
    verb = VERBS.get(asked.words[0])
    if verb is None:
        return Answer(_USAGE, "", lines(f"Unknown command verb {asked.words[0]}."))
    try:
        return await verb(units, Asked(asked.options, asked.words[1:]))
    except UnitNotFound as missing:
        return _no_such_unit(asked.words[0], missing.name)


def _no_such_unit(verb: str, name: str) -> Answer:
    """What systemctl says and with which status, by verb."""
    if verb in _FILE_VERBS:
        return Answer(1, "", lines(f"Failed to {verb} unit: Unit file {name} does not exist."))
    if verb == "is-enabled":
        return Answer(1, "", lines(f"Failed to get unit file state for {name}: No such file or directory"))
    # The numbers are systemctl's own, from LSB: 4 for no such unit, 5 for not installed.
    if verb == "cat":
        return Answer(1, "", lines(f"No files found for {name}."))
    if verb == "status":
        return Answer(4, "", lines(f"Unit {name} could not be found."))
    found = "loaded" if verb in {"stop", "try-restart", "kill"} else "found"
    return Answer(5, "", lines(f"Failed to {verb} {name}: Unit {name} not {found}."))


async def _start(units: Units, asked: Asked) -> Answer:
    return await _each_started(units, asked, lambda service: service.start(block=not asked.has("--no-block")))


async def _restart(units: Units, asked: Asked) -> Answer:
    async def restart(service: Service) -> None:
        """Stop the service and start it again."""
        service.refuse_bad_setting("restart")
        await service.stop()
        await service.start(block=not asked.has("--no-block"))

    return await _each_started(units, asked, restart)


async def _try_restart(units: Units, asked: Asked) -> Answer:
    running = [name for name in asked.words if units.get(name).state.active == "active"]
    return await _restart(units, Asked(asked.options, running))


async def _each_started(units: Units, asked: Asked, action: Callable[[Service], Awaitable[None]]) -> Answer:
    for service in [units.get(name) for name in asked.words]:
        try:
            await action(service)
        except StartFailed as failure:
            return Answer(1, "", lines(str(failure)))
    return Answer()


async def _stop(units: Units, asked: Asked) -> Answer:
    for service in [units.get(name) for name in asked.words]:
        await service.stop()
    return Answer()


async def _kill(units: Units, asked: Asked) -> Answer:
    name = asked.value("-s", "--signal") or "SIGTERM"
    number = int(name) if name.isdigit() else signal.Signals[name if name.startswith("SIG") else f"SIG{name}"]
    for service in [units.get(name) for name in asked.words]:
        if service.main:
            service.main.send(number)
    return Answer()


async def _is_active(units: Units, asked: Asked) -> Answer:
    states = [_state_of(units, name) for name in asked.words]
    quiet = asked.has("-q", "--quiet")
    # As with systemctl: one that is active is enough.
    return Answer(0 if "active" in states else _NOT_ACTIVE, "" if quiet else lines(*states))


async def _is_failed(units: Units, asked: Asked) -> Answer:
    states = [_state_of(units, name) for name in asked.words]
    quiet = asked.has("-q", "--quiet")
    return Answer(0 if "failed" in states else 1, "" if quiet else lines(*states))


def _state_of(units: Units, name: str) -> str:
    try:
        return units.get(name).state.active
    except UnitNotFound:
        # As with systemctl: a unit that is not there is inactive too.
        return "inactive"


async def _is_enabled(units: Units, asked: Asked) -> Answer:
    states = []
    for name in asked.words:
        units.get(name)
        states.append("enabled" if units.is_enabled(name) else "disabled")
    return Answer(0 if "enabled" in states else 1, "" if asked.has("-q", "--quiet") else lines(*states))


async def _enable(units: Units, asked: Asked) -> Answer:
    printed = [line for name in asked.words for line in units.enable(name)]
    # systemctl enable reloads by itself.
    units.reload()
    started = await _start(units, asked) if asked.has("--now") else Answer()
    return Answer(started.status, "", lines(*printed) + started.stderr)


async def _disable(units: Units, asked: Asked) -> Answer:
    printed = [line for name in asked.words for line in units.disable(name)]
    units.reload()
    if asked.has("--now"):
        await _stop(units, asked)
    return Answer(0, "", lines(*printed))


async def _daemon_reload(units: Units, asked: Asked) -> Answer:
    del asked
    units.reload()
    return Answer()


async def _reset_failed(units: Units, asked: Asked) -> Answer:
    # As with systemctl: without a name it means every unit.
    for service in [units.get(name) for name in asked.words] or units.loaded():
        service.reset_failed()
    return Answer()


async def _show(units: Units, asked: Asked) -> Answer:
    wanted = [name for value in asked.values("-p", "--property", "-P") for name in value.split(",")]
    blocks = []
    for name in asked.words:
        properties = _properties(units, name)
        # As with systemctl: a property that there is not is passed over.
        chosen = {key: properties[key] for key in wanted if key in properties} if wanted else properties
        bare = asked.has("--value", "-P")
        blocks.append(lines(*(value if bare else f"{key}={value}" for key, value in chosen.items())))
    return Answer(0, "\n".join(blocks))


def _properties(units: Units, name: str) -> dict[str, str]:
    try:
        service = units.get(name)
    except UnitNotFound:
        # `systemctl show` does not fail for a unit that is not there; LoadState tells.
        return {
            "Id": full_name(name),
            "LoadState": "not-found",
            "ActiveState": "inactive",
            "SubState": "dead",
            "MainPID": "0",
        }
    state = service.state
    return {
        "Id": service.unit.name,
        "Description": service.unit.description,
        "Type": service.unit.value("Type", "simple"),
        "Restart": service.unit.value("Restart", "no"),
        "User": service.unit.value("User"),
        "Group": service.unit.value("Group"),
        "LoadState": "bad-setting" if service.unit.has_bad_setting else "loaded",
        "ActiveState": state.active,
        "SubState": state.sub,
        "Result": state.result,
        "MainPID": str(service.main.pid if service.main and service.main.is_running else 0),
        "ExecMainStatus": str(state.main_status),
        "NRestarts": str(state.restarts),
        "UnitFileState": "enabled" if units.is_enabled(name) else "disabled",
        "FragmentPath": service.unit.paths[0],
        "DropInPaths": " ".join(service.unit.paths[1:]),
        "StateChangeTimestamp": time.strftime("%a %Y-%m-%d %H:%M:%S UTC", time.gmtime(state.since))
        if state.since
        else "",
    }


async def _status(units: Units, asked: Asked) -> Answer:
    blocks = [_describe(units, units.get(name), asked) for name in asked.words]
    active = all(units.get(name).state.active == "active" for name in asked.words)
    return Answer(0 if active else _NOT_ACTIVE, "\n".join(blocks))


def _describe(units: Units, service: Service, asked: Asked) -> str:
    shown = _properties(units, service.unit.name)
    reason = "" if shown["Result"] == "success" else f" (Result: {shown['Result']})"
    text = lines(
        f"* {shown['Id']} - {shown['Description']}",
        f"     Loaded: loaded ({shown['FragmentPath']}; {shown['UnitFileState']})",
        f"     Active: {shown['ActiveState']} ({shown['SubState']}){reason} since {shown['StateChangeTimestamp']}",
        f"   Main PID: {shown['MainPID']}",
    )
    # systemctl(1): ten lines by default.
    return text + "\n" + _last_lines(service, int(asked.value("-n", "--lines") or 10))


def _last_lines(service: Service, count: int) -> str:
    log = service.log
    if not log.exists() or count == 0:
        return ""
    return lines(*log.read_text(errors="replace").splitlines()[-count:])


async def _cat(units: Units, asked: Asked) -> Answer:
    paths = [path for name in asked.words for path in units.get(name).unit.paths]
    return Answer(0, "\n".join(f"# {path}\n{units.read(path)}" for path in paths))


async def _list_units(units: Units, asked: Asked) -> Answer:
    del asked
    rows = (
        f"{service.unit.name} loaded {service.state.active} {service.state.sub} {service.unit.description}"
        for service in units.loaded()
    )
    return Answer(0, lines(*rows))


VERBS: dict[str, Verb] = {
    "start": _start,
    "stop": _stop,
    "restart": _restart,
    "try-restart": _try_restart,
    "kill": _kill,
    "status": _status,
    "show": _show,
    "cat": _cat,
    "is-active": _is_active,
    "is-failed": _is_failed,
    "is-enabled": _is_enabled,
    "enable": _enable,
    "disable": _disable,
    "daemon-reload": _daemon_reload,
    "reset-failed": _reset_failed,
    "list-units": _list_units,
}


async def journalctl(units: Units, arguments: Sequence[str]) -> Answer:
    """Answer `journalctl -u UNIT [-n N]`: the unit's output as it was written."""
    asked = parse(arguments, _JOURNAL_WITH_VALUE)
    name = asked.value("-u", "--unit")
    log = log_of(units.host_root, full_name(name))
    if not log.exists():
        return Answer(0, lines("-- No entries --"))
    count = int(asked.value("-n", "--lines") or 1000)
    return Answer(0, lines(*log.read_text(errors="replace").splitlines()[-count:]))
