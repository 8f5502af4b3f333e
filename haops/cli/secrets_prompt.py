"""Asking for a passphrase or a password on the terminal, without showing it. Must never keep what was typed."""

import getpass
import sys

from haops.connectors.secrets import SecretQuestion
from haops.core.text import visible


def ask_secret(question: SecretQuestion) -> str | None:
    """Ask once; None without a terminal, or when nothing is typed."""
    if not sys.stdin.isatty():
        return None
    try:
        return getpass.getpass(f"{question.kind.value} of {visible(question.subject)}: ") or None
    except EOFError:
        return None
