"""Passphrases and passwords are asked once and stay in memory."""

import resource
from collections.abc import Iterator

import pytest

from haops.connectors.secrets import SecretKeeper, SecretKind, SecretQuestion

QUESTION = SecretQuestion(SecretKind.SUDO_PASSWORD, "ops@cp1")


@pytest.fixture
def cores() -> Iterator[None]:
    """Let this process write core files as long as the test lasts."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    if before[1] == 0:
        pytest.skip("this machine allows no core files")
    resource.setrlimit(resource.RLIMIT_CORE, (4096, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, before)


@pytest.mark.usefixtures("cores")
def test_a_process_that_holds_a_secret_leaves_no_core_file() -> None:
    """A crash writes memory to disk; once a secret is in it, it must not."""
    keeper = SecretKeeper(lambda _question: "hunter2")
    assert resource.getrlimit(resource.RLIMIT_CORE)[0] > 0
    assert keeper.answer(QUESTION) == "hunter2"
    assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0


def test_who_is_asked_again_is_told_that_the_last_answer_was_refused() -> None:
    """Else a second question looks like another key's, and a mistyped passphrase like a wrong one."""
    asked: list[bool] = []

    def prompt(question: SecretQuestion) -> str:
        asked.append(question.was_refused)
        return "hunter2"

    keeper = SecretKeeper(prompt)
    for _ in range(2):
        keeper.forget(QUESTION, keeper.answer(QUESTION) or "")
    keeper.answer(QUESTION)
    assert asked == [False, True, True]
