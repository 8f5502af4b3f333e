"""What the lab's tests share: the smallest real Linux programs. Each prints one line and exits; no compiler needed."""

import platform
import struct
from collections.abc import Callable

import pytest

_BASE = 0x400000
_HEADERS_SIZE = 64 + 56

# The text goes to standard output, then the program ends with the status.
_X86_64 = (
    b"\xb8\x01\x00\x00\x00\xbf\x01\x00\x00\x00"  # mov eax, 1; mov edi, 1
    b"\x48\x8d\x35%b"  # lea rsi, [rip + offset]
    b"\xba%b\x0f\x05"  # mov edx, length; syscall
    b"\xb8\x3c\x00\x00\x00\xbf%b\x0f\x05"  # mov eax, 60; mov edi, status; syscall
)
_X86_64_SIZE = 10 + 7 + 7 + 12


def tiny_program(text: str, status: int = 0) -> bytes:
    """Return an ELF program for this machine that prints the text and exits with the status."""
    line = text.encode() + b"\n"
    machine, code = _code(len(line), status)
    size = _HEADERS_SIZE + len(code) + len(line)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\x02\x01\x01",
        2,
        machine,
        1,
        _BASE + _HEADERS_SIZE,
        64,
        0,
        0,
        64,
        56,
        1,
        0,
        0,
        0,
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x1000)
    return header + segment + code + line


def _code(length: int, status: int) -> tuple[int, bytes]:
    """Return (ELF machine number, code that prints what follows it)."""
    if platform.machine() == "x86_64":
        offset = _X86_64_SIZE - 17
        return 62, _X86_64 % (struct.pack("<i", offset), struct.pack("<I", length), struct.pack("<I", status))
    if platform.machine() == "aarch64":
        return 183, _aarch64(length, status)
    raise NotImplementedError(platform.machine())


def _aarch64(length: int, status: int) -> bytes:
    """Return the same for 64-bit ARM: eight instructions, then the text."""

    def move(register: int, value: int) -> int:
        return 0xD2800000 | value << 5 | register

    address_of_text = 0x10000000 | 7 << 5 | 1  # adr x1, seven instructions on
    words = (
        move(0, 1),
        address_of_text,
        move(2, length),
        move(8, 64),
        0xD4000001,
        move(0, status),
        move(8, 93),
        0xD4000001,
    )
    return struct.pack("<8I", *words)


@pytest.fixture
def elf() -> Callable[..., bytes]:
    """The maker of tiny programs: `elf("etcd Version: 3.6.16")` prints that line when run."""
    return tiny_program
