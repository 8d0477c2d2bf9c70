"""How the best trial stands in its grid, on grids made by hand and against a plain search."""

from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from resolvers.statistics.robustness import Cliff, Neighbourhood, examine

# By a (down) and b (across); the best is 10 at (2, 30).
GRID = {
    (1, 10): 1.0, (1, 20): 8.0, (1, 30): 6.0, (1, 40): 4.0,
    (2, 10): 4.0, (2, 20): 9.0, (2, 30): 10.0, (2, 40): 7.0,
    (5, 10): 2.0, (5, 20): 5.0, (5, 30): 2.0, (5, 40): 3.0,
}  # fmt: skip


def trials(grid: dict[tuple[int, int], float]) -> list[tuple[dict[str, Any], float]]:
    return [({"a": a, "b": b}, value) for (a, b), value in grid.items()]


def examined(grid: dict[tuple[int, int], float], **options: Any) -> Any:
    better = max if options.get("higher_is_better", True) else min
    best = list(grid).index(better(grid, key=lambda place: grid[place]))
    return examine(trials(grid), best, **options)


def test_edges_are_the_lowest_and_the_highest_value() -> None:
    inner, *_ = examined(GRID).positions
    assert (inner.lowest, inner.highest, inner.values, inner.is_on_edge) == (1, 5, 3, False)
    outer, *_ = examined(GRID | {(1, 20): 11.0}).positions
    assert outer.is_on_edge is True


def test_neighbours_are_one_step_away_in_one_parameter() -> None:
    found = examined(GRID).neighbourhood
    assert found == Neighbourhood(possible=4, known=4, mean=6.0, median=6.5, worst=2.0, ratio=0.6)


def test_neighbours_that_were_not_saved_are_not_known() -> None:
    found = examined({place: value for place, value in GRID.items() if place not in {(5, 30), (2, 40)}}).neighbourhood
    assert (found.possible, found.known, found.mean) == (4, 2, 7.5)
    alone = examined({(1, 10): 1.0, (2, 20): 2.0})
    assert alone.neighbourhood == Neighbourhood(possible=2, known=0)


def test_a_cliff_is_the_first_trial_below_half_of_the_best() -> None:
    a, b = examined(GRID).positions
    assert (a.below, a.above) == (None, Cliff(steps=1, distance=3.0, value=5.0, objective=2.0))
    assert (b.below, b.above) == (Cliff(steps=2, distance=20.0, value=10.0, objective=4.0), None)


def test_how_deep_a_cliff_is_can_be_said() -> None:
    a, _ = examined(GRID, drop=0.35).positions
    assert a.below == Cliff(steps=1, distance=1.0, value=1.0, objective=6.0)
    assert examined(GRID, drop=0.35).threshold == 6.5
    assert examined(GRID, drop=5).positions[0].above is None


def test_a_trial_that_is_not_known_is_passed_over_on_the_way() -> None:
    _, b = examined({place: value for place, value in GRID.items() if place != (2, 20)}).positions
    assert b.below == Cliff(steps=2, distance=20.0, value=10.0, objective=4.0)
    sparse = {place: value for place, value in GRID.items() if place != (2, 10)}
    assert examined(sparse).positions[1].below is None


def test_lower_is_better_turns_everything() -> None:
    grid = {place: -value for place, value in GRID.items()}
    found = examined(grid, higher_is_better=False)
    assert (found.objective, found.threshold, found.neighbourhood.worst) == (-10.0, -5.0, -2.0)
    assert found.positions[0].above == Cliff(steps=1, distance=3.0, value=5.0, objective=-2.0)
    assert found.neighbourhood.ratio is None


def test_a_drawdown_falls_off_where_it_is_half_as_deep_again() -> None:
    found = examined({(1, 1): -0.2, (2, 1): -0.29, (3, 1): -0.31})
    assert found.threshold == pytest.approx(-0.3)
    assert found.positions[0].above == Cliff(steps=2, distance=2.0, value=3.0, objective=-0.31)
    assert found.neighbourhood.ratio is None


def test_what_is_no_number_or_never_differs_is_left_out() -> None:
    rows = [({"n": n, "kind": kind, "same": 5}, float(n)) for n in (1, 2) for kind in ("ema", "sma")]
    found = examine([*rows, ({"n": 3, "kind": "sma", "same": 5.0}, 2.5)], 4)
    assert [each.excluded for each in found.positions] == [None, "CATEGORICAL", "CONSTANT"]
    assert (found.neighbourhood.possible, found.neighbourhood.mean) == (1, 2.0)
    missing = examine([({"n": 1}, 1.0), ({"m": 2}, 2.0)], 1)
    assert [(each.value, each.excluded) for each in missing.positions] == [(None, "CATEGORICAL"), (2, "CATEGORICAL")]
    flags = examine([({"n": True}, 1.0), ({"n": False}, 2.0)], 1)
    assert flags.positions[0].excluded == "CATEGORICAL"


def test_a_best_trial_without_an_objective_has_no_cliffs() -> None:
    found = examine([({"n": 1}, None), ({"n": 2}, 2.0)], 0)
    assert (found.objective, found.threshold, found.positions[0].above) == (None, None, None)
    assert (found.neighbourhood.known, found.neighbourhood.ratio) == (1, None)


def test_of_equal_parameters_the_first_counts() -> None:
    found = examine([({"n": 1}, 5.0), ({"n": 2}, 3.0), ({"n": 2.0}, 1.0)], 0)
    assert found.neighbourhood.mean == 3.0


def test_numbers_beyond_measure_stay_in_range() -> None:
    found = examine([({"n": -1e308}, 1e308), ({"n": 1e308}, -1e308)], 0, drop=1e300)
    assert (found.threshold, found.neighbourhood.ratio) == (None, -1.0)
    assert examine([({"n": -1.7e308}, 1.0), ({"n": 1.7e308}, 0.0)], 0).positions[0].above is not None


SPACE = list(product(range(4), range(4), range(3)))


@given(st.dictionaries(st.sampled_from(SPACE), st.integers(-9, 9).map(float), min_size=1), st.booleans())
def test_it_is_what_a_plain_search_finds(grid: dict[tuple[int, ...], float], higher: bool) -> None:
    places = list(grid)
    best = (max if higher else min)(places, key=lambda place: grid[place])
    found = examine(
        [(dict(zip("abc", place, strict=True)), grid[place]) for place in places],
        places.index(best),
        higher_is_better=higher,
    )
    axes = [sorted({place[axis] for place in places}) for axis in range(3)]
    steps = [
        (*best[:axis], near, *best[axis + 1 :])
        for axis, values in enumerate(axes)
        for near in values
        if abs(values.index(near) - values.index(best[axis])) == 1
    ]
    known = [grid[step] for step in steps if step in grid]
    assert (found.neighbourhood.possible, found.neighbourhood.known) == (len(steps), len(known))
    assume(known)
    assert found.neighbourhood.mean == pytest.approx(sum(known) / len(known))
    assert found.neighbourhood.worst == (min if higher else max)(known)
    for axis, position in enumerate(found.positions):
        beyond = [
            place
            for place in places
            if all(place[other] == best[other] for other in range(3) if other != axis)
            and (1 if higher else -1) * (grid[place] - grid[best]) < -0.5 * abs(grid[best])
        ]
        above = sorted(place[axis] for place in beyond if place[axis] > best[axis])
        assert (position.above and position.above.value) == (above[0] if above else None)
