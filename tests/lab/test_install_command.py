"""`haops lab install` as it is typed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from haops.cli.lab_install import install_command
from haops.errors import InputError
from haops.lab.catalogue import FLAVOUR_PROGRAMS


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elf: Callable[..., bytes]) -> Path:
    """A directory with etcd's programs, and an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    directory = tmp_path / "programs"
    directory.mkdir()
    for name in FLAVOUR_PROGRAMS["etcd"]:
        (directory / name).write_bytes(elf(f"{name} version: 3.6.1"))
    return directory


def arguments(directory: Path, *more: str) -> list[str]:
    """Return a command line that installs etcd's programs from the directory."""
    return ["--flavour", "etcd", "--from", str(directory), "--etcd-version", "v3.6.1", *more]


def test_json_has_every_program_with_its_place_and_checksum(directory: Path) -> None:
    """--json prints one object and nothing else."""
    result = CliRunner().invoke(install_command, arguments(directory, "--json"), catch_exceptions=False)
    programs = json.loads(result.output)["programs"]
    assert [program["name"] for program in programs] == ["etcd", "etcdctl", "etcdutl"]
    assert {program["version"] for program in programs} == {"3.6.1"}
    assert all(Path(program["path"]).is_file() and len(program["sha256"]) == 64 for program in programs)


def test_one_line_per_program_tells_seconds_size_and_origin(directory: Path) -> None:
    """Progress goes to standard error, one line for each program; the result goes to standard output."""
    result = CliRunner().invoke(install_command, arguments(directory), catch_exceptions=False)
    told = result.stderr.splitlines()
    assert [line.split()[0] for line in told] == ["etcd", "etcdctl", "etcdutl"]
    assert all(" s " in line and " MB " in line and str(directory) in line for line in told)
    assert [line.split()[:2] for line in result.stdout.splitlines()] == [
        ["etcd", "3.6.1"],
        ["etcdctl", "3.6.1"],
        ["etcdutl", "3.6.1"],
    ]


def test_second_run_says_what_is_there_and_does_nothing(directory: Path) -> None:
    """Installing twice is no error and no work."""
    CliRunner().invoke(install_command, arguments(directory), catch_exceptions=False)
    result = CliRunner().invoke(install_command, arguments(directory / "gone"), catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert len(result.stdout.splitlines()) == 3


def test_sources_exclude_each_other(directory: Path) -> None:
    """Two sources at once are refused before anything begins."""
    result = CliRunner().invoke(install_command, arguments(directory, "--build"))
    assert result.exit_code == 2
    assert "exclude each other" in result.output


def test_mistyped_version_is_an_input_error(directory: Path) -> None:
    """A version that is none is refused before anything is fetched."""
    result = CliRunner().invoke(install_command, arguments(directory, "--kubernetes-version", "1.36"))
    assert isinstance(result.exception, InputError)
