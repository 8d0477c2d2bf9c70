"""Random documents about runs, in which fragments spread fragments."""

from typing import Any

from hypothesis import strategies as st

VARIABLES = ("$a", "$b", "$c")
HEAD = "query($a: Int, $b: Int = 7, $c: Int = null, $ids: [ID!]!)"
NAMES = ("F0", "F1", "F2")

_pages = st.one_of(
    st.just(""),
    st.sampled_from(["(first: 3)", "(first: 0)", "(last: 2)", "(first: -4)", "(first: null)", "(first: 2, last: 5)"]),
    st.sampled_from([f"(first: {name})" for name in VARIABLES] + ["(first: 2, last: $a)", "(first: $a, last: $b)"]),
)
_directives = st.sampled_from(["", "", "", " @include(if: true)", " @skip(if: false) @include(if: true)"])
_aliases = st.sampled_from(["", "", "x: ", "y: "])


@st.composite
def _field(draw: st.DrawFn, inside: st.SearchStrategy[str]) -> str:
    alias, directives = draw(_aliases), draw(_directives)
    body, page = draw(inside), draw(_pages)
    kind = draw(st.sampled_from(["trades", "sweeps", "series", "leaf", "metrics"]))
    return {
        "trades": f"{alias}trades{page}{directives} {{ totalCount nodes {{ backtest {{ {body} }} }} }}",
        "sweeps": f"optimizations(first: $a) {{ edges {{ {alias}node {{ backtest{directives} {{ {body} }} }} }} }}",
        "series": f"{alias}equityCurve{directives} {{ length }}",
        "leaf": f"{alias}id{directives}",
        "metrics": f"{alias}metrics{directives} {{ beta }}",
    }[kind]


def _selections(spreads: list[str]) -> st.SearchStrategy[str]:
    """Return selections of runs that spread these fragments."""
    leaves = st.sampled_from(["id", *(f"...{name}" for name in spreads)])

    def grow(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        inline = st.builds(lambda text, on: f"...{on} {{ {text} }}", inside, st.sampled_from(["", " on Backtest"]))
        return st.lists(st.one_of(leaves, inline, _field(inside)), min_size=1, max_size=3).map(" ".join)

    return grow(st.recursive(leaves, grow, max_leaves=3))


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Return a document; each fragment spreads only those after it, so that there are no cycles."""
    parts = [
        f"fragment {name} on Backtest {{ {draw(_selections(list(NAMES[index + 1 :])))} }}"
        for index, name in enumerate(NAMES)
    ]
    body = draw(_selections(list(NAMES)))
    roots = [
        f"backtests{draw(_pages)} {{ nodes {{ {body} }} totalCount }}",
        f"compareBacktests(ids: $ids) {{ backtests {{ {body} }} metrics {{ values {{ rank }} }} }}",
        f"leaders(groupBy: [SYMBOL]) {{ backtest {{ {body} }} }}",
    ]
    return f"{HEAD} {{ {draw(st.sampled_from(roots))} }} {' '.join(parts)}"


@st.composite
def variables(draw: st.DrawFn) -> dict[str, Any]:
    """Return variables, some of which are none."""
    strange = st.sampled_from([None, -1, "3", True, 2.0, 1.5, [4]])
    numbers = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.one_of(st.integers(0, 9), strange))
    return draw(numbers) | {"ids": ["x"] * draw(st.integers(0, 4))}
