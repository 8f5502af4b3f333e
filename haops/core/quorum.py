"""etcd's quorum arithmetic, and the same in words.

Owns the numbers that guard rails rest on (etcd FAQ: "What is failure tolerance?"). Must never guess a missing number.
"""


def quorum(voters: int) -> int:
    """Return how many of `voters` members must agree: a majority. Learners do not count."""
    return voters // 2 + 1


def fault_tolerance(voters: int, healthy: int) -> int:
    """Return how many more members may fail before quorum is lost; negative when it is lost already."""
    return healthy - quorum(voters)


def in_words(voters: int, healthy: int) -> str:
    """Say where the cluster stands: `2 of 3 voters up: no more may fail`."""
    spare = fault_tolerance(voters, healthy)
    if spare < 0:
        # Not "up": a member that answers and knows no leader runs, and counts for nothing.
        return f"{healthy} of {voters} healthy, {quorum(voters)} needed: quorum is lost"
    up = f"{healthy} of {voters} voters up"
    if spare == 0:
        return f"{up}: no more may fail"
    return f"{up}: {spare} more may fail"
