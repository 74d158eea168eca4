"""The page that makes a run, in a browser whose microphone hears tones: what its tests do on it."""

import re
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from browsing import MICROPHONE_HZ, Serving, opened, write_samples_heard
from numpy.typing import NDArray
from playwright.sync_api import Browser, Locator, Page, expect

TRAINED_MS = 300_000.0
PITCHES_HZ = {"low": 400.0, "high": 1500.0}


def tone(hz: float, seconds: float, level: float, rate_hz: int = MICROPHONE_HZ) -> NDArray[np.float32]:
    """A tone in faint noise."""
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    noise = 1e-3 * np.random.default_rng(0).standard_normal(len(time_s))
    return (level * np.sin(2 * np.pi * hz * time_s) + noise).astype(np.float32)


def write_tones_heard(file: Path) -> None:
    """Writes five minutes of low tones with pauses, and then what is too quiet, for the microphone."""
    once = [tone(PITCHES_HZ["low"], 0.3, 0.3), tone(0, 0.5, 0.0)]
    write_samples_heard(file, np.concatenate(once * 375))


class TaughtPage:
    """A server that teaches the run `mine`; `module` stands in for echoic."""

    def __init__(self, browser: Browser, folder: Path, module: str = "echoic") -> None:
        self.browser = browser
        self.folder = folder
        self.examples = folder / "mine-examples"
        self.serving = Serving("--teach", folder / "mine", module=module)

    def page(self, script: str = "", **options: Any) -> AbstractContextManager[Page]:
        """Its page."""
        return opened(self.browser, self.serving.port, "", script, ready=".class", **options)

    def files(self, name: str) -> list[Path]:
        """The examples of a class."""
        return sorted((self.examples / name).glob("*.wav"))


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def add_class(page: Page, name: str) -> Locator:
    page.get_by_label("Name of a sound").fill(name)
    page.keyboard.press("Enter")
    expect(card(page, name)).to_be_visible()
    return card(page, name)


def turn_on(page: Page, least_db: float = -30) -> None:
    """Turns the microphone on, and waits until a tone is heard, or what is as loud as that."""
    page.get_by_role("button", name="Microphone").click()
    expect(page.get_by_text("The microphone is on.")).to_be_visible()
    wait_for_level(page, least_db)


def wait_for_level(page: Page, least_db: float) -> None:
    page.wait_for_function("least => document.querySelector('.studio meter').value > least", arg=least_db)


def record(page: Page, name: str) -> float:
    """Holds the button until a tone and a pause have been heard; how many seconds the page has recorded at least."""
    card(page, name).get_by_role("button", name="Hold to record").focus()
    page.keyboard.down("Space")
    wait_for_a_tone(page, name)
    page.keyboard.up("Space")
    return seconds_taken(page, name)


def wait_for_a_tone(page: Page, name: str) -> None:
    """Waits until a tone and a pause have been recorded."""
    expect(_time_taken(page, name)).to_be_visible()  # not that of a take before
    expect(_time_taken(page, name)).to_have_text(re.compile(r"^(0\.9|[1-9]\d*\.\d) s$"))


def seconds_taken(page: Page, name: str) -> float:
    """How much the page shows as recorded, also after its end."""
    return float((_time_taken(page, name).text_content() or "").removesuffix(" s"))


def _time_taken(page: Page, name: str) -> Locator:
    return card(page, name).locator(".taking p")


def press_twice(button: Locator) -> None:
    """Presses a button and lets it go, as a screen reader does, between two blocks of sound."""
    button.evaluate("(button) => { button.click(); button.click(); }")


def drop(page: Page, target: Locator, *paths: Path) -> None:
    """Drops files or folders, as a file manager does."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": box["x"] + 6, "y": box["y"] + 6, "data": data})


def write_tones(folder: Path, names: dict[str, float], count: int) -> list[Path]:
    """Files of tones in a folder of each class."""
    draws, paths = np.random.default_rng(1), []
    for name, hz in names.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            sound = tone(hz * draws.uniform(0.95, 1.05), draws.uniform(0.2, 0.5), draws.uniform(0.1, 0.5), 8000)
            paths.append(folder / name / f"{number}.wav")
            soundfile.write(paths[-1], sound, 8000)
    return paths
