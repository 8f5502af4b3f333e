"""Unit files are read as systemd reads them, as far as control-plane services need it."""

import pytest

from haops.lab.agent.unit_file import UnitFile, parse_environment_file, parse_unit

ETCD = """\
[Unit]
Description=etcd
# a comment
[Service]
Type=notify
Environment=A=1 "B=two words"
Environment=C=3
ExecStart=/usr/local/bin/etcd \\
  --name ${NAME} \\
  # a comment in the middle
  --data-dir=/var/lib/etcd
Restart=on-failure
RestartSec=1min 30s
[Install]
WantedBy=multi-user.target
"""


def unit(*texts: str) -> UnitFile:
    """Parse a unit and its drop-ins."""
    return parse_unit("etcd.service", [(f"/{number}.conf", text) for number, text in enumerate(texts)])


def test_lines_continue_and_variables_are_put_in() -> None:
    """A backslash joins lines, comments between them are left out, and ${NAME} becomes its value."""
    expected = ["/usr/local/bin/etcd", "--name", "cp1", "--data-dir=/var/lib/etcd"]
    assert unit(ETCD).commands("ExecStart", {"NAME": "cp1"}) == [expected]


def test_a_drop_in_replaces_the_command() -> None:
    """An empty ExecStart in a drop-in forgets the one before it."""
    changed = unit(ETCD, "[Service]\nExecStart=\nExecStart=/bin/true --force-new-cluster\n")
    assert changed.commands("ExecStart", {}) == [["/bin/true", "--force-new-cluster"]]
    assert changed.value("Restart") == "on-failure"


def test_a_drop_in_without_reset_adds_a_command() -> None:
    """ExecStart given twice without a reset is two commands, which is how a forgotten reset shows."""
    assert len(unit(ETCD, "[Service]\nExecStart=/bin/true\n").commands("ExecStart", {})) == 2


def test_later_settings_win() -> None:
    """Of a setting given twice the last one counts."""
    assert unit(ETCD, "[Service]\nRestart=always\n").value("Restart") == "always"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5", 5.0), ("100ms", 0.1), ("1min 30s", 90.0), ("2h", 7200.0), ("", 7.0), ("1.5s", 1.5)],
)
def test_time_spans(text: str, seconds: float) -> None:
    """Time spans are read in systemd's notation; without one the default counts."""
    assert unit(f"[Service]\nRestartSec={text}\n").duration_s("RestartSec", 7.0) == seconds


@pytest.mark.parametrize("text", ["infinity", "0"])
def test_endless_timeouts(text: str) -> None:
    """A timeout of zero or infinity never comes."""
    assert unit(f"[Service]\nTimeoutStartSec={text}\n").duration_s("TimeoutStartSec", 90.0) == float("inf")


def test_the_environment_keeps_quoted_words() -> None:
    """Environment takes several assignments, quoted ones with spaces, on several lines."""
    assert unit(ETCD).environment == {"A": "1", "B": "two words", "C": "3"}


def test_unbraced_variables_are_split() -> None:
    """$ARGS as a word of its own becomes as many words as it has; ${ARGS} stays one."""
    command = unit("[Service]\nExecStart=-/bin/x $ARGS ${ARGS} $NONE\n").commands("ExecStart", {"ARGS": "a b"})
    assert command == [["/bin/x", "a", "b", "a b"]]


def test_environment_files() -> None:
    """An environment file gives variables, comments left out and quotes removed."""
    assert parse_environment_file('# note\nA=1\nB="x y"\n\n;C=3\n') == {"A": "1", "B": "x y"}
