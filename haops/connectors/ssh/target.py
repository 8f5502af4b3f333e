"""Where and how one host is reached, put together from inventory and ssh_config.

Owns the precedence: what the inventory says for the host, what it says for all, ssh_config, the usual. Must never
connect.
"""

import getpass
import os
import re
from dataclasses import dataclass, replace

import paramiko

from haops.connectors.ssh.config_file import look_up
from haops.core.inventory import Become, Host, SshAccess
from haops.errors import InventoryError

USUAL_PORT = 22
_USUAL_KNOWN_HOSTS = (
    "~/.ssh/known_hosts",
    "~/.ssh/known_hosts2",
    "/etc/ssh/ssh_known_hosts",
    "/etc/ssh/ssh_known_hosts2",
)
_USUAL_KEYS = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")
# Both end up in command lines of ProxyCommand: nothing that a shell could read otherwise.
_HOST_NAME = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9._:%-]{0,254}\Z")
_USER_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@-]{0,63}\Z")
_PORT = re.compile(r"[1-9][0-9]{0,4}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One host as SSH needs it. `names` are all under which known_hosts files may keep it; paths are expanded."""

    name: str
    address: str
    port: int
    user: str
    names: tuple[str, ...]
    keys: tuple[str, ...]
    known_hosts: tuple[str, ...]
    use_agent: bool
    only_these_keys: bool
    become: Become
    connect_timeout_s: float
    proxy_jump: str = ""
    proxy_command: str = ""

    @property
    def place(self) -> str:
        """What to call it in messages."""
        return f"{self.name} ({self.user}@{self.address}:{self.port})"


def resolve(host: Host, access: SshAccess) -> Target:
    """Put one host's target together. Raises InventoryError for a name that no host or user can have."""
    alias = host.ssh_name or host.address
    # Before ssh_config sees it: a `Match exec` there puts it into a command line.
    _check(alias, _HOST_NAME, "host name", host)
    found = look_up(alias, access.config_file)
    target = _target(host, access, found)
    if not target.proxy_command:
        return target
    # %h, %p and %r in it stand for what was decided here, not for what ssh_config alone would say.
    decided = f"Host *\n  HostName {target.address}\n  Port {target.port}\n  User {target.user}\n"
    expanded = look_up(alias, access.config_file, before=decided)
    return replace(target, proxy_command=_unless_none(expanded.get("proxycommand")))


def resolve_jump(jump: str, access: SshAccess) -> Target:
    """Put together the target of one ProxyJump hop, "[user@]host[:port]". Its programs run as the login user."""
    user, _, place = jump.rpartition("@")
    name, port = _split_port(place)
    host = Host(name=name, address=name, ssh_name=name, port=port, user=user or None)
    # What the inventory says for all is about the cluster's hosts, not about the way to them.
    bare = SshAccess(
        keys=access.keys,
        known_hosts=access.known_hosts,
        config_file=access.config_file,
        use_agent=access.use_agent,
        connect_timeout_s=access.connect_timeout_s,
    )
    return resolve(host, bare)


def _split_port(place: str) -> tuple[str, int | None]:
    name, colon, port = place.rpartition(":")
    # An IPv6 address has colons of its own: behind them only brackets tell a port.
    if not colon or not port.isdigit() or (":" in name and not name.endswith("]")):
        return place.strip("[]"), None
    return name.strip("[]"), int(port)


def _target(host: Host, access: SshAccess, found: paramiko.SSHConfigDict) -> Target:
    named = found.get("hostname", "")
    address = host.address if named in ("", host.ssh_name) else named
    user = host.user or access.user or found.get("user") or getpass.getuser()
    _check(address, _HOST_NAME, "host name", host)
    _check(user, _USER_NAME, "user name", host)
    return Target(
        name=host.name,
        address=address,
        port=_port(host, access, found),
        user=user,
        names=_names(host, address, found),
        keys=_expand(access.keys or tuple(found.get("identityfile", ())) or _USUAL_KEYS),
        known_hosts=_expand(access.known_hosts or _known_hosts(found)),
        use_agent=access.use_agent,
        only_these_keys=found.get("identitiesonly", "no") == "yes",
        become=access.become,
        connect_timeout_s=access.connect_timeout_s,
        proxy_jump=_unless_none(found.get("proxyjump", "")),
        proxy_command=_unless_none(found.get("proxycommand", "")),
    )


def _port(host: Host, access: SshAccess, found: paramiko.SSHConfigDict) -> int:
    if host.port is not None:
        return host.port
    # 22 may only be the inventory's default: then ssh_config has the word.
    if access.port != USUAL_PORT or "port" not in found:
        return access.port
    _check(found["port"], _PORT, "port", host)
    return int(found["port"])


def _names(host: Host, address: str, found: paramiko.SSHConfigDict) -> tuple[str, ...]:
    alias = found.get("hostkeyalias")
    # Then the alias alone counts, as for ssh: the address may be another machine's by tomorrow.
    if alias:
        return (alias,)
    return tuple(dict.fromkeys(name for name in (address, host.ssh_name, host.address, host.name) if name))


def _known_hosts(found: paramiko.SSHConfigDict) -> tuple[str, ...]:
    named = " ".join((found.get("userknownhostsfile", ""), found.get("globalknownhostsfile", ""))).split()
    return tuple(named) or _USUAL_KNOWN_HOSTS


def _expand(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(os.path.expanduser(path) for path in paths)  # noqa: PTH111 - pathlib's raises for a user that is not there


def _unless_none(value: str | None) -> str:
    return "" if value is None or value.lower() == "none" else value


def _check(value: str, pattern: re.Pattern[str], what: str, host: Host) -> None:
    if not pattern.match(value):
        raise InventoryError(
            f"{value!r} cannot be a {what}", where=host.name, remedy="correct the inventory or ssh_config"
        )
