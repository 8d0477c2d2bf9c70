"""The service under a sampling profiler: `python -m tests.benchmarks.sampling FILE serve …`.

SIGUSR1 starts it, SIGUSR2 stops it and writes what it saw to the file. After each millisecond of processor time, or as
often as the system can, it looks where the main thread is; what a C function takes is seen at the line that called it.
"""

import signal
import sys
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType

from api.cli import main

SECONDS = 0.001
_MOST = 45


class Sampler:
    """Counts where the process is: by line, by function, and by function with all that it calls."""

    def __init__(self) -> None:
        self._lines: Counter[tuple[CodeType, int | None]] = Counter()
        self._reached: Counter[CodeType] = Counter()

    def start(self) -> None:
        """Look from now on."""
        signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, SECONDS, SECONDS)

    def stop(self) -> str:
        """Stop, and return what was seen."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        functions: Counter[str] = Counter()
        for (code, _), count in self._lines.items():
            functions[_name(code)] += count
        lines = {f"{_name(code)}, line {line}": count for (code, line), count in self._lines.items()}
        reached = {_name(code): count for code, count in self._reached.items()}
        tables = {
            "Itself, by function": functions,
            "Itself, by line": lines,
            "With what it calls, by function": reached,
        }
        return "\n".join(_write(title, Counter(counted), functions.total()) for title, counted in tables.items())

    def _look(self, _number: int, frame: FrameType | None) -> None:
        if frame is None:
            return
        self._lines[frame.f_code, frame.f_lineno] += 1
        codes = set()
        while frame is not None:
            codes.add(frame.f_code)
            frame = frame.f_back
        self._reached.update(codes)


def _name(code: CodeType) -> str:
    return f"{'/'.join(Path(code.co_filename).parts[-3:])} {code.co_qualname}"


def _write(title: str, counted: Counter[str], total: int) -> str:
    rows = [f"{count / max(total, 1):6.1%}  {name}" for name, count in counted.most_common(_MOST)]
    return "\n".join([f"{title} ({total} samples):", *rows, ""])


def _keep(text: str, file: Path) -> None:
    file.write_text(text, encoding="utf-8")


def _run(file: Path) -> None:
    sampler = Sampler()
    signal.signal(signal.SIGUSR1, lambda *_: sampler.start())
    signal.signal(signal.SIGUSR2, lambda *_: _keep(sampler.stop(), file))
    main()


if __name__ == "__main__":
    output = Path(sys.argv.pop(1))
    _run(output)
