"""The real programs that a test's lab or servers run."""

from collections.abc import Mapping
from pathlib import Path

from haops.lab.programs import locate_programs


def find_programs(flavour: str) -> Mapping[str, Path]:
    """Return the path of every program that a flavour needs. Raises ProgramMissing, which lists what is missing."""
    return {program.name: program.path for program in locate_programs(flavour)}
