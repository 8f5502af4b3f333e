"""The private keys that may be shown to a host: from the agent, from files, with a passphrase asked for if need be.

Owns their order: agent keys that belong to a named file, the rest of the agent, files without passphrase, files with
one. Must never keep a passphrase other than in the keeper.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from paramiko.pkey import PublicBlob

from haops.connectors.secrets import SecretKeeper, SecretKind, SecretQuestion
from haops.connectors.ssh.target import Target

# As ssh asks for a passphrase.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A key and where it came from."""

    key: paramiko.PKey
    source: str


class KeyRing:
    """Finds candidates for a target; remembers what it could not use in `remarks`."""

    def __init__(self, secrets: SecretKeeper) -> None:
        self._secrets = secrets
        self._agent: paramiko.Agent | None = None
        self.remarks: list[str] = []

    def close(self) -> None:
        """Let the agent go; its keys cannot sign any more."""
        if self._agent is not None:
            self._agent.close()

    def candidates(self, target: Target) -> Iterator[Candidate]:
        """Yield keys in the order to try them. A passphrase is asked for only when everything before was refused."""
        yield from self._from_agent(target)
        locked: list[str] = []
        for path in target.keys:
            yield from self._from_file(path, locked)
        for path in locked:
            yield from self._unlocked(path)

    def _from_agent(self, target: Target) -> Iterator[Candidate]:
        if not target.use_agent:
            return
        try:
            self._agent = paramiko.Agent()
            held = self._agent.get_keys()
        except (paramiko.SSHException, OSError) as error:
            self.remarks.append(f"the agent does not answer ({error})")
            return
        # By their public halves, for which no passphrase is needed.
        named = _public_blobs(target.keys)
        # Servers count every offer (MaxAuthTries is 6): the keys that were named come first.
        for key in sorted(held, key=lambda key: key.asbytes() not in named):
            if not target.only_these_keys or key.asbytes() in named:
                yield Candidate(key, "agent")

    def _from_file(self, path: str, locked: list[str]) -> Iterator[Candidate]:
        if not Path(path).exists():
            return
        try:
            yield Candidate(paramiko.PKey.from_path(path), path)
        except (paramiko.PasswordRequiredException, TypeError):
            # cryptography says TypeError for an encrypted key without a passphrase.
            locked.append(path)
        except (OSError, ValueError, UnsupportedAlgorithm, paramiko.SSHException) as error:
            self.remarks.append(f"{path} cannot be used ({error})")

    def _unlocked(self, path: str) -> Iterator[Candidate]:
        question = SecretQuestion(SecretKind.KEY_PASSPHRASE, path)
        for _ in range(_TRIES):
            passphrase = self._secrets.answer(question)
            if passphrase is None:
                self.remarks.append(f"{path} needs a passphrase and none was given")
                return
            key = _unlock(path, passphrase)
            if key is not None:
                yield Candidate(key, path)
                return
            self._secrets.forget(question, passphrase)
        self.remarks.append(f"{path} does not open with the passphrase given")


def _unlock(path: str, passphrase: str) -> paramiko.PKey | None:
    try:
        # The stub says str; cryptography below it takes bytes only.
        return paramiko.PKey.from_path(path, passphrase.encode())  # type: ignore[arg-type]
    except (ValueError, TypeError, paramiko.SSHException):
        return None


def _public_blobs(paths: tuple[str, ...]) -> set[bytes]:
    blobs = set()
    for path in paths:
        try:
            blobs.add(PublicBlob.from_file(f"{path}.pub").key_blob)
        except (OSError, ValueError, IndexError):
            continue
    return blobs
