"""`haops lab`: the disposable cluster, from getting its programs to ending it.

Owns options and what is printed. Must never start anything itself: `haops.lab` does.
"""

import json
import os
import signal
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NoReturn

import click

from haops.cli.lab_install import install_command
from haops.errors import LabError, ProgramMissing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from haops.lab.programs import FlavourOffer
    from haops.lab.running import RunningLab


_ENDING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


@click.group()
def lab() -> None:
    """Start a disposable cluster on this machine: real etcd, real TLS, real SSH, no containers, no root."""


lab.add_command(install_command)


@lab.command()
@click.option(
    "--flavour", type=click.Choice(["control-plane", "etcd"]), help="Default: the most real that can run here."
)
@click.option("--from", "from_directory", metavar="DIR", help="Take the programs from this directory.")
@click.option("--foreground", is_flag=True, help="Stay, and end the lab on Ctrl-C or when this process ends.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def up(*, flavour: str | None, from_directory: str | None, foreground: bool, as_json: bool) -> None:
    """Start a lab and say where its inventory is."""
    from haops.lab.keeper import start_in_background  # noqa: PLC0415 - `haops --help` must not wait for it
    from haops.lab.programs import available_flavours  # noqa: PLC0415 - as above

    offer = _choose(available_flavours(from_directory), flavour)
    started = time.monotonic()

    def say(line: str) -> None:
        """Print a line with the seconds since the start; with --json one object comes alone."""
        if not as_json:
            click.echo(f"{time.monotonic() - started:5.1f} s  {line}")

    running = start_in_background(offer.flavour, offer.paths, say, bound=foreground)
    if foreground:
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)  # from here on a signal ends the lab in good order
    click.echo(json.dumps(_described(running)) if as_json else _hints(running))
    if foreground:
        _stay_with(running)


@lab.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(name: str | None, *, as_json: bool) -> None:
    """Show the labs that run: hosts, services, ports, age."""
    from haops.lab.running import find_lab, running_labs  # noqa: PLC0415 - see `up`

    labs = [find_lab(name)] if name else running_labs()
    described = [{**_described(running), "hosts": _hosts_of(running)} for running in labs]
    if as_json:
        click.echo(json.dumps({"labs": described}, indent=1))
        return
    for one in described:
        click.echo(_as_text(one))
    if not labs:
        click.echo("No lab is running. Start one: haops lab up")


# Options behind COMMAND are its own.
@lab.command(context_settings={"ignore_unknown_options": True})
@click.option("--lab", "name", metavar="NAME", help="Which lab, if several run.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def shell(name: str | None, command: "Sequence[str]") -> NoReturn:
    """Open a shell on the lab's bastion, or run COMMAND there."""
    from haops.lab import namespaces  # noqa: PLC0415 - see `up`
    from haops.lab.running import find_lab  # noqa: PLC0415 - as above

    running = find_lab(name)
    words = list(command) or [os.environ.get("SHELL", "/bin/sh")]
    if not command and sys.stderr.isatty():
        click.echo(
            f"bastion of {running.name}; inventory $HAOPS_INVENTORY; ssh -F $HAOPS_SSH_CONFIG HOST; exit leaves",
            err=True,
        )
    # From here on this is a process inside the lab; the one outside only waits for it.
    namespaces.join(running.first_process)
    os.environ.update(_bastion_environment(running))
    try:
        os.execvp(words[0], words)  # noqa: S606 - what the person typed, run as it is
    except OSError as error:
        click.echo(f"haops: {words[0]}: {error.strerror}", err=True)
        # As shells say of a command that cannot be run.
        os._exit(127)


@lab.command()
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="End every lab.")
def down(name: str | None, *, every: bool) -> None:
    """End a lab; nothing of it stays."""
    from haops.lab.running import find_lab, running_labs  # noqa: PLC0415 - see `up`

    for running in running_labs() if every else [find_lab(name)]:
        running.end()
        click.echo(f"{running.name} is gone")


def _choose(offers: "Sequence[FlavourOffer]", flavour: str | None) -> "FlavourOffer":
    """Return the flavour asked for, or the most real one that can run. ProgramMissing if it cannot."""
    for offer in offers:
        if offer.flavour == flavour or (flavour is None and offer.available):
            if not offer.available:
                raise ProgramMissing(offer.reason, remedy=offer.remedy)
            return offer
    # If none can run, the last one, which needs least, says what is missing.
    raise ProgramMissing(offers[-1].reason, remedy=offers[-1].remedy)


def _stay_with(running: "RunningLab") -> None:
    """Wait for Ctrl-C, SIGTERM or SIGHUP, then end the lab; or for the lab's own end."""
    click.echo("Ctrl-C ends it.", err=True)
    while running.is_alive:
        # Blocked and waited for: no handler can come into the middle of ending the lab.
        received = signal.sigtimedwait(_ENDING, 0.5)
        if received:
            running.end()
            click.echo(f"{running.name} is gone", err=True)
            sys.exit(128 + received.si_signo)
    raise LabError("the lab has ended by itself", where=running.name)


def _described(running: "RunningLab") -> dict[str, Any]:
    return {
        "name": running.name,
        "flavour": running.flavour,
        "state": "up" if running.is_up else "starting",
        "age_s": round(time.time() - running.started_at, 1),
        "pid": running.pid,
        "inventory": str(running.files.inventory),
    }


def _hosts_of(running: "RunningLab") -> list[dict[str, Any]]:
    from haops.lab.host_status import ask_status, disks_from_outside  # noqa: PLC0415 - see `up`
    from haops.lab.hosts import address_of  # noqa: PLC0415 - as above

    disks = disks_from_outside(running.first_process, running.files.directory)
    return [asdict(ask_status(name, address_of(number), disk)) for number, (name, disk) in enumerate(disks.items())]


def _as_text(one: "Mapping[str, Any]") -> str:
    minutes, seconds = divmod(int(one["age_s"]), 60)
    rows = [f"{one['name']}  {one['flavour']}  {one['state']}  {minutes}m{seconds:02d}s  pid {one['pid']}"]
    for host in one["hosts"]:
        units = "  ".join(f"{unit.removesuffix('.service')} {state}" for unit, state in host["units"].items())
        ports = ",".join(map(str, host["ports"]))
        rows.append(
            f"  {host['name']}  {host['address']}  {units if host['has_power'] else 'no power'}  ports {ports or '-'}"
        )
    return "\n".join([*rows, f"  inventory {one['inventory']}"])


def _hints(running: "RunningLab") -> str:
    inventory = running.files.inventory
    return f"inventory  {inventory}\nbastion    haops lab shell\nend it     haops lab down {running.name}"


def _bastion_environment(running: "RunningLab") -> dict[str, str]:
    """What a bastion's shell has ready: the lab's programs and credentials."""
    files = running.files
    environment = {
        "PATH": f"{files.programs}:{os.environ.get('PATH', '')}",
        "HAOPS_LAB": running.name,
        "HAOPS_INVENTORY": str(files.inventory),
        "HAOPS_SSH_CONFIG": str(files.ssh_config),
    }
    # The etcd flavour has none.
    if files.kubeconfig.exists():
        environment["KUBECONFIG"] = str(files.kubeconfig)
    return environment
