"""Everyone has a turn, in few calls; some have theirs sooner."""

from streams.rounds import ROUND, Rounds


def test_everyone_has_a_turn_in_a_round_and_again_in_the_next():
    rounds, ids = Rounds(), [f"{number}" for number in range(50 * ROUND)]
    for _ in range(2):
        found = [one for _ in range(ROUND + 1) for one in rounds.next(ids)]
        assert sorted(found) == sorted(ids)


def test_who_came_meanwhile_is_there_in_the_next_round():
    rounds = Rounds()
    assert rounds.next(["a"]) == []
    assert rounds.next(["a", "b"]) == ["a"]
    assert rounds.next(["a", "b"]) == ["a", "b"]


def test_some_are_sooner_so_many_at_once():
    rounds, many = Rounds(), [f"{number}" for number in range(1_200)]
    rounds.sooner(many)
    assert [len(rounds.next([])) for _ in range(4)] == [500, 500, 200, 0]
