"""Where the service spends its time while it answers one question."""

import signal
import sys
import tempfile
import time
from itertools import cycle

from tests.benchmarks.databases import LARGE, filled_database, open_server
from tests.benchmarks.measuring import Side, forget_saved
from tests.benchmarks.processes import read_spent, start_service
from tests.benchmarks.run import Options, find_sample, open_side
from tests.benchmarks.workloads import WORKLOADS, Sizes, Workload

_SECONDS = 15.0


async def profile(options: Options) -> str:
    """Return what the sampling profiler saw while the first chosen question was asked for some seconds."""
    name = next(name for name in WORKLOADS if options.chooses(name))
    with tempfile.NamedTemporaryFile() as seen:
        command = (sys.executable, "-m", "tests.benchmarks.sampling", seen.name)
        async with open_server(options.database_url) as server, filled_database(server, LARGE, options.runs) as dsn:
            workload = WORKLOADS[name](await find_sample(dsn), Sizes())
            async with open_side(start_service(dsn, command), dsn) as side:
                spent = await _ask_while_sampled(side, workload)
        return f"{name}: {spent}\n\n{seen.read().decode()}"


async def _ask_while_sampled(side: Side, workload: Workload) -> str:
    """Send the calls for some seconds; return what a request cost the process and its backends."""
    for call in workload.service:
        side.client.send(call)
    process = side.server.process
    process.send_signal(signal.SIGUSR1)
    before = await read_spent(side.server, side.connection)
    sent, end = 0, time.monotonic() + _SECONDS
    for call in cycle(workload.service):
        side.client.send(call)
        sent += 1
        if time.monotonic() > end:
            break
    after = await read_spent(side.server, side.connection)
    process.send_signal(signal.SIGUSR2)
    side.client.send(workload.service[0])  # the file is written before this is answered
    await forget_saved(side)
    own, whole = after.process - before.process, after.since(before) or 0.0
    return f"{own / sent * 1000:.3f} ms a request in the process, {(whole - own) / sent * 1000:.3f} ms in its backends"
