"""What is asked of a drill, between the process that the shell knows and the one inside the lab.

Owns its form as a command line, and the status with which the inner one says that it waits.
"""

from collections.abc import Iterator
from dataclasses import dataclass

DEFAULT_SCENARIO = "etcd-quorum-loss"
LEFT = 75
"""The inner process's status when the operator left the drill to come back (EX_TEMPFAIL of sysexits.h)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for on the command line or on the start screen."""

    scenario: str = DEFAULT_SCENARIO
    variant: str | None = None
    flavour: str | None = None
    from_directory: str | None = None
    auto: bool = False
    plain: bool = False
    as_json: bool = False
    keep: bool = False
    resumed: str | None = None

    def arguments(self) -> Iterator[str]:
        """Yield the arguments of haops that ask for the same."""
        yield from ("drill", self.scenario)
        options = {
            "--variant": self.variant,
            "--flavour": self.flavour,
            "--from": self.from_directory,
            "--resume": self.resumed,
        }
        for name, value in options.items():
            if value is not None:
                # With `=`: a value that begins with a dash would be taken for an option.
                yield f"{name}={value}"
        flags = {"--auto": self.auto, "--plain": self.plain, "--json": self.as_json, "--keep": self.keep}
        yield from (name for name, is_set in flags.items() if is_set)
