"""Shells of an inventory's hosts over SSH.

Owns how the parts of this package become one Shell. Must never keep anything itself.
"""

from haops.connectors.detached.shell import USUAL_DIRECTORY, ScriptShell
from haops.connectors.secrets import SecretKeeper
from haops.connectors.ssh.link import SshLink
from haops.connectors.ssh.routes import Routes
from haops.connectors.ssh.target import resolve
from haops.core.inventory import Host, SshAccess


def host_shell(
    host: Host, access: SshAccess, secrets: SecretKeeper, routes: Routes, *, attempts_directory: str = USUAL_DIRECTORY
) -> ScriptShell:
    """Return the shell of a host; it connects when it is first used. Raises InputError for a broken ssh_config."""
    target = resolve(host, access)
    link = SshLink(target, secrets, routes.stream_to)
    return ScriptShell(link, attempts_directory=attempts_directory)
