"""Headless Chromium through its driver, by the W3C WebDriver protocol: plain HTTP and JSON on this machine."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from seethrough.errors import SeethroughError

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_DRIVERS = ("chromedriver", "chromium-driver")
# WebGL by the processor alone, where there is neither GPU nor window.
_FLAGS = (
    "--headless=new", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--hide-scrollbars",
    "--disable-dev-shm-usage", "--force-color-profile=srgb", "--no-first-run",
)  # fmt: skip
_START_SECONDS, _ANSWER_SECONDS = 60.0, 120.0
_TRIES = 5
_FRAME = "element-6066-11e4-a52e-4f735466cecf"  # the key of the standard under which an element has its name


def browser_programs() -> tuple[str, str] | None:
    """Return the paths of browser and driver; None where one of them is not installed."""
    found = [next((path for name in names if (path := shutil.which(name))), None) for names in (_BROWSERS, _DRIVERS)]
    return (found[0], found[1]) if found[0] and found[1] else None


class Browser:
    """A browser with one page, as a context.

    Args:
        width: of the page, in px of CSS.
        height: the same.
        dark: what the page is told that its reader prefers.
        density: pixels of the screen for one of CSS.

    Raises:
        SeethroughError: browser or driver are not installed or do not start.
    """

    def __init__(self, width: int = 1280, height: int = 900, *, dark: bool = False, density: float = 1.0) -> None:
        programs = browser_programs()
        if programs is None:
            raise SeethroughError("no Chromium with its driver here: apt install chromium chromium-driver")
        self._driver = subprocess.Popen(
            [programs[1], "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
        )
        self._address = f"http://127.0.0.1:{self._port()}"
        flags = [*_FLAGS, f"--window-size={width},{height}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            flags.append("--no-sandbox")  # in a container, where Chromium would refuse to start as root
        options = {"binary": programs[0], "args": flags}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        try:
            session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        except SeethroughError:
            self._stop()
            raise
        self._session = f"/session/{session['sessionId']}"
        self.show(width, height, dark=dark, density=density)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        self.close()

    def close(self) -> None:
        """End browser and driver."""
        try:
            self._call("DELETE", self._session)
        except (SeethroughError, AttributeError):
            pass
        self._stop()

    def show(self, width: int, height: int, *, dark: bool = False, density: float = 1.0, touch: bool = False) -> None:
        """Set the size of the page, and what it is told of screen and reader."""
        size = {"width": width, "height": height, "deviceScaleFactor": density, "mobile": touch}
        self.devtools("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.devtools("Emulation.setEmulatedMedia", {"features": [scheme]})

    def open(self, page: Path | str) -> None:
        """Open a file or an address and wait until it is loaded."""
        address = page if isinstance(page, str) else page.resolve().as_uri()
        self._call("POST", f"{self._session}/url", {"url": address})

    def run(self, script: str, *arguments: Any) -> Any:
        """Run the body of a function in the page and return what it returns."""
        return self._call("POST", f"{self._session}/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script: str, seconds: float = 30.0) -> None:
        """Wait until an expression is true in the page; raises ``TimeoutError``."""
        end = time.monotonic() + seconds
        while not self.run(f"return Boolean({script})"):
            if time.monotonic() > end:
                raise TimeoutError(f"never true within {seconds:g} s: {script}")
            time.sleep(0.05)

    def click(self, selector: str) -> None:
        """Click the first element of a CSS selector, as a person does; raises ``SeethroughError`` if it is covered."""
        found = self._call("POST", f"{self._session}/element", {"using": "css selector", "value": selector})
        self._call("POST", f"{self._session}/element/{found[_FRAME]}/click", {})

    def drag(self, selector: str, right: int, down: int, button: int = 0) -> None:
        """Press a mouse button in the middle of an element, move in steps, and let go; px of CSS."""
        found = self._call("POST", f"{self._session}/element", {"using": "css selector", "value": selector})
        moves = [{"type": "pointerMove", "duration": 0, "origin": found, "x": 0, "y": 0}]
        moves.append({"type": "pointerDown", "button": button})
        moves += [
            {"type": "pointerMove", "duration": 20, "origin": found, "x": right * part // 4, "y": down * part // 4}
            for part in (1, 2, 3, 4)
        ]
        moves.append({"type": "pointerUp", "button": button})
        self._act([{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": moves}])

    def wheel(self, selector: str, down: int) -> None:
        """Turn the wheel over an element."""
        found = self._call("POST", f"{self._session}/element", {"using": "css selector", "value": selector})
        turn = {"type": "scroll", "origin": found, "x": 0, "y": 0, "deltaX": 0, "deltaY": down, "duration": 0}
        self._act([{"type": "wheel", "id": "wheel", "actions": [turn]}])

    def keys(self, *pressed: str) -> None:
        """Press and release keys one after the other; special ones by the code points of the WebDriver standard."""
        actions = [{"type": kind, "value": key} for key in pressed for kind in ("keyDown", "keyUp")]
        self._act([{"type": "key", "id": "keys", "actions": actions}])

    def picture(self) -> bytes:
        """Return a PNG of what is seen; on a busy machine the driver's own 10 s may pass before it is drawn."""
        for patience in range(_TRIES, 0, -1):
            try:
                return base64.b64decode(self._call("GET", f"{self._session}/screenshot"))
            except SeethroughError as error:
                if patience == 1 or "timeout" not in str(error):
                    raise
        raise AssertionError("not reached")

    def messages(self) -> list[dict[str, Any]]:
        """Return what the page has written to the console since the last call; ``level`` is SEVERE for errors."""
        return self._call("POST", f"{self._session}/se/log", {"type": "browser"})

    def devtools(self, command: str, parameters: Mapping[str, Any]) -> Any:
        """Send a command of the DevTools protocol."""
        body = {"cmd": command, "params": dict(parameters)}
        return self._call("POST", f"{self._session}/goog/cdp/execute", body)

    def _act(self, actions: Sequence[Mapping[str, Any]]) -> None:
        self._call("POST", f"{self._session}/actions", {"actions": list(actions)})
        self._call("DELETE", f"{self._session}/actions")

    def _call(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self._address + path, content, {"Content-Type": "application/json"}, method=verb
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # the driver is on this machine
        try:
            with opener.open(request, timeout=_ANSWER_SECONDS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            told = json.load(error).get("value") or {}
            message = str(told.get("message") or error).splitlines()[0]
            raise SeethroughError(f"Chromium: {message}") from None
        except (OSError, ValueError) as error:
            raise SeethroughError(f"Chromium's driver does not answer ({error})") from None

    def _port(self) -> int:
        """Return where the driver listens, which it says when it has started."""
        assert self._driver.stdout is not None
        end = time.monotonic() + _START_SECONDS
        for line in self._driver.stdout:
            if "started successfully on port" in line:
                return int(line.rstrip(".\n").rpartition(" ")[2])
            if time.monotonic() > end:
                break
        self._stop()
        raise SeethroughError("Chromium's driver does not start: run chromedriver by hand to see why")

    def _stop(self) -> None:
        self._driver.terminate()
        try:
            self._driver.wait(10)
        except subprocess.TimeoutExpired:
            self._driver.kill()
            self._driver.wait()
        if self._driver.stdout is not None:
            self._driver.stdout.close()
