"""Finds the real programs that a lab runs, and says what is missing and how to get it.

Owns the choice: all programs of one project in one version, from the first place that has them. Must never install
anything, and never hand out a program that nobody has seen running.
"""

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from haops.errors import InputError, ProgramMissing
from haops.lab.catalogue import FLAVOUR_PROGRAMS, PROGRAMS, Origin
from haops.lab.places import GIVEN, Sighting, sightings

DIRECTORY_VARIABLE = "HAOPS_LAB_PROGRAMS"

_HOW_TO_GET: Mapping[str, str] = {
    "control-plane": "`haops lab install` (or `haops lab install --build` where only a Go module proxy can be reached)",
    "etcd": "`pip install '.[lab]'` in haops's directory, or `haops lab install --flavour etcd`",
}


@dataclass(frozen=True, slots=True)
class FlavourOffer:
    """Whether a flavour can be started here: its `programs`, or the `reason` why not. `remedy` gets what is missing."""

    flavour: str
    programs: tuple[Sighting, ...] = ()
    reason: str = ""
    remedy: str = ""

    @property
    def available(self) -> bool:
        """Whether every program is there."""
        return bool(self.programs)

    @property
    def paths(self) -> dict[str, Path]:
        """The path of each program by its name."""
        return {program.name: program.path for program in self.programs}


def locate_programs(flavour: str, from_directory: str | None = None) -> tuple[Sighting, ...]:
    """Return every program of a flavour with its version and place. Raises ProgramMissing, InputError.

    `from_directory` (else HAOPS_LAB_PROGRAMS) comes first, and what it holds is used or refused, never passed over.
    """
    directory = from_directory or os.environ.get(DIRECTORY_VARIABLE) or None
    if directory:
        _check_holds_programs(Path(directory))
    names = FLAVOUR_PROGRAMS[flavour]
    # Side by side: each program is run for its version, and the large ones take their time to load.
    with ThreadPoolExecutor(max_workers=len(names)) as pool:
        seen = pool.map(lambda name: sightings(PROGRAMS[name], directory, with_distro=flavour == "etcd"), names)
    seen_by_name = dict(zip(names, seen, strict=True))
    located: dict[str, Sighting] = {}
    lacking: list[str] = []
    for origin in Origin:
        family = {name: found for name, found in seen_by_name.items() if PROGRAMS[name].origin is origin}
        chosen = _choose(family)
        located |= {program.name: program for program in chosen}
        lacking += [] if chosen or not family else [_lack(family)]
    if lacking:
        raise ProgramMissing(f"the {flavour} lab lacks {'; '.join(lacking)}", remedy=_HOW_TO_GET[flavour])
    return tuple(located[name] for name in names)


def _check_holds_programs(directory: Path) -> None:
    """Raise InputError if a directory that was named holds no program of the lab: it would be passed over silently."""
    if not any((directory / name).is_file() for name in PROGRAMS):
        what = "none of the lab's programs is in it" if directory.is_dir() else "there is no such directory"
        raise InputError(what, where=str(directory), remedy=f"the directory that holds {', '.join(PROGRAMS)}")


def available_flavours(from_directory: str | None = None) -> list[FlavourOffer]:
    """Return every flavour, the most real first, with its programs or with what it lacks."""
    return [_offer(flavour, from_directory) for flavour in FLAVOUR_PROGRAMS]


def _offer(flavour: str, from_directory: str | None) -> FlavourOffer:
    """Return one flavour's programs, or what it lacks."""
    try:
        return FlavourOffer(flavour, locate_programs(flavour, from_directory))
    except ProgramMissing as error:
        return FlavourOffer(flavour, reason=error.message, remedy=error.remedy)


def _choose(family: Mapping[str, list[Sighting]]) -> list[Sighting]:
    """Return a family's programs in the first version at which all of them are there; nothing if there is none."""
    given = [sighting for sighting in _all(family) if sighting.place == GIVEN]
    if any(sighting.refused for sighting in given):
        return []
    for version in dict.fromkeys(sighting.version for sighting in given or _all(family) if sighting.version):
        chosen = [_first(found, version) for found in family.values()]
        complete = [sighting for sighting in chosen if sighting]
        if len(complete) == len(family):
            return complete
    return []


def _all(family: Mapping[str, list[Sighting]]) -> list[Sighting]:
    """Return every sighting of a family."""
    return [sighting for found in family.values() for sighting in found]


def _first(found: Iterable[Sighting], version: str) -> Sighting | None:
    """Return the first sighting at that version."""
    return next((sighting for sighting in found if sighting.version == version), None)


def _lack(family: Mapping[str, list[Sighting]]) -> str:
    """Say which programs of a family are missing, or that no version has all of them, and what was seen instead."""
    absent = [name for name, found in family.items() if not any(sighting.version for sighting in found)]
    what = ", ".join(absent) if absent else f"one version that all of {', '.join(family)} have"
    seen = "; ".join(dict.fromkeys(str(sighting) for sighting in _all(family)))
    return f"{what} (seen: {seen})" if seen else what
