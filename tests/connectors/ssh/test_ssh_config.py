"""What of ssh_config and the inventory reaches a target: no network."""

import getpass
import subprocess
import sys
from pathlib import Path

import pytest

from haops.connectors.ssh.target import resolve, resolve_jump
from haops.core.inventory import Host, SshAccess
from haops.errors import InputError, InventoryError


def access(tmp_path: Path, text: str = "", **changes: object) -> SshAccess:
    """An inventory's access with a given ssh_config."""
    file = tmp_path / "config"
    file.write_text(text)
    return SshAccess(config_file=str(file), **changes)  # type: ignore[arg-type]


def test_config_fills_what_the_inventory_leaves_out(tmp_path: Path):
    """HostName, Port, User, IdentityFile, ProxyJump, UserKnownHostsFile and HostKeyAlias are honoured."""
    text = """
Host cp1
  HostName 10.0.0.11
  Port 2201
  User ops
  IdentityFile ~/keys/ops
  IdentitiesOnly yes
  ProxyJump jump
  UserKnownHostsFile /etc/known
  HostKeyAlias cluster-cp1
"""
    target = resolve(Host(name="a", address="192.0.2.1", ssh_name="cp1"), access(tmp_path, text))
    assert (target.address, target.port, target.user) == ("10.0.0.11", 2201, "ops")
    assert target.keys == (str(Path("~/keys/ops").expanduser()),)
    assert target.only_these_keys
    assert (target.proxy_jump, target.known_hosts, target.names) == ("jump", ("/etc/known",), ("cluster-cp1",))


def test_inventory_wins(tmp_path: Path):
    """What the inventory says for the host, then for all, goes before ssh_config."""
    text = "Host *\n  Port 2201\n  User ops\n  IdentityFile /k\n"
    everyone = access(tmp_path, text, user="all", keys=("/inventory",), known_hosts=("/known",), port=2300)
    target = resolve(Host(name="a", address="10.0.0.11"), everyone)
    assert (target.port, target.user, target.keys, target.known_hosts) == (2300, "all", ("/inventory",), ("/known",))
    own = resolve(Host(name="a", address="10.0.0.11", port=2400, user="own"), everyone)
    assert (own.port, own.user) == (2400, "own")


def test_usual_values(tmp_path: Path):
    """Without a word anywhere: own user, port 22, the address, the usual files."""
    target = resolve(Host(name="a", address="10.0.0.11"), access(tmp_path))
    assert (target.address, target.port, target.user) == ("10.0.0.11", 22, getpass.getuser())
    assert target.names == ("10.0.0.11", "a")
    assert any(path.endswith("/.ssh/known_hosts") for path in target.known_hosts)


def test_include_is_followed(tmp_path: Path):
    """Include, with patterns, is resolved, and one that includes itself is an error."""
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "one").write_text("Host cp1\n  User included\n")
    target = resolve(Host(name="cp1", address="cp1"), access(tmp_path, f"Include {tmp_path}/parts/*\n"))
    assert target.user == "included"
    with pytest.raises(InputError, match="includes itself"):
        resolve(Host(name="cp1", address="cp1"), access(tmp_path, f"Include {tmp_path}/config\n"))


def test_missing_config_is_an_error_only_if_named(tmp_path: Path):
    """A config file that the inventory names must be there."""
    with pytest.raises(InputError, match="cannot be read"):
        resolve(Host(name="a", address="a"), SshAccess(config_file=str(tmp_path / "nowhere")))


@pytest.mark.parametrize("name", ["-oProxyCommand=x", "a b", "a;b", "$(x)", "a'b", ""])
def test_names_that_a_shell_could_read_are_refused(tmp_path: Path, name: str):
    """Neither a host name nor a user name may hold what a shell would read otherwise, or look like an option."""
    with pytest.raises(InventoryError):
        resolve(Host(name="a", address=name), access(tmp_path))
    with pytest.raises(InventoryError):
        resolve(Host(name="a", address="a", user=name or "-"), access(tmp_path))


def test_what_is_typed_while_match_exec_runs_is_not_taken(tmp_path: Path):
    """The program has no way to the terminal: keys are the screen's, and one that waits for input does not wait."""
    config = tmp_path / "config"
    config.write_text('Match exec "cat; sleep 0.3"\n  User ops\n', encoding="utf-8")
    script = (
        "import sys\nfrom haops.connectors.ssh.config_file import look_up\n"
        f"print(look_up('cp1', {str(config)!r})['user'], sys.stdin.readline())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], input="y\n", capture_output=True, text=True, timeout=30, check=True
    )
    assert ran.stdout.split() == ["ops", "y"]


@pytest.mark.parametrize("name", ["address", "ssh_name"])
def test_a_name_never_reaches_the_shell_of_match_exec(tmp_path: Path, name: str):
    """ssh_config may run programs with the host's name in their command line; a name that is none stops before that."""
    text = 'Match exec "true %n %h"\n  User ops\n'
    hostile = {"address": "192.0.2.1", name: f"$(touch {tmp_path}/ran)"}
    with pytest.raises(InventoryError):
        resolve(Host(name="a", **hostile), access(tmp_path, text))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "text",
    [
        "Host *\n  Port many\n",
        "Host *\n  Port 0\n",
        "Host *\n  CanonicalizeHostname yes\n  CanonicalDomains x.invalid\n  CanonicalizeFallbackLocal no\n",
        "Match\n  User x\n",
        "Foo\n",
    ],
)
def test_a_mistake_in_the_config_is_one_clear_error(tmp_path: Path, text: str):
    """Whatever stands in ssh_config, what comes of it is an error that says where, never an accident."""
    with pytest.raises(InputError):
        resolve(Host(name="a", address="cp1"), access(tmp_path, text))


def test_a_home_that_does_not_exist_is_a_path_like_any_other(tmp_path: Path):
    """`~nobody` in ssh_config names a file that is not there; that is no reason to fail before anything is tried."""
    text = "Host *\n  IdentityFile ~no-such-user/id\n  UserKnownHostsFile ~no-such-user/known\n"
    assert resolve(Host(name="a", address="cp1"), access(tmp_path, text)).known_hosts == ("~no-such-user/known",)


@pytest.mark.parametrize(
    ("jump", "expected"),
    [
        ("hop", ("hop", 22)),
        ("ops@hop:2222", ("hop", 2222)),
        ("ops@10.0.0.1:2222", ("10.0.0.1", 2222)),
        ("[fd00::1]:2222", ("fd00::1", 2222)),
    ],
)
def test_jump_hops_are_read(tmp_path: Path, jump: str, expected: tuple[str, int]):
    """A ProxyJump hop may carry a user and a port; an IPv6 address stands in brackets."""
    target = resolve_jump(jump, access(tmp_path))
    assert (target.address, target.port) == expected
    assert target.user == ("ops" if "@" in jump else getpass.getuser())
