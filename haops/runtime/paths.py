"""Where haops keeps and finds its files.

    state    $XDG_STATE_HOME/haops or ~/.local/state/haops    sessions/<session id>/ are the journals
    config   $XDG_CONFIG_HOME/haops or ~/.config/haops        the user's own runbooks and themes
    cache    $XDG_CACHE_HOME/haops or ~/.cache/haops          programs of the lab

Runbooks and themes are looked up in this order: the place given, the user's configuration, the package, the repository.
Owns these places. Must never create one: who writes there does.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from haops.errors import EnvironmentLacks, InputError, SettingsError

_PACKAGE = Path(__file__).resolve().parent.parent
_MAX_SHOWN = 5


def state_directory() -> Path:
    """Return where haops keeps what must outlive a reboot."""
    return _base("XDG_STATE_HOME", ".local/state")


def config_directory() -> Path:
    """Return where the user's own settings, runbooks and themes are."""
    return _base("XDG_CONFIG_HOME", ".config")


def cache_directory() -> Path:
    """Return where haops keeps what it could get again."""
    return _base("XDG_CACHE_HOME", ".cache")


def sessions_directory() -> Path:
    """Return where the journals are, one directory per session."""
    return state_directory() / "sessions"


def session_directory(session_id: str) -> Path:
    """Return the directory of one session's journal."""
    return sessions_directory() / session_id


def shelves(name: str, given: Path | None = None) -> Iterator[Path]:
    """Yield the directories in which `runbooks` or `themes` are looked for, first come first served."""
    if given:
        yield given
    yield config_directory() / name
    yield _PACKAGE / "data" / name
    yield _PACKAGE.parent / name


def find_file(name: str, kind: str, given: Path | None = None) -> Path:
    """Return the file of a runbook or theme: a path as it is, a bare name from the first shelf (`kind`) that has it.

    Raises InputError saying where it was looked for.
    """
    path = Path(name)
    # Without a suffix it is a name, even where a file of that name lies about.
    if path.suffix and path.is_file():
        return path
    places = list(shelves(kind, given))
    for shelf in places:
        for candidate in (shelf / name, shelf / f"{name}.yaml", shelf / f"{name}.toml"):
            if candidate.is_file():
                return candidate
    if path.suffix or os.sep in name:
        what = "a directory" if path.is_dir() else "no such file"
        raise InputError(what, where=name, remedy=f"the path of a {kind.removesuffix('s')}, or {_near(name, places)}")
    looked = ", ".join(str(place) for place in places)
    raise InputError(f"there is no {kind.removesuffix('s')} {name!r}; looked in {looked}", remedy=_near(name, places))


def list_sessions() -> list[Path]:
    """Return the directories of all journals, the newest first. Raises EnvironmentLacks if they cannot be read."""
    try:
        # A directory without a first segment may be one that is just being made.
        found = [path for path in sessions_directory().iterdir() if (path / "000001.hj").is_file()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        remedy = "the user who wrote them, or another XDG_STATE_HOME"
        raise EnvironmentLacks(f"{error.strerror}", where=str(sessions_directory()), remedy=remedy) from None
    return sorted(found, key=lambda path: ((path / "000001.hj").stat().st_mtime, path.name), reverse=True)


def find_session(reference: str) -> Path:
    """Return the journal that a session's id, a unique beginning of it, or a path names. Raises InputError."""
    path = Path(reference)
    if path.suffix == ".hj" and path.is_file():
        return path.parent
    if (path / "000001.hj").is_file():
        return path
    known = list_sessions()
    matches = [place for place in known if place.name.startswith(reference)] if reference else []
    exact = [place for place in matches if place.name == reference]
    if len(exact or matches) == 1:
        return (exact or matches)[0]
    raise _no_session(reference, matches, known)


def _no_session(reference: str, matches: list[Path], known: list[Path]) -> InputError:
    """Return the error for a name that fits no session, or more than one."""
    names = ", ".join(place.name for place in (matches or known)[:_MAX_SHOWN])
    if matches:
        return InputError(f"{reference!r} fits {len(matches)} sessions: {names}", remedy="more of its letters")
    remedy = f"one of {names}" if names else "`haops session` or `haops drill` begins one"
    return InputError(f"no session's id begins with {reference!r}, and no journal has that path", remedy=remedy)


def _near(name: str, places: list[Path]) -> str:
    """Return what there is instead."""
    suffixes = {".yaml", ".toml"}
    files = (path for place in places if place.is_dir() for path in sorted(place.iterdir()))
    names = dict.fromkeys(path.stem for path in files if path.suffix in suffixes)
    return f"one of {', '.join(names)}" if names else f"the path of a file instead of {name!r}"


def _base(variable: str, default: str) -> Path:
    """Return one of the three base directories. Raises SettingsError without any home."""
    # The specification says that a relative path in these variables is to be ignored.
    given = Path(os.environ.get(variable, ""))
    if given.is_absolute():
        return given / "haops"
    try:
        return Path.home() / default / "haops"
    except RuntimeError:
        remedy = f"{variable}=/some/directory haops ..."
        raise SettingsError(f"neither {variable} nor HOME is set", remedy=remedy) from None


def read_input(path: Path) -> bytes:
    """Return what is in a file that a person named. Raises InputError with the reason if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"it cannot be read: {reason}", where=str(path), remedy="the path of another file") from None
