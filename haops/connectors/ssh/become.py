"""Becoming root on a host: nothing, sudo without a question, or sudo with the operator's password.

Owns the talk with sudo. The password goes to sudo's input when sudo asks; nothing else goes there before the program
behind it has said that it runs. Must never put a password into a command line.
"""

import shlex

from haops.connectors.detached.link import Conversation, Deadline
from haops.connectors.detached.talk import spoken
from haops.connectors.secrets import SecretKeeper, SecretKind, SecretQuestion
from haops.core.inventory import Become
from haops.errors import ConnectFailed, Denied

_PROMPT = "haops-asks-for-the-password"
_READY = "haops-is-past-sudo"
# sudo may print a lecture or a banner first: only this word says that the program runs.
_PAST = f'echo {_READY}; exec "$@"'
_TICK_S = 0.5
_REMEMBERED_BYTES = 4096
"""Of what was said before: enough for sudo's words, whatever a host floods us with."""


def as_root(command: str, become: Become) -> str:
    """Return the command line that runs a program as the inventory says, in place of the login shell."""
    if become is Become.SUDO:
        # -n: without it sudo would wait for a password that nobody types.
        return f"exec sudo -n -- {command}"
    if become is Become.SUDO_PASSWORD:
        return f"exec sudo -S -p {_PROMPT} -- sh -c {shlex.quote(_PAST)} haops {command}"
    return f"exec {command}"


class SudoGate:
    """Gets conversations past sudo's question, for one login user of one host."""

    def __init__(self, user: str, secrets: SecretKeeper, *, where: str) -> None:
        self._question = SecretQuestion(SecretKind.SUDO_PASSWORD, user)
        self._secrets = secrets
        self._where = where

    def prepare(self) -> None:
        """Ask the operator now, so that no later deadline runs while a person types."""
        self._password()

    def pass_through(self, conversation: Conversation, deadline: Deadline) -> None:
        """Answer sudo; return when the program behind it runs. Denied and ConnectFailed: nothing was started."""
        heard = said = b""
        answered = ""
        while f"{_READY}\n".encode() not in heard:
            if deadline.passed:
                raise ConnectFailed("sudo did not let us through in time", where=self._where)
            pieces = conversation.read(min(_TICK_S, deadline.remaining_s()))
            if pieces is None:
                raise self._refused(said, answered)
            heard, said = heard[-_REMEMBERED_BYTES:] + pieces[0], said[-_REMEMBERED_BYTES:] + pieces[1]
            if _PROMPT.encode() in said:
                # Asked once more: the password was wrong. A second guess could lock the account.
                if answered:
                    raise self._refused(said, answered)
                answered, said = self._password(), b""
                conversation.send(f"{answered}\n".encode(), deadline)

    def _password(self) -> str:
        password = self._secrets.answer(self._question)
        if password is None:
            raise Denied("sudo needs a password and none was given", where=self._where)
        return password

    def _refused(self, said: bytes, answered: str) -> Denied:
        if answered:
            self._secrets.forget(self._question, answered)
        reason = spoken(said.replace(_PROMPT.encode(), b"")) or "the password is wrong"
        return Denied(
            f"sudo refused: {reason}", where=self._where, remedy="give the password again, or check sudoers there"
        )
