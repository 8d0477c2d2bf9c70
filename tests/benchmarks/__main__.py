"""Measure the service against the reference: `python -m tests.benchmarks`."""

import asyncio
import shlex
import signal
import sys

import click
import uvloop

from tests.benchmarks.profiling import profile
from tests.benchmarks.report import describe, write_readme, write_table
from tests.benchmarks.run import Options, run
from tests.benchmarks.workloads import WORKLOADS


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--runs", default=100_000, show_default=True, help="How many runs are stored: 5000, 100000, 1000000.")
@click.option("--rounds", default=31, show_default=True, help="How often each question is measured.")
@click.option("--only", multiple=True, help="Only the questions with this in their name; can be repeated.")
@click.option("--database-url", help="A PostgreSQL server of your own on this machine, whose user may make databases.")
@click.option("--profile", "profiled", help="Show where the service spends its time with the question of this name.")
@click.option("--write-readme", "writes", is_flag=True, help="Put the table into README.md.")
def main(
    runs: int, rounds: int, only: tuple[str, ...], database_url: str | None, profiled: str | None, *, writes: bool
) -> None:
    """Measure what requests cost, as ratios to a hand-written reference over the same tables."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what was started ends, too
    if profiled and not any(profiled in name for name in WORKLOADS):
        raise click.BadParameter(f"No question has this in its name: {', '.join(WORKLOADS)}.", param_hint="--profile")
    options = Options(runs=runs, rounds=rounds, only=(profiled,) if profiled else only, database_url=database_url)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if profiled:
            click.echo(runner.run(profile(options)))
            return
        setting, lines = runner.run(run(options))
    text = f"{describe(setting, _command())}\n{write_table(lines)}"
    click.echo(text)
    if writes:
        write_readme(text)


def _command() -> str:
    arguments = [word for word in sys.argv[1:] if word != "--write-readme"]
    return shlex.join(["python", "-m", "tests.benchmarks", *arguments])


if __name__ == "__main__":
    main()
