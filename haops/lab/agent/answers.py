"""What a call to the agent gives back, and the registry that calls are looked up in.

Must never know how a call reached the agent.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

Call = Callable[[Sequence[str]], Awaitable["Answer"]]
"""A call's arguments in, its answer out; may take as long as what it stands for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Exit status and output, as the caller's shell gets to see them."""

    status: int = 0
    stdout: str = ""
    stderr: str = ""


def lines(*parts: str) -> str:
    """Join lines of output, each ended."""
    return "".join(f"{part}\n" for part in parts)
