"""Figures that differ in their last digits only."""

from typing import Any


def rounded(answer: Any) -> Any:
    """Return an answer with 12 digits of each float: the order of rows may change the last digits of a mean."""
    if isinstance(answer, float):
        return float(f"{answer:.12g}")
    if isinstance(answer, list):
        return [rounded(each) for each in answer]
    return {name: rounded(each) for name, each in answer.items()} if isinstance(answer, dict) else answer
