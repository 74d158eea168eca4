"""The page of `echoic serve` in Chromium, with a microphone that hears a file."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile
import soxr
from playwright.sync_api import Browser, ConsoleMessage, Download, Page, sync_playwright

CHROMIUM = shutil.which("chromium")
"""Debian's; playwright's own headless shell has no microphone."""

MICROPHONE_HZ = 44_100
"""The rate of Chromium's microphone of files: a file of this rate is heard sample by sample."""

TOKEN = "a token of the page"  # noqa: S105

UP_TO_MS = 20_000.0
"""How long to wait for what the page shows, on a machine with other work."""

_SILENCE_S = 1.0
"""Before the sound: the browser swallows the beginning of the file."""

_VIOLATIONS = """
window.violations = [];
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
  window.violations.push(`${violatedDirective}: ${blockedURI}`);
});
"""


class Serving:
    """`echoic serve` as a process, which can be killed and started again at the same port."""

    def __init__(self, runs: Sequence[Path]) -> None:
        self._runs = runs
        self.port = 0
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "echoic", "serve", *map(str, self._runs), "--no-browser"]
        environment = os.environ | {"ECHOIC_TOKEN": TOKEN, "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [*command, "--port", str(self.port)], stderr=subprocess.PIPE, text=True, env=environment
        )
        assert self._process.stderr is not None
        found = re.search(r"http://127.0.0.1:(\d+)/", self._process.stderr.readline())
        assert found is not None
        self.port = int(found[1])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        self._process.send_signal(number)
        self._process.communicate(timeout=30)


class Browsed(NamedTuple):
    """A browser whose microphone hears `file`, and a server of runs."""

    browser: Browser
    serving: Serving
    file: Path

    def page(self, run: str, script: str = "", **options: Any) -> AbstractContextManager[Page]:
        """The page of a run, as `opened`."""
        return opened(self.browser, self.serving.port, run, script, **options)


def content(download: Download) -> bytes:
    return Path(download.path()).read_bytes()


def write_heard(file: Path, sound: Path) -> None:
    """Writes a recording for the microphone."""
    samples, rate_hz = soundfile.read(sound, dtype="float32")
    silence = np.zeros(round(_SILENCE_S * MICROPHONE_HZ), np.float32)
    heard = np.concatenate([silence, soxr.resample(samples, rate_hz, MICROPHONE_HZ), silence])
    soundfile.write(file, heard, MICROPHONE_HZ, subtype="PCM_16")


@contextmanager
def chromium(heard: Path) -> Iterator[Browser]:
    """A browser whose microphone hears a WAV file of `MICROPHONE_HZ` once, then its last 10 ms for ever."""
    arguments = [
        "--headless=new",
        "--no-sandbox",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={heard}%noloop",
        "--autoplay-policy=no-user-gesture-required",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=False, args=arguments)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, port: int, run: str, script: str = "", **options: Any) -> Iterator[Page]:
    """The page of a run, which must end without an error in its console and without a violation of its policy."""
    context = browser.new_context(permissions=["microphone"], **options)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: _note(message, errors))
    page.add_init_script(_VIOLATIONS + script)
    page.goto(f"http://127.0.0.1:{port}/?token={TOKEN.replace(' ', '%20')}#{run}")
    page.wait_for_selector("[data-kind=connected]")
    yield page
    violations = page.evaluate("window.violations")
    context.close()
    assert (errors, violations) == ([], [])


def _note(message: ConsoleMessage, errors: list[str]) -> None:
    # While a server is down, the browser says so by itself.
    if message.type in ("error", "warning") and "ERR_CONNECTION_REFUSED" not in message.text:
        errors.append(message.text)
