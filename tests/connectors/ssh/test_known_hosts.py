"""Reading known_hosts files and judging keys: no network."""

import base64
import hmac
import struct
from pathlib import Path

import pytest

from haops.connectors.ssh.host_keys import check_host_key, keys_of, preferred_algorithms
from haops.connectors.ssh.known_hosts import KnownKey, fingerprint, host_label, load_known_keys
from haops.errors import Denied

KIND = "ssh-ed25519"


def blob(text: bytes = b"one", kind: str = KIND) -> bytes:
    """A key on the wire, as far as the reader looks."""
    return struct.pack(">I", len(kind)) + kind.encode() + struct.pack(">I", len(text)) + text


def line(names: str, content: bytes | None = None, kind: str = KIND) -> str:
    """A line of known_hosts."""
    return f"{names} {kind} {base64.b64encode(content or blob(kind=kind)).decode()} comment"


def known(tmp_path: Path, *lines: str):
    """The keys that a file of these lines knows."""
    file = tmp_path / "known_hosts"
    file.write_text("\n".join(lines) + "\n")
    return load_known_keys([str(file)])


def check(keys: tuple[KnownKey, ...], content: bytes, names: tuple[str, ...] = ("cp1",), port: int = 22) -> None:
    """Judge a key."""
    check_host_key(keys_of(keys, names, port), KIND, content, where="cp1", files=("known_hosts",))


@pytest.mark.parametrize(
    "broken", ["cp1", "cp1 ssh-ed25519", "cp1 ssh-ed25519 !!!!", "@strange cp1 ssh-ed25519 AAAA", "\x00\xff"]
)
def test_damaged_lines_cost_only_themselves(tmp_path: Path, broken: str):
    """A line that cannot be read leaves the others usable."""
    check(known(tmp_path, broken, "# remark", "", line("@cert-authority *"), line("cp1")), blob())


def test_hashed_names_are_found(tmp_path: Path):
    """Hashed host names are recognised, and only the right one."""
    salt = b"0123456789abcdefghij"
    digest = base64.b64encode(hmac.new(salt, b"cp1", "sha1").digest()).decode()
    keys = known(tmp_path, line(f"|1|{base64.b64encode(salt).decode()}|{digest}"))
    check(keys, blob())
    with pytest.raises(Denied, match="no known_hosts file knows"):
        check(keys, blob(), ("cp2",))


def test_patterns_negations_and_ports(tmp_path: Path):
    """Stars, negations and ports in brackets mean what they mean to OpenSSH."""
    keys = known(tmp_path, line("*.example.com,!bad.example.com"), line("[cp1]:2222", blob(b"other")))
    check(keys, blob(), ("good.example.com",))
    check(keys, blob(b"other"), port=2222)
    for names, port in ((("bad.example.com",), 22), (("cp1",), 22), (("good.example.com",), 2222)):
        with pytest.raises(Denied, match="no known_hosts file knows"):
            check(keys, blob(), names, port)


def test_another_key_is_refused_with_its_place(tmp_path: Path):
    """A changed key names the file and line that know another one, both fingerprints, and what to do."""
    keys = known(tmp_path, "# remark", line("cp1"))
    with pytest.raises(Denied, match="known_hosts:2 knows") as refusal:
        check(keys, blob(b"changed"))
    assert fingerprint(blob(b"changed")) in str(refusal.value)
    assert fingerprint(blob()) in str(refusal.value)
    assert "known_hosts:2" in refusal.value.remedy


def test_revoked_key_is_refused_though_known(tmp_path: Path):
    """A revoked key is refused, whatever another line says."""
    with pytest.raises(Denied, match=r"revoked by .*known_hosts:2"):
        check(known(tmp_path, line("cp1"), line("@revoked *")), blob())


def test_certificate_authority_is_no_known_key(tmp_path: Path):
    """A host certificate authority vouches for no plain key; the message says so."""
    with pytest.raises(Denied, match="certificate authority"):
        check(known(tmp_path, line("@cert-authority *")), blob())


def test_key_is_known_under_any_of_the_hosts_names(tmp_path: Path):
    """A key counts under the address as under the inventory's name for the host."""
    check(known(tmp_path, line("cp1")), blob(), ("10.0.0.11", "cp1"))


def test_known_kinds_are_asked_for_first(tmp_path: Path):
    """The host is asked for a kind of key that can be checked, so that a second kind is no changed key."""
    keys = known(tmp_path, line("cp1", kind="ssh-rsa"))
    usual = ("ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256")
    assert preferred_algorithms(keys, usual) == ("rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519")


def test_labels():
    """The usual port is not written."""
    assert (host_label("CP1", 22), host_label("cp1", 2222)) == ("cp1", "[cp1]:2222")
