import hashlib
import http.server
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from haops.errors import (
    ConnectFailed,
    ConnectionLost,
    EnvironmentLacks,
    HaopsError,
    LabError,
    ProgramMissing,
    RemoteFailed,
)
from haops.lab.architecture import architecture
from haops.lab.catalogue import FLAVOUR_PROGRAMS, Origin
from haops.lab.install.build import Build
from haops.lab.install.progress import Silent
from haops.lab.install.run import install
from haops.lab.install.sources import Directory, Releases
from haops.lab.install.toolchain import Toolchain, go_version
from haops.lab.program_cache import CachedProgram, ProgramCache

VERSIONS = {Origin.KUBERNETES: "1.36.3", Origin.ETCD: "3.6.16"}
ETCD_FAMILY = FLAVOUR_PROGRAMS["etcd"]
SCHEDULER = f"/release/v1.36.3/bin/linux/{architecture()}/kube-scheduler"
ARCHIVE = f"/v3.6.16/etcd-v3.6.16-linux-{architecture()}.tar.gz"


class ReleaseServer:
    """A real HTTP server on loopback with a release's files; `cut_after` cuts the next answers so many bytes in."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cut_after: dict[str, list[int]] = {}
        self.ranges: list[tuple[str, str | None]] = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._requests())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def publish(self, path: str, content: bytes) -> None:
        """Serve a file, with its checksum beside it or in the list of its directory."""
        self.files[path] = content
        sha256 = hashlib.sha256(content).hexdigest()
        self.files[f"{path}.sha256"] = sha256.encode()
        self.files[f"{path.rpartition('/')[0]}/SHA256SUMS"] = f"{sha256}  {path.rpartition('/')[2]}\n".encode()

    def _requests(release: "ReleaseServer") -> type[http.server.BaseHTTPRequestHandler]:  # noqa: N805 - two selves
        class Requests(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = release.files.get(self.path)
                asked = self.headers.get("Range")
                release.ranges.append((self.path, asked))
                if content is None:
                    self.send_error(404)
                    return
                first = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
                if asked and first >= len(content):
                    self.send_error(416)
                    return
                self.send_response(206 if asked else 200)
                self.send_header("Content-Length", str(len(content) - first))
                self.end_headers()
                cuts = release.cut_after.get(self.path, [])
                self.wfile.write(content[first : first + cuts.pop(0)] if cuts else content[first:])

            def log_message(self, *_arguments: object) -> None:
                """Keep the test's output clean."""

        return Requests


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReleaseServer]:
    """A release server that no proxy of this machine stands before."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = ReleaseServer()
    yield server
    server.close()


@pytest.fixture
def cache(tmp_path: Path) -> ProgramCache:
    """An empty cache."""
    return ProgramCache(tmp_path / "cache")


Get = Callable[..., list[CachedProgram]]


@pytest.fixture
def get(server: ReleaseServer, cache: ProgramCache) -> Get:
    """Return a function that installs programs from the release server."""
    return lambda *names: install(
        names, lambda: Releases(cache.programs / ".partial", server.url), Silent(), versions=VERSIONS, cache=cache
    )


def visible(cache: ProgramCache) -> list[str]:
    """Return everything that lies in the cache under a program's name."""
    return sorted(path.name for path in cache.programs.iterdir() if not path.name.startswith("."))


def scheduler(elf: Callable[..., bytes], padding: int = 0) -> bytes:
    """Return a program that is kube-scheduler 1.36.3 as far as anyone can tell."""
    return elf("Kubernetes v1.36.3") + bytes(padding)


def test_program_is_complete_and_its_record_says_where_it_came_from(
    server: ReleaseServer, cache: ProgramCache, get: Get, elf: Callable[..., bytes]
) -> None:
    """A downloaded program runs, and the JSON beside it has its version, SHA-256 and address."""
    server.publish(SCHEDULER, scheduler(elf))
    (program,) = get("kube-scheduler")
    assert program.path.read_bytes() == scheduler(elf)
    assert os.access(program.path, os.X_OK)
    record = json.loads(program.path.with_name("kube-scheduler.json").read_text())
    assert record["sha256"] == hashlib.sha256(scheduler(elf)).hexdigest()
    assert record["version"] == "1.36.3"
    assert server.url in record["got"]
    assert visible(cache) == ["kube-scheduler-1.36.3"]


def test_second_run_fetches_nothing(server: ReleaseServer, get: Get, elf: Callable[..., bytes]) -> None:
    """What is in the cache already is not fetched again."""
    server.publish(SCHEDULER, scheduler(elf))
    get("kube-scheduler")
    asked = len(server.ranges)
    assert [program.record.version for program in get("kube-scheduler")] == ["1.36.3"]
    assert len(server.ranges) == asked


def test_etcd_programs_come_out_of_one_archive(server: ReleaseServer, get: Get, elf: Callable[..., bytes]) -> None:
    """The archive of an etcd release is downloaded once, its checksum taken from the published list."""
    server.publish(ARCHIVE, archive_of(elf, "3.6.16"))
    assert {program.record.name for program in get(*ETCD_FAMILY)} == set(ETCD_FAMILY)
    assert [path for path, _ in server.ranges].count(ARCHIVE) == 1


def archive_of(elf: Callable[..., bytes], version: str) -> bytes:
    """Return an etcd release archive."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as archive:
        for name in ETCD_FAMILY:
            content = elf(f"{name} version: {version}")
            member = tarfile.TarInfo(f"etcd-v{version}-linux/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return written.getvalue()


def test_wrong_checksum_installs_nothing(
    server: ReleaseServer, cache: ProgramCache, get: Get, elf: Callable[..., bytes]
) -> None:
    """A file that is not what was published never appears, and is not continued later."""
    server.publish(SCHEDULER, scheduler(elf))
    server.files[SCHEDULER] = scheduler(elf, padding=7)
    with pytest.raises(RemoteFailed, match="the checksum does not match"):
        get("kube-scheduler")
    assert visible(cache) == []
    assert list((cache.programs / ".partial").iterdir()) == []


def test_cut_connection_is_taken_up_where_it_stopped(
    server: ReleaseServer, get: Get, elf: Callable[..., bytes]
) -> None:
    """A download that is cut twice goes on from the byte that it had, in the same run."""
    server.publish(SCHEDULER, scheduler(elf, padding=100_000))
    server.cut_after[SCHEDULER] = [1000, 2000]
    (program,) = get("kube-scheduler")
    assert program.record.sha256 == hashlib.sha256(server.files[SCHEDULER]).hexdigest()
    assert [asked for path, asked in server.ranges if path == SCHEDULER] == [None, "bytes=1000-", "bytes=3000-"]


def test_interrupted_install_goes_on_in_the_next_run(
    server: ReleaseServer, cache: ProgramCache, get: Get, elf: Callable[..., bytes]
) -> None:
    """After a run that gave up, the next one asks only for what is missing."""
    server.publish(SCHEDULER, scheduler(elf, padding=100_000))
    server.cut_after[SCHEDULER] = [5000, 0]
    with pytest.raises(ConnectionLost, match="cut after 5000 of"):
        get("kube-scheduler")
    assert visible(cache) == []
    server.ranges.clear()
    get("kube-scheduler")
    assert (SCHEDULER, "bytes=5000-") in server.ranges


def test_spoiled_part_of_an_earlier_run_is_thrown_away(
    server: ReleaseServer, cache: ProgramCache, get: Get, elf: Callable[..., bytes]
) -> None:
    """A part that does not lead to the published checksum is fetched once more from its first byte."""
    server.publish(SCHEDULER, scheduler(elf, padding=100))
    part = cache.programs / ".partial" / f"{hashlib.sha256(server.files[SCHEDULER]).hexdigest()}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * len(server.files[SCHEDULER]))
    (program,) = get("kube-scheduler")
    assert program.record.sha256 == hashlib.sha256(server.files[SCHEDULER]).hexdigest()


def test_release_that_does_not_exist_is_said(server: ReleaseServer, get: Get) -> None:
    """404 is one sentence with the address and the other ways."""
    with pytest.raises(RemoteFailed, match="404") as caught:
        get("kube-scheduler")
    assert server.url in caught.value.where
    assert "--mirror" in caught.value.remedy
    assert "--build" in caught.value.remedy


def test_no_network_offers_the_other_ways(cache: ProgramCache, server: ReleaseServer) -> None:
    """A server that cannot be reached leads to --mirror, --build and --from."""
    server.close()
    source = Releases(cache.programs / ".partial", server.url)
    try:
        with pytest.raises(ConnectFailed, match="could not be reached") as caught:
            install(["kube-scheduler"], lambda: source, Silent(), versions=VERSIONS, cache=cache)
    finally:
        server.__init__()  # type: ignore[misc]  # so that the fixture can close it again
    assert all(way in caught.value.remedy for way in ("--build", "--mirror", "--from"))


def test_program_of_another_version_is_refused(
    server: ReleaseServer, cache: ProgramCache, get: Get, elf: Callable[..., bytes]
) -> None:
    """Whatever the file is called: it is run once, and must say the version that was asked for."""
    server.publish(SCHEDULER, elf("Kubernetes v1.29.0"))
    with pytest.raises(RemoteFailed, match=r"says that it is 1\.29\.0, 1\.36\.3 was asked for"):
        get("kube-scheduler")
    assert visible(cache) == []


def test_file_that_is_no_program_is_refused(server: ReleaseServer, cache: ProgramCache, get: Get) -> None:
    """A page of a captive portal is not a program, even with a matching checksum."""
    server.publish(SCHEDULER, b"<html>please log in</html>")
    with pytest.raises(RemoteFailed, match="not a Linux program"):
        get("kube-scheduler")
    assert visible(cache) == []


def test_programs_are_copied_from_a_directory(tmp_path: Path, cache: ProgramCache, elf: Callable[..., bytes]) -> None:
    """--from takes programs over without any network; one that is missing is named."""
    directory = tmp_path / "here"
    directory.mkdir()
    (directory / "etcd").write_bytes(elf("etcd Version: 3.6.16"))
    with pytest.raises(ProgramMissing, match=r"there is no etcdctl 3\.6\.16"):
        install(ETCD_FAMILY, lambda: Directory(directory), Silent(), versions=VERSIONS, cache=cache)
    assert visible(cache) == ["etcd-3.6.16"]


def test_program_whose_record_does_not_match_is_installed_again(
    server: ReleaseServer, cache: ProgramCache, get: Get, elf: Callable[..., bytes]
) -> None:
    """A cached file that was cut (a full disk, a copy that stopped) is replaced, not used."""
    server.publish(SCHEDULER, scheduler(elf))
    (program,) = get("kube-scheduler")
    program.path.write_bytes(b"cut")
    assert cache.find("kube-scheduler", "1.36.3") is None
    (program,) = get("kube-scheduler")
    assert program.path.read_bytes() == scheduler(elf)


def test_two_installs_at_once_are_told(cache: ProgramCache) -> None:
    """The second install says that another one is running and touches nothing."""
    with cache.locked(), pytest.raises(LabError, match="another install is running"), ProgramCache(cache.root).locked():
        pass


def test_what_a_killed_install_left_is_cleared(cache: ProgramCache) -> None:
    """Staging directories of an install that was killed go away with the next one."""
    (cache.programs / ".staging-dead").mkdir(parents=True)
    with cache.locked():
        assert not (cache.programs / ".staging-dead").exists()


@pytest.mark.slow
def test_full_disk_is_one_clear_error(tmp_path: Path, elf: Callable[..., bytes]) -> None:
    """On a disk that is too small the install says so, with what to do, and leaves no program behind."""
    if subprocess.run(["unshare", "-Urm", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine does not allow user namespaces")
    source = tmp_path / "source"
    source.mkdir()
    (source / "etcd").write_bytes(elf("etcd Version: 3.6.16") + bytes(400_000))
    (tmp_path / "small").mkdir()
    script = (
        f"import sys; sys.path.insert(0, {str(Path.cwd())!r})\n"
        "from pathlib import Path\n"
        "from haops.errors import HaopsError\n"
        "from haops.lab import program_cache as cache\nfrom haops.lab.install import progress, run, sources\n"
        "try:\n"
        f"    run.install(['etcd'], lambda: sources.Directory(Path({str(source)!r})), progress.Silent(),\n"
        f"                cache=cache.ProgramCache(Path({str(tmp_path / 'small')!r})))\n"
        "except HaopsError as error:\n"
        "    print(type(error).__name__, error)\n"
        f"print([p.name for p in Path({str(tmp_path / 'small')!r}).glob('programs/[!.]*')])\n"
    )
    mount = f'mount -t tmpfs -o size=256k tmpfs {tmp_path / "small"} && exec "$@"'
    command = ["unshare", "-Urm", "sh", "-c", mount, "sh", sys.executable, "-c", script]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.startswith("EnvironmentLacks")
    assert "the disk is full" in told
    assert told.endswith("[]\n")


def test_cache_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    """A cache below something that is not a directory is said in one sentence."""
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentLacks, match="XDG_CACHE_HOME"):
        install(["etcd"], lambda: Directory(tmp_path), Silent(), cache=ProgramCache(tmp_path / "file" / "cache"))


@pytest.mark.slow
@pytest.mark.timeout(900)  # with an empty Go cache on a small machine
def test_build_is_not_changed_by_the_callers_go_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build goes by the carried go.mod, whatever GOFLAGS, GOOS and GOWORK say outside."""
    command = shutil.which("go")
    if command is None or go_version(command) < (1, 26):
        pytest.skip("needs Go 1.26")
    monkeypatch.setenv("GOFLAGS", "-mod=vendor -tags=nonsense")
    monkeypatch.setenv("GOOS", "plan9")
    monkeypatch.setenv("GOWORK", "/nonexistent/go.work")
    try:
        (program,) = install(
            ["etcdctl"], lambda: Build(Toolchain(Path(command))), Silent(), cache=ProgramCache(tmp_path)
        )
    except HaopsError as error:
        if "dial tcp" in str(error):
            pytest.skip("no module proxy can be reached")
        raise
    assert program.record.version == "3.6.16"
