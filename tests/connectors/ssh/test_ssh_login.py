"""Who is let in, and who is trusted: with a real sshd, a real agent, real keys."""

import contextlib
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sshd
from shell_places import ssh_shell

from haops.connectors.secrets import SecretKeeper, SecretKind, SecretQuestion
from haops.connectors.ssh.hosts import host_shell
from haops.connectors.ssh.routes import Routes
from haops.core.inventory import Host
from haops.errors import ConnectFailed, Denied, TimedOut

pytestmark = pytest.mark.slow
PASSPHRASE = "open sesame"  # noqa: S105 - a test's own key


class Person:
    """Answers questions from a list, and remembers them."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.asked: list[SecretQuestion] = []

    def __call__(self, question: SecretQuestion) -> str | None:
        """Answer the next question."""
        self.asked.append(question)
        return self.answers.pop(0) if self.answers else None


def locked_key(server: sshd.Sshd, directory: Path, kind: str = "ed25519") -> str:
    """Make a key with a passphrase and let it in."""
    path = directory / f"locked_{kind}"
    sshd.make_key(path, "-t", kind, "-N", PASSPHRASE)
    with (server.directory / "authorized_keys").open("a") as allowed:
        allowed.write(path.with_suffix(".pub").read_text())
    return str(path)


@contextlib.contextmanager
def agent(directory: Path) -> Iterator[dict[str, str]]:
    """Run an ssh-agent; yield its environment."""
    path = directory / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    try:
        while not path.exists() and process.poll() is None:
            threading.Event().wait(0.01)
        yield {**os.environ, "SSH_AUTH_SOCK": str(path)}
    finally:
        process.kill()
        process.wait()


def test_unknown_host_key_is_refused(server: sshd.Sshd, tmp_path: Path):
    """A host that no file knows is refused; the message has the fingerprint and how to add it."""
    shell = ssh_shell(server, tmp_path, known_hosts=(str(tmp_path / "nothing"),))
    with pytest.raises(Denied, match="no known_hosts file knows its host key ssh-ed25519 SHA256:") as refusal:
        shell.open()
    assert "ssh-keyscan" in refusal.value.remedy


def test_wrong_host_key_is_refused(server: sshd.Sshd, tmp_path: Path):
    """A host that shows another key than the file knows is refused, with file and line; nothing runs there."""
    sshd.make_key(tmp_path / "other")
    other = (tmp_path / "other.pub").read_text().split()
    wrong = tmp_path / "wrong"
    wrong.write_text(f"# remark\n[127.0.0.1]:{server.port} {other[0]} {other[1]}\n")
    shell = ssh_shell(server, tmp_path, known_hosts=(str(wrong),))
    with pytest.raises(Denied, match=f"{wrong}:2 knows"):
        shell.run(f"touch {tmp_path}/ran", timeout_s=20)
    assert not (tmp_path / "ran").exists()


def test_known_key_of_another_kind_is_asked_for(tmp_path: Path):
    """A server with two keys shows the one that the file knows."""
    if sshd.PROGRAM is None:
        pytest.skip(sshd.MISSING)
    sshd.make_key(tmp_path / "rsa", "-t", "rsa", "-N", "")
    with sshd.running_sshd(tmp_path / "sshd", f"HostKey {tmp_path}/rsa") as server:
        known = (tmp_path / "rsa.pub").read_text().split()
        (tmp_path / "known").write_text(f"[127.0.0.1]:{server.port} {known[0]} {known[1]}\n")
        shell = ssh_shell(server, tmp_path, known_hosts=(str(tmp_path / "known"),))
        assert shell.run("echo in", timeout_s=20).stdout == b"in\n"
        shell.close()


def test_refused_key_says_what_was_tried(server: sshd.Sshd, tmp_path: Path):
    """A login with a key that is not let in names the keys tried and where to look."""
    sshd.make_key(tmp_path / "stranger")
    shell = ssh_shell(server, tmp_path, keys=(str(tmp_path / "stranger"),))
    with pytest.raises(Denied, match=f"tried: {tmp_path}/stranger") as refusal:
        shell.open()
    assert "authorized_keys" in refusal.value.remedy


def test_no_key_at_all(server: sshd.Sshd, tmp_path: Path):
    """A login without any key says that none was found."""
    with pytest.raises(Denied, match="none found"):
        ssh_shell(server, tmp_path, keys=(str(tmp_path / "nowhere"),)).open()


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_passphrase_is_asked_once_for_all_hosts(server: sshd.Sshd, tmp_path: Path, kind: str):
    """A key's passphrase is asked once, though several connections need it at the same time."""
    person = Person(PASSPHRASE)
    key = locked_key(server, tmp_path, kind)
    access = server.access(keys=(key,))
    keeper = SecretKeeper(person)
    routes = Routes(access, keeper)
    shells = [host_shell(server.host(f"host{n}"), access, keeper, routes) for n in range(4)]
    threads = [threading.Thread(target=shell.open) for shell in shells]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [shell.run("echo in", timeout_s=20).stdout for shell in shells] == [b"in\n"] * 4
    assert person.asked == [SecretQuestion(SecretKind.KEY_PASSPHRASE, key)]
    for shell in shells:
        shell.close()


def test_wrong_passphrase_is_asked_again(server: sshd.Sshd, tmp_path: Path):
    """A passphrase that does not open the key is forgotten and asked again; no answer is an error that says so."""
    person = Person("wrong", PASSPHRASE)
    access = server.access(keys=(locked_key(server, tmp_path),))
    keeper = SecretKeeper(person)
    shell = host_shell(server.host(), access, keeper, Routes(access, keeper))
    shell.open()
    shell.close()
    assert len(person.asked) == 2
    silent = SecretKeeper()
    with pytest.raises(Denied, match="needs a passphrase and none was given"):
        host_shell(server.host(), access, silent, Routes(access, silent)).open()


def test_agent_key(server: sshd.Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A key that only the agent holds lets us in; with IdentitiesOnly it must belong to a named file."""
    with agent(tmp_path) as environment:
        subprocess.run(["ssh-add", "-q", str(server.key)], env=environment, check=True)
        monkeypatch.setenv("SSH_AUTH_SOCK", environment["SSH_AUTH_SOCK"])
        shell = ssh_shell(server, tmp_path, keys=(str(tmp_path / "nowhere"),), use_agent=True)
        assert shell.run("echo in", timeout_s=20).stdout == b"in\n"
        shell.close()
        config = tmp_path / "config"
        config.write_text("Host *\n  IdentitiesOnly yes\n")
        strict = {"use_agent": True, "config_file": str(config)}
        with pytest.raises(Denied):
            ssh_shell(server, tmp_path, keys=(str(tmp_path / "nowhere"),), **strict).open()
        shutil.copy(f"{server.key}.pub", tmp_path / "named.pub")
        named = ssh_shell(server, tmp_path, keys=(str(tmp_path / "named"),), **strict)
        named.open()
        named.close()


def test_too_many_keys_say_what_to_do(tmp_path: Path):
    """A host that hangs up after so many keys is Denied with the way out."""
    if sshd.PROGRAM is None:
        pytest.skip(sshd.MISSING)
    with sshd.running_sshd(tmp_path / "sshd", "MaxAuthTries 2") as server:
        for name in ("a", "b", "c"):
            sshd.make_key(tmp_path / name)
        keys = tuple(str(tmp_path / name) for name in ("a", "b", "c"))
        with pytest.raises(Denied, match="hung up during the login") as refusal:
            ssh_shell(server, tmp_path, keys=(*keys, str(server.key))).open()
        assert "MaxAuthTries" in refusal.value.remedy


def test_password_only_host(tmp_path: Path):
    """A host that takes no keys is Denied with what it asks for."""
    if sshd.PROGRAM is None:
        pytest.skip(sshd.MISSING)
    with (
        sshd.running_sshd(tmp_path / "sshd", "PubkeyAuthentication no", "PasswordAuthentication yes") as server,
        pytest.raises(Denied, match="asks for password"),
    ):
        ssh_shell(server, tmp_path).open()


def test_jump_host_is_shared(server: sshd.Sshd, tmp_path: Path):
    """Hosts behind one jump host share the connection to it; a jump host that refuses the way says so."""
    with sshd.running_sshd(tmp_path / "jump") as jump:
        shutil.copy(server.directory / "authorized_keys", jump.directory / "authorized_keys")
        both = tmp_path / "both"
        both.write_text(server.known_hosts.read_text() + jump.known_hosts.read_text())
        config = tmp_path / "config"
        hop = f"{server.access().user}@localhost:{jump.port}"
        config.write_text(f"Host 127.0.0.1\n  ProxyJump {hop}\nHost localhost\n  HostKeyAlias 127.0.0.1\n")
        access = server.access(known_hosts=(str(both),), config_file=str(config))
        keeper = SecretKeeper()
        routes = Routes(access, keeper)
        shells = [host_shell(server.host(f"host{n}"), access, keeper, routes) for n in range(3)]
        assert [shell.run("echo in", timeout_s=20).stdout for shell in shells] == [b"in\n"] * 3
        assert len(jump.sessions()) == 1
        for shell in shells:
            shell.close()
        behind = host_shell(Host(name="gone", address="127.0.0.1", port=1), access, keeper, routes)
        with pytest.raises(ConnectFailed, match="cannot be reached through"):
            behind.open()
        routes.close()


def test_proxy_command(server: sshd.Sshd, tmp_path: Path):
    """A ProxyCommand carries the connection; one that ends at once is a failed connection, not a hang."""
    relay = tmp_path / "relay.py"
    relay.write_text(RELAY)
    config = tmp_path / "config"
    config.write_text(f"Host *\n  ProxyCommand python3 {relay} %h %p\n")
    shell = ssh_shell(server, tmp_path, config_file=str(config))
    assert shell.run("echo in", timeout_s=20).stdout == b"in\n"
    shell.close()
    config.write_text("Host *\n  ProxyCommand false\n")
    with pytest.raises((ConnectFailed, TimedOut)):
        ssh_shell(server, tmp_path, config_file=str(config)).open()


RELAY = """
import socket, sys, threading, os
far = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def up():
    while piece := os.read(0, 65536):
        far.sendall(piece)
    far.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
while piece := far.recv(65536):
    os.write(1, piece)
"""
