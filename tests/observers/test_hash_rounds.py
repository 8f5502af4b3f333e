"""Members are hashed at a revision that all have, and show a comparison only when it is complete."""

from haops.observers.hash_rounds import Hashed, HashRounds


def _hash(rounds: HashRounds, member: str, revision: int, now_s: float) -> int | None:
    """Let a member that has the revision take its turn; return the revision that it was hashed at."""
    wanted = rounds.revision_for(member, revision, now_s=now_s)
    if wanted is not None:
        rounds.keep(member, Hashed(wanted * 7, wanted, 0))
    return wanted


def test_all_members_of_a_round_are_hashed_at_one_revision() -> None:
    """Writes go on between the looks; the first one's revision holds for the others."""
    rounds = HashRounds()
    assert [_hash(rounds, name, revision, 0.1) for name, revision in (("a", 100), ("b", 105), ("c", 109))] == [100] * 3
    assert len({rounds.latest(name) for name in "abc"}) == 1


def test_the_next_round_takes_the_lowest_revision_that_was_seen_lately() -> None:
    """A member that lags behind must have the revision too."""
    rounds = HashRounds()
    for name, revision in (("a", 100), ("b", 100)):
        _hash(rounds, name, revision, 0.0)
    rounds.revision_for("b", 150, now_s=9.0)
    assert _hash(rounds, "a", 200, 10.0) == 150


def test_a_member_that_is_long_gone_does_not_hold_the_others_back() -> None:
    """Its old revision may be compacted by now."""
    rounds = HashRounds()
    for name, revision in (("a", 100), ("b", 100)):
        _hash(rounds, name, revision, 0.0)
    assert _hash(rounds, "a", 200, 10.0) == 200


def test_a_member_is_hashed_once_in_a_round() -> None:
    """Hashing reads the whole database: not every second."""
    rounds = HashRounds()
    assert _hash(rounds, "a", 100, 0.0) == 100
    assert _hash(rounds, "a", 101, 5.0) is None
    assert _hash(rounds, "a", 102, 10.0) == 102


def test_a_shorter_round_may_be_asked_for() -> None:
    """Somebody who asks now wants to know what is true now."""
    rounds = HashRounds()
    assert _hash(rounds, "a", 100, 0.0) == 100
    assert rounds.revision_for("a", 103, now_s=3.0, max_age_s=2.0) == 103


def test_a_half_finished_round_shows_the_one_before() -> None:
    """Hashes of two rounds do not compare: all members change over together."""
    rounds = HashRounds()
    for name in "abc":
        _hash(rounds, name, 100, 0.0)
    for name in "ab":
        _hash(rounds, name, 200, 10.0)
    assert {rounds.latest(name) for name in "abc"} == {Hashed(700, 100, 0)}
    _hash(rounds, "c", 200, 10.0)
    assert {rounds.latest(name) for name in "abc"} == {Hashed(1400, 200, 0)}


def test_a_hash_that_comes_too_late_for_its_round_is_dropped() -> None:
    """The member was asked in a round that is over."""
    rounds = HashRounds()
    rounds.revision_for("a", 100, now_s=0.0)
    rounds.revision_for("b", 200, now_s=10.0)
    rounds.keep("a", Hashed(1, 100, 0))
    assert rounds.latest("a") is None
