"""How much a step can hurt. Owns the words; what each demands of the operator, `decide` says."""

from enum import StrEnum


class Risk(StrEnum):
    """How much a step can hurt; it decides how it must be confirmed."""

    READ = "read"
    """Looks only: `enter`."""
    CHANGE = "change"
    """Changes something that can be changed back: `y`."""
    DESTROY = "destroy"
    """Takes something away: the cluster's name, typed."""
