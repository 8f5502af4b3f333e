"""Files that only their owner may see, opened so that nobody can put another file in their place.

Owns how the journal's directories and files are opened, checked, written and made durable. Everything is opened by
directory descriptor without following links. Raises OSError; who calls says what that means. Must never print.
"""

import os
import stat
import threading
from contextlib import suppress
from pathlib import Path

# Outputs may hold secrets that nobody knew of.
PRIVATE_DIRECTORY = 0o700
PRIVATE_FILE = 0o600

_OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK, so that a FIFO in a file's place is refused instead of waited for.
_OPEN_FILE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class UnsafePlace(OSError):
    """A directory or file that someone else could have put there or could change."""


def open_directory(path: Path, *, create: bool) -> int:
    """Return a descriptor of a private directory. Links above it are resolved once; the directory itself is none.

    With `create`, it and what is missing above it are made with mode 0700 and made durable. Raises UnsafePlace if
    someone else owns it, or if a directory above it can be changed by everyone.
    """
    parent = _open_parents(Path(os.path.realpath(path.parent)), create=create)
    try:
        descriptor = open_subdirectory(parent, path.name, create=create)
    finally:
        os.close(parent)
    return descriptor


def open_subdirectory(parent: int, name: str, *, create: bool) -> int:
    """Return a descriptor of a private directory right below an open one."""
    if create:
        _make_directory(parent, name)
    descriptor = os.open(name, _OPEN_DIRECTORY, dir_fd=parent)
    try:
        _check_own(os.fstat(descriptor), name)
        if create:
            os.fchmod(descriptor, PRIVATE_DIRECTORY)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def open_file(directory: int, name: str, flags: int) -> int:
    """Return a descriptor of a private regular file with mode 0600, whatever the umask is."""
    descriptor = os.open(name, flags | _OPEN_FILE, PRIVATE_FILE, dir_fd=directory)
    try:
        status = os.fstat(descriptor)
        _check_regular(status, name)
        _check_own(status, name)
        if flags & (os.O_WRONLY | os.O_RDWR):
            os.fchmod(descriptor, PRIVATE_FILE)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def open_to_read(directory: int, name: str) -> int:
    """Return a descriptor of a regular file, whoever owns it; a link, FIFO or device in its place is refused."""
    descriptor = os.open(name, os.O_RDONLY | _OPEN_FILE, dir_fd=directory)
    try:
        _check_regular(os.fstat(descriptor), name)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of it; a short write goes on where it ended."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def write_new_file(directory: int, name: str, content: bytes) -> None:
    """Make a file appear complete or not at all, and make it durable. One of that name is replaced."""
    # Several threads may write the same content at the same time: three hosts often print the same.
    unfinished = f".{name}.{os.getpid()}.{threading.get_native_id()}"
    descriptor = open_file(directory, unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        write_all(descriptor, content)
        os.fsync(descriptor)
        os.rename(unfinished, name, src_dir_fd=directory, dst_dir_fd=directory)
    except OSError:
        with suppress(OSError):
            os.unlink(unfinished, dir_fd=directory)
        raise
    finally:
        os.close(descriptor)
    # The rename itself is durable only with the directory.
    os.fsync(directory)


def write_export(path: Path, content: bytes) -> None:
    """Write a file that a person asked for, whole or not at all, mode 0600. A link in its place is not followed."""
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Opened without following links: /tmp/report.html may have been put there by somebody else.
        if os.path.lexists(path):
            os.close(open_to_read(directory, path.name))
        write_new_file(directory, path.name, content)
    finally:
        os.close(directory)


def _make_directory(parent: int, name: str) -> None:
    """Make a directory if it is not there, and its name durable."""
    try:
        os.mkdir(name, PRIVATE_DIRECTORY, dir_fd=parent)
    except FileExistsError:
        return
    # A umask of 777 would shut out its own owner.
    os.chmod(name, PRIVATE_DIRECTORY, dir_fd=parent)
    os.fsync(parent)


def _open_parents(path: Path, *, create: bool) -> int:
    """Return a descriptor of a resolved path, opened component by component so that no link slips in."""
    descriptor = os.open("/", _OPEN_DIRECTORY)
    try:
        for name in path.parts[1:]:
            below = _open_parent(descriptor, name, create=create)
            os.close(descriptor)
            descriptor = below
            _check_parent(os.fstat(descriptor), name)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _open_parent(above: int, name: str, *, create: bool) -> int:
    """Return a descriptor of the next component, made if it is missing and may be made."""
    try:
        return os.open(name, _OPEN_DIRECTORY, dir_fd=above)
    except FileNotFoundError:
        if not create:
            raise
    _make_directory(above, name)
    return os.open(name, _OPEN_DIRECTORY, dir_fd=above)


def _check_parent(status: os.stat_result, name: str) -> None:
    """Refuse a directory in which anybody may rename what lies there (sticky ones, like /tmp, do not allow it)."""
    if status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX:
        raise UnsafePlace(f"everyone may change the directory {name!r} above it")


def _check_own(status: os.stat_result, name: str) -> None:
    """Refuse what belongs to another user."""
    if status.st_uid != os.geteuid():
        raise UnsafePlace(f"{name!r} belongs to user {status.st_uid}, not to this one ({os.geteuid()})")


def _check_regular(status: os.stat_result, name: str) -> None:
    """Refuse what is no plain file, or has a second name elsewhere."""
    if not stat.S_ISREG(status.st_mode):
        raise UnsafePlace(f"{name!r} is not a regular file")
    if status.st_nlink > 1:
        raise UnsafePlace(f"{name!r} has {status.st_nlink} names; a journal's file has one")
