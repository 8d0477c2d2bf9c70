"""The service as a process of its own, the way a user starts it."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

COMMAND = Path(sys.executable).parent / "backtest-graph"


class Service:
    """`backtest-graph serve` on a free port; url is where it listens, lines what it said so far."""

    def __init__(self, *options: str, environment: dict[str, str] | None = None) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [COMMAND, "serve", "--port", "0", "--log-level", "warning", "--log-format", "text", *options],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | (environment or {}),
        )
        self.url = self._read_until("Listening: ").removesuffix("/graphql")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> int:
        """Stop as Ctrl-C does and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        _, rest = self.process.communicate(timeout=20)
        self.lines += rest.splitlines()
        return self.process.returncode

    def kill(self) -> None:
        """End as kill -9 does."""
        self.process.kill()
        _, rest = self.process.communicate()
        self.lines += rest.splitlines()

    def _read_until(self, word: str) -> str:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip())
            if line.startswith(word):
                return line.removeprefix(word).strip()
        raise AssertionError("\n".join(self.lines))


def run_command(
    *arguments: str | Path, environment: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run the command line to its end."""
    words: Sequence[str | Path] = [COMMAND, *arguments]
    environment = os.environ | (environment or {})
    return subprocess.run(words, capture_output=True, text=True, env=environment, timeout=300, check=False)
