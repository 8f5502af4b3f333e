"""Passphrases and passwords that a person types, asked for once and kept in memory only.

Owns who is asked, and when again. Must never write a secret anywhere, nor show it in a repr.
"""

import resource
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum


class SecretKind(StrEnum):
    """What is asked for."""

    KEY_PASSPHRASE = "key passphrase"  # noqa: S105 - the name of a kind, not a passphrase
    SUDO_PASSWORD = "sudo password"  # noqa: S105 - the name of a kind, not a password


@dataclass(frozen=True, slots=True)
class SecretQuestion:
    """One question to the operator: the kind, whose it is (a key's path, or user@host), whether an answer was wrong."""

    kind: SecretKind
    subject: str
    was_refused: bool = False


SecretPrompt = Callable[[SecretQuestion], str | None]
"""Asks the operator, from any thread; None if nobody answers."""


def nobody(question: SecretQuestion) -> None:
    """Answer nothing: for uses without a person."""
    del question


class SecretKeeper:
    """Asks each question once, however many threads need the answer at the same time."""

    def __init__(self, prompt: SecretPrompt = nobody) -> None:
        self._prompt = prompt
        self._lock = threading.Lock()
        self._answers: dict[SecretQuestion, str] = {}
        self._refused: set[SecretQuestion] = set()

    def answer(self, question: SecretQuestion) -> str | None:
        """Return the kept answer, or ask for it."""
        # Held while a person types: who needs the same answer waits for it and does not ask again.
        with self._lock:
            if question not in self._answers:
                given = self._prompt(replace(question, was_refused=question in self._refused))
                if given is None:
                    return None
                _leave_no_core()
                self._answers[question] = given
            return self._answers[question]

    def forget(self, question: SecretQuestion, answer: str) -> None:
        """Drop an answer that was refused, unless it was already replaced."""
        with self._lock:
            if self._answers.get(question) == answer:
                del self._answers[question]
                self._refused.add(question)


def _leave_no_core() -> None:
    """From here on a crash of this process writes no core file: the secret would stand in it."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))
