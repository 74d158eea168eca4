"""The page of `echoic serve` in Chromium, with a microphone that hears a file."""

import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from playwright.sync_api import Browser, ConsoleMessage, Download, Page, Playwright, WebSocket
from served_process import TOKEN, Process, lasting_port

CHROMIUM = shutil.which("chromium")
"""Debian's; playwright's own headless shell has no microphone."""

MICROPHONE_HZ = 44_100
"""The rate of Chromium's microphone of files: a file of this rate is heard sample by sample."""

UP_TO_MS = 60_000.0
"""How long to wait for what the page shows, on a machine with other work."""

FAILING_MICROPHONE = "navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('no', '{name}'); }};"
"""Script of a page whose microphone fails with the error `name`."""

KEPT_MICROPHONE = """
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => (window.media = await open(wanted));
"""
"""Script of a page whose open microphone is `window.media`."""

UNPLUG = "window.media.getAudioTracks()[0].dispatchEvent(new Event('ended'))"
"""Unplugs it."""

_SILENCE_S = 1.0
"""Before the sound: the browser swallows the beginning of the file."""

_VIOLATIONS = """
window.violations = [];
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
  window.violations.push(`${violatedDirective}: ${blockedURI}`);
});
"""


class Serving:
    """`echoic serve` with these arguments as a process, which can be killed and started again at the same port."""

    def __init__(self, *arguments: str | Path, module: str = "echoic") -> None:
        self._arguments = arguments
        self._module = module
        self.port = lasting_port()
        self.start()

    def start(self) -> None:
        self._process = Process(*self._arguments, port=self.port, module=self._module)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        self._process.end(number)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:
            self.stop()


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
    write_samples_heard(file, soxr.resample(samples, rate_hz, MICROPHONE_HZ))


def write_samples_heard(file: Path, samples: NDArray[np.float32]) -> None:
    """Writes samples of `MICROPHONE_HZ` for the microphone."""
    silence = np.zeros(round(_SILENCE_S * MICROPHONE_HZ), np.float32)
    soundfile.write(file, np.concatenate([silence, samples, silence]), MICROPHONE_HZ, subtype="PCM_16")


@contextmanager
def chromium(playwright: Playwright, heard: Path) -> Iterator[Browser]:
    """A browser whose microphone hears a WAV file of `MICROPHONE_HZ` once, then its last 10 ms for ever."""
    arguments = [
        "--headless=new",
        "--no-sandbox",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={heard}%noloop",
        "--autoplay-policy=no-user-gesture-required",
    ]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=False, args=arguments)
    try:
        yield browser
    finally:
        browser.close()


@contextmanager
def opened(
    browser: Browser,
    port: int,
    run: str,
    script: str = "",
    *,
    ready: str = "[data-kind=connected]",
    watch: Callable[[WebSocket], None] | None = None,
    refusals: bool = False,
    dies: bool = False,
    **options: Any,
) -> Iterator[Page]:
    """The page of a run, which must end without an error in its console and without a violation of its policy.

    Args:
        browser: where it is opened.
        port: of the server.
        run: name of the run that is shown.
        script: runs before those of the page.
        ready: what there is once the page can be used.
        watch: gets the sockets of the page.
        refusals: whether the server may refuse requests, which the browser notes in the console.
        dies: whether the server is killed meanwhile, of which the browser has a word for every moment.
        options: of the browser's context.
    """
    errors: list[str] = []
    known = (*_REFUSALS * refusals, *_DEATH * dies)
    with browser.new_context(permissions=["microphone"], **options) as context:
        context.set_default_timeout(UP_TO_MS)
        page = context.new_page()
        if watch:
            page.on("websocket", watch)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: _note(message, errors, known))
        page.add_init_script(_VIOLATIONS + script)
        page.goto(f"http://127.0.0.1:{port}/?token={TOKEN.replace(' ', '%20')}#{run}")
        page.wait_for_selector(ready)
        yield page
        violations = page.evaluate("window.violations")
    assert (errors, violations) == ([], []), f"{errors}, {violations}"


def check_usable(page: Page) -> None:
    """Checks that the keyboard reaches every control, that all have names, and that nothing is wider than the page."""
    wanted = page.evaluate(
        """(controls) => {
          // Keys of the piano are one stop, between which arrows move.
          const isStop = (one) => one.tabIndex >= 0 && one.checkVisibility();
          const all = [...document.querySelectorAll(controls)].filter(isStop);
          all.forEach((one, number) => (one.dataset.number = number));
          window.reached = [];
          addEventListener("focusin", ({ target }) => reached.push(target.dataset.number));
          return all.length;
        }""",
        "button:not(:disabled), select, textarea, input:not([hidden]), [tabindex='0']",
    )
    for _ in range(wanted + 3):
        page.keyboard.press("Tab")
    assert {str(number) for number in range(wanted)} <= set(page.evaluate("reached"))
    assert page.evaluate(_NAMELESS) == []
    width, room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width <= room  # nothing to scroll sideways on a phone


_NAMELESS = """() => {
  const nameOf = (one) => one.ariaLabel || one.labels?.[0]?.textContent || one.textContent.trim() || one.title;
  const all = [...document.querySelectorAll("button, select, textarea, input:not([hidden]), canvas")];
  return all.filter((one) => !nameOf(one)).map((one) => one.outerHTML);
}"""

_REFUSALS = ("status of 400", "status of 409")
_DEATH = ("Failed to load resource: net::ERR_", "WebSocket connection to")


def _note(message: ConsoleMessage, errors: list[str], known: tuple[str, ...]) -> None:
    if message.type in ("error", "warning") and not any(text in message.text for text in known):
        errors.append(message.text)
