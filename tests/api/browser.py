"""A headless Chromium that reaches no address but this machine's own, driven over its DevTools protocol."""

import asyncio
import base64
import itertools
import json
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--window-size=1440,900",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-port=0",
)


class Browser:
    """One page of a running Chromium, with all that it and its workers asked for and complained about."""

    def __init__(self, connection: ClientConnection) -> None:
        self.requests: list[str] = []
        self.problems: list[str] = []
        self._connection = connection
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._session: str | None = None

    async def start(self) -> None:
        target = await self._send("Target.createTarget", url="about:blank")
        attached = await self._send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Network", "Page", "Runtime", "Log"):
            await self._send(f"{domain}.enable")
        # Workers wait until they are watched, too.
        await self._send("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=True, flatten=True)

    async def close(self) -> None:
        self._session = None  # this one is for the browser, not for the page
        await self._send("Browser.close")

    async def open(self, url: str) -> None:
        await self._send("Page.navigate", url=url)

    async def evaluate(self, expression: str) -> Any:
        answer = await self._send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def wait_for(self, expression: str, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if await self.evaluate(expression):
                return
            await asyncio.sleep(0.05)
        text = await self.evaluate("document.body.innerText")
        raise AssertionError(f"never true: {expression}\n{self.problems}\n{text}")

    async def click(self, selector: str) -> None:
        await self.wait_for(f"document.querySelector({json.dumps(selector)}) !== null")
        await self.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
        await self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    async def type(self, text: str) -> None:
        await self._send("Input.insertText", text=text)

    async def save_screenshot(self, path: Path) -> None:
        answer = await self._send("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(answer["data"]))

    async def listen(self) -> None:
        async for text in self._connection:
            message = json.loads(text)
            if "id" in message:
                self._answers.pop(message["id"]).set_result(message)
            else:
                await self._note(message)

    async def _send(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = await self._post(method, self._session, parameters)
        answer = await asyncio.wait_for(self._answers[number], 60)
        assert "error" not in answer, f"{method}: {answer['error']}"
        result: dict[str, Any] = answer["result"]
        return result

    async def _post(self, method: str, session: str | None, parameters: dict[str, Any]) -> int:
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": parameters}
        await self._connection.send(json.dumps(message | ({"sessionId": session} if session else {})))
        return number

    async def _note(self, message: dict[str, Any]) -> None:
        event = message["params"]
        match message["method"]:
            case "Network.requestWillBeSent":
                self.requests.append(event["request"]["url"])
            case "Target.attachedToTarget" if self._session is not None:
                for method in ("Network.enable", "Runtime.enable", "Runtime.runIfWaitingForDebugger"):
                    await self._post(method, event["sessionId"], {})
            case "Runtime.exceptionThrown":
                self.problems.append(json.dumps(event["exceptionDetails"]))
            case "Log.entryAdded" if event["entry"]["level"] == "error":
                self.problems.append(event["entry"]["text"])
            case "Runtime.consoleAPICalled" if event["type"] == "error":
                self.problems.append(json.dumps(event["args"]))


@asynccontextmanager
async def launched_browser(profile: Path) -> AsyncIterator[Browser]:
    assert CHROMIUM is not None
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        *FLAGS,
        f"--user-data-dir={profile}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with connect(await _endpoint(profile), max_size=None, proxy=None) as connection:
            browser = Browser(connection)
            listener = asyncio.create_task(browser.listen())
            try:
                await browser.start()
                yield browser
                await browser.close()
            finally:
                listener.cancel()
        await asyncio.wait_for(process.wait(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _endpoint(profile: Path) -> str:
    path = profile / "DevToolsActivePort"
    for _ in range(1200):
        lines = path.read_text().split() if path.is_file() else []
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        await asyncio.sleep(0.05)
    raise AssertionError("Chromium did not start within 60 s")
