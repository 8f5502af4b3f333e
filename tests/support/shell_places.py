"""The places on which the contract of a Shell is tested: a fake host, this machine, a real sshd."""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sshd import Sshd

from haops.connectors.fake import FakeHost, FakeShell, Outcome
from haops.connectors.seam import AttemptReport, Order, Shell
from haops.connectors.secrets import SecretKeeper
from haops.connectors.ssh.hosts import host_shell
from haops.connectors.ssh.routes import Routes

BOTH_OUTPUTS = "echo out; echo err >&2; exit 3"
NOTE_EFFECT = 'echo effect >>"$EFFECTS"'
SHOW_VALUE = 'printf %s "$VALUE"'
ENDLESS = "echo begun; sleep 60"
HUNGRY = "cat; echo fed"
OUTCOMES: Mapping[str, Outcome] = {
    BOTH_OUTPUTS: Outcome(b"out\n", b"err\n", 3),
    ENDLESS: Outcome(b"begun\n", endless=True),
    HUNGRY: Outcome(b"fed\n"),
}


@dataclass
class Place:
    """A shell, and what a test needs to see of the place behind it."""

    name: str
    shell: Shell
    effects_file: Path
    directory: Path
    heard: list[bytes] = field(default_factory=list)
    accepted: list[float] = field(default_factory=list)

    def order(self, script: str, **fields: object) -> Order:
        """A fresh attempt."""
        return Order(attempt_id=secrets.token_hex(16), script=script, **fields)  # type: ignore[arg-type]

    def launch(self, order: Order, timeout_s: float = 30.0) -> AttemptReport:
        """Launch, noting what is heard."""
        self.heard.clear()
        return self.shell.launch(
            order,
            timeout_s=timeout_s,
            on_accepted=lambda: self.accepted.append(time.monotonic()),
            on_output=self.heard.append,
        )

    def effects(self) -> int:
        """How often the script that notes its effect ran."""
        return len(self.effects_file.read_text().splitlines()) if self.effects_file.exists() else 0


def fake_behaviour(place: Callable[[], Place]) -> Callable[[str, Mapping[str, str]], Outcome]:
    """What the scripts of the contract do on a fake host."""

    def behave(script: str, environment: Mapping[str, str]) -> Outcome:
        if script == NOTE_EFFECT:
            with place().effects_file.open("a") as effects:
                effects.write("effect\n")
        if script == SHOW_VALUE:
            return Outcome(environment["VALUE"].encode(errors="surrogateescape"))
        return OUTCOMES.get(script, Outcome())

    return behave


def fake_place(directory: Path) -> Place:
    """A fake host."""
    host = FakeHost()
    place = Place("fake", FakeShell(host), directory / "effects", directory)
    host.behaviour = fake_behaviour(lambda: place)
    return place


def ssh_shell(server: Sshd, directory: Path, **access: object) -> Shell:
    """A shell over a real connection; attempts are kept under the test's own directory."""
    reached = server.access(**access)
    keeper = SecretKeeper()
    return host_shell(
        server.host(), reached, keeper, Routes(reached, keeper), attempts_directory=str(directory / "attempts")
    )
