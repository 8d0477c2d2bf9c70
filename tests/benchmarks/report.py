"""What was measured, as a table."""

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from tests.benchmarks.measuring import Contender, Range, ratios

_README = Path(__file__).parents[2] / "README.md"
_MARKS = ("<!-- results of the benchmark -->\n", "<!-- end of the results -->\n")
_TITLES = (
    "question",
    "against",
    "goal",
    "CPU ratio: median (min to max)",
    "holds",
    "CPU, ms",
    "latency ratio",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison: processor time and latency, each as a ratio."""

    question: str
    against: str
    goal: float | None
    cpu: Range
    milliseconds: tuple[float, float]
    """Medians of processor time a request, of both."""
    latency: Range

    @classmethod
    def of(cls, question: str, against: str, goal: float | None, one: Contender, other: Contender) -> "Line":
        """Compare two contenders."""
        return cls(
            question=question,
            against=against,
            goal=goal,
            cpu=ratios(one.cpu, other.cpu),
            milliseconds=(Range.of(one.cpu).median * 1000, Range.of(other.cpu).median * 1000),
            latency=ratios(one.latency, other.latency),
        )

    def cells(self) -> list[str]:
        """Return the cells of the line in the table."""
        holds = "" if self.goal is None else "yes" if self.cpu.median <= self.goal else "no"
        one, other = self.milliseconds
        return [
            self.question,
            self.against,
            "" if self.goal is None else f"≤ {self.goal:g}",
            _written(self.cpu),
            holds,
            f"{one:.2f} / {other:.2f}",
            _written(self.latency),
        ]


def _written(ratio: Range) -> str:
    return f"{ratio.median:.2f} ({ratio.least:.2f} to {ratio.most:.2f})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What was measured on; megabytes is the service's memory after the questions that save nothing."""

    runs: int
    trades: int
    postgres: str
    megabytes: float


def describe(setting: Setting, command: str) -> str:
    """Return when and where it was measured, by which command."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {_processor()}, {psutil.cpu_count()} cores, "
        f"{psutil.virtual_memory().total / 2**30:.0f} GB, Python {platform.python_version()}, "
        f"PostgreSQL {setting.postgres}; {setting.runs:,} runs with {setting.trades:,} trades; "
        f"the service had {setting.megabytes:.0f} MB of memory after the questions that save nothing; "
        "where runs are saved, the reference stores what was reported, and the service also what it computes of it and "
        f"the ledger of trials: `{command}`\n"
    )


def write_table(lines: Sequence[Line]) -> str:
    """Return the table in Markdown."""
    rows = [list(_TITLES), ["---"] * len(_TITLES), *(line.cells() for line in lines)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def write_readme(text: str, readme: Path = _README) -> None:
    """Put a text between the two marks of the README."""
    whole = readme.read_text(encoding="utf-8")
    before, mark, rest = whole.partition(_MARKS[0])
    _, end, after = rest.partition(_MARKS[1])
    if not mark or not end:
        raise ValueError(f"{readme} has no place for the results.")
    readme.write_text(f"{before}{mark}{text}{end}{after}", encoding="utf-8")


def _processor() -> str:
    if platform.system() == "Linux":
        return next(_models(), platform.machine())
    return platform.processor() or platform.machine()


def _models() -> Iterator[str]:
    with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
        for line in lines:
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                yield value.strip()
