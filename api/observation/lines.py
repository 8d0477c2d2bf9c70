"""Lines for stderr, written by a thread: a reader who does not read must not hold requests up."""

import os
import threading
import time
from collections import deque
from contextlib import suppress

MOST_LINES = 10_000
"""So many lines wait for the reader; more are dropped, and their number is told."""
TOGETHER_SECONDS = 0.05
"""Lines of this time are written together: to wake the thread for each would cost more than the line."""
END_SECONDS = 1.0


class Lines:
    """Writes lines to a descriptor, in their order and soon; `kill -9` loses what came in the last 50 ms."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque()
        self._dropped = 0
        self._has_some = threading.Event()
        self._is_closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log-lines", daemon=True)
        self._thread.start()

    def write(self, line: bytes) -> None:
        """Have a line written, with its end; never waits."""
        if len(self._waiting) >= MOST_LINES:
            self._dropped += 1
            return
        self._waiting.append(line)
        if not self._has_some.is_set():
            self._has_some.set()

    def close(self) -> None:
        """Write what waits, for a second at the most."""
        self._is_closing.set()
        self._has_some.set()
        self._thread.join(END_SECONDS)

    def _run(self) -> None:
        while not (self._is_closing.is_set() and not self._waiting):
            self._has_some.wait()
            self._is_closing.wait(TOGETHER_SECONDS)
            self._has_some.clear()
            with suppress(OSError):  # a terminal that was closed, a reader that is gone: nobody is left to tell
                self._write(self._take())

    def _take(self) -> bytes:
        dropped, self._dropped = self._dropped, 0
        lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if dropped:
            lines.append(_told(dropped))
        return b"".join(lines)

    def _write(self, text: bytes) -> None:
        rest = memoryview(text)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]


def _told(dropped: int) -> bytes:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    message = f"{dropped} lines were dropped: nobody read them."
    return f'{{"time":"{now}","level":"warning","logger":"backtest_graph.lines","message":"{message}"}}\n'.encode()
