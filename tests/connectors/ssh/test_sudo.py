"""Becoming root by sudo, with and without a password: a real sudo behind a real sshd."""

import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sshd

from haops.connectors.seam import Order, Shell
from haops.connectors.secrets import SecretKeeper, SecretKind, SecretPrompt, SecretQuestion, nobody
from haops.connectors.ssh.hosts import host_shell
from haops.connectors.ssh.routes import Routes
from haops.core.inventory import Become
from haops.errors import Denied

pytestmark = pytest.mark.slow
PASSWORD = "it's a \\ password"  # noqa: S105 - of a user that exists in one test only
USER = "haops-ops"


@pytest.fixture
def server() -> Iterator[sshd.Sshd]:
    """A server with an ordinary user who may use sudo with a password, and one who may without."""
    if sshd.PROGRAM is None or shutil.which("sudo") is None or shutil.which("openssl") is None:
        pytest.skip("needs OpenSSH's sshd, sudo and openssl (apt-get install openssh-server sudo openssl)")
    if not sshd.can_have_own_etc():
        pytest.skip("needs root: the server gets users of its own")
    hashed = subprocess.run(
        ["openssl", "passwd", "-6", "-stdin"], input=PASSWORD, text=True, capture_output=True, check=True
    )
    # Not under pytest's directory, which no other user may enter.
    with tempfile.TemporaryDirectory(prefix="haops-sudo-") as name:
        place = Path(name)
        place.chmod(0o755)
        home = place / "home"
        home.mkdir()
        home.chmod(0o777)
        with sshd.running_sshd(place / "sshd", etc=users(home, hashed.stdout.strip())) as running:
            yield running


def users(home: Path, hashed: str) -> dict[str, str]:
    """The files of /etc that make the two users."""
    return {
        "passwd": sshd.passwd(f"{USER}:x:4711:4711::{home}:/bin/sh", f"{USER}-free:x:4712:4712::{home}:/bin/sh"),
        "shadow": Path("/etc/shadow").read_text()
        + f"{USER}:{hashed}:19000:0:99999:7:::\n{USER}-free:*:19000:0:99999:7:::\n",
        "sudoers": f"Defaults passwd_tries=3\n{USER} ALL=(ALL) ALL\n{USER}-free ALL=(ALL) NOPASSWD: ALL\n",
    }


def shell_of(
    server: sshd.Sshd, prompt: SecretPrompt = nobody, user: str = USER, become: Become = Become.SUDO_PASSWORD
) -> Shell:
    """A shell that becomes root."""
    access = server.access(user=user, become=become)
    keeper = SecretKeeper(prompt)
    return host_shell(
        server.host(), access, keeper, Routes(access, keeper), attempts_directory=str(server.directory / "attempts")
    )


def test_password_is_asked_once_and_given_to_sudo(server: sshd.Sshd):
    """With sudo-password every step runs as root, and the operator is asked once."""
    asked: list[SecretQuestion] = []

    def answer(question: SecretQuestion) -> str:
        asked.append(question)
        return PASSWORD

    shell = shell_of(server, answer)
    shell.open()
    assert shell.run("id -u", timeout_s=20).stdout == b"0\n"
    order = Order(attempt_id=secrets.token_hex(16), script="id -u; cat")
    report = shell.launch(order, timeout_s=30, on_accepted=lambda: None, on_output=lambda _piece: None)
    assert (report.exit_status, report.stdout) == (0, b"0\n")
    assert shell.probe(order.attempt_id, timeout_s=20).stdout == b"0\n"
    assert asked == [SecretQuestion(SecretKind.SUDO_PASSWORD, USER)]
    shell.close()


def test_wrong_password_is_denied_and_asked_again(server: sshd.Sshd):
    """A refused password is Denied, nothing runs, nothing else is given to sudo, and the next call asks again."""
    answers = ["wrong", PASSWORD]
    shell = shell_of(server, lambda _question: answers.pop(0))
    with pytest.raises(Denied, match="sudo refused") as refusal:
        shell.run(f"touch {server.directory}/ran", timeout_s=30)
    assert "incorrect password attempts" not in str(refusal.value), "it was tried more than once: accounts lock"
    assert not (server.directory / "ran").exists()
    assert shell.run("id -u", timeout_s=30).stdout == b"0\n"
    shell.close()


def test_password_is_not_asked_where_sudo_asks_none(server: sshd.Sshd):
    """Where sudo lets the user through without a question, the password never reaches the script."""
    shell = shell_of(server, lambda _question: PASSWORD, user=f"{USER}-free")
    result = shell.run("id -u; cat", timeout_s=20)
    assert (result.stdout, result.stderr) == (b"0\n", b"")
    shell.close()


def test_sudo_without_password(server: sshd.Sshd):
    """`become: sudo` asks nobody; where sudo would ask, it is Denied with what to check."""
    free = shell_of(server, user=f"{USER}-free", become=Become.SUDO)
    assert free.run("id -u", timeout_s=20).stdout == b"0\n"
    free.close()
    asking = shell_of(server, become=Become.SUDO)
    with pytest.raises(Denied, match="password is required") as refusal:
        asking.run("id -u", timeout_s=20)
    assert "sudoers" in refusal.value.remedy
    asking.close()


def test_ordinary_user_keeps_attempts_in_the_own_home(server: sshd.Sshd):
    """Without becoming root, attempts lie under the login user's own state directory."""
    access = server.access(user=USER)
    keeper = SecretKeeper()
    shell = host_shell(server.host(), access, keeper, Routes(access, keeper))
    order = Order(attempt_id=secrets.token_hex(16), script="id -u")
    report = shell.launch(order, timeout_s=30, on_accepted=lambda: None, on_output=lambda _piece: None)
    assert report.stdout == b"4711\n"
    assert (server.directory.parent / "home/.local/state/haops/attempts" / order.attempt_id / "cmd").exists()
    shell.close()


def test_nobody_to_ask(server: sshd.Sshd):
    """Without anybody who could type the password, opening says so at once."""
    with pytest.raises(Denied, match="none was given"):
        shell_of(server).open()
