"""What a screen or a question says about itself; apart from the help that shows it: the first frame does without."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """What a screen or a question says about itself."""

    title: str
    explains: str
    asked: str = ""
