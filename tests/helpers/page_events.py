"""Events on the page of `echoic serve`: what it hears, what it lists, and what `predict` finds in the same sound."""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest
import soundfile
from browsing import MICROPHONE_HZ, Browsed, content
from numpy.typing import NDArray
from page_traffic import Traffic, wait_until
from playwright.sync_api import Page, expect

from echoic.api.run import Run

_ATTEMPTS = 4
_CLOSE = 1e-4

SETTLING_S = 0.5
"""After so long a network that began within an event, or in noise, has the state of one that heard all."""


class Heard(NamedTuple):
    """What a page has sent block by block, its list of events, and the latency that it has shown."""

    blocks: list[NDArray[np.float32]]
    events: pl.DataFrame
    latency: str

    @property
    def sound(self) -> NDArray[np.float32]:
        return np.concatenate(self.blocks)


def saved(page: Page, button: str) -> str:
    """The text of a file that the page saves."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button, exact=True).first.click()
    return content(waiting.value).decode()


def listed_events(page: Page) -> pl.DataFrame:
    return pl.read_csv(io.StringIO(saved(page, "CSV")), schema_overrides={"label": pl.String}).sort("onset_s")


def predicted_events(run: Run, file: Path) -> pl.DataFrame:
    table = run.predict(file)
    return pl.DataFrame({name: table[name] for name in ("onset_s", "offset_s", "label")})


def hear(browsed: Browsed, run: str) -> Heard:
    """Lets the page of a run hear the whole file of the microphone.

    On a busy machine the browser loses a buffer of 10 ms now and then; then the page hears the file again.
    """
    file = soundfile.read(browsed.file, dtype="float32")[0]
    for _ in range(_ATTEMPTS):
        heard = _hear_once(browsed, run, len(file))
        if place_of(heard.sound, file) is not None:
            break
    return heard


def _hear_once(browsed: Browsed, run: str, samples: int) -> Heard:
    traffic = Traffic()
    with browsed.page(run, watch=traffic.watch) as page:
        page.get_by_role("button", name="Microphone").click()
        # Not for so many seconds: on a busy machine sound comes late.
        wait_until(page, lambda: traffic.samples >= samples)
        page.get_by_role("button", name="Microphone").click()
        expect(page.get_by_text("Stopped.")).to_be_visible()
        wait_until(page, traffic.has_ended)
        return Heard(traffic.blocks, listed_events(page), page.locator(".latency").inner_text())


def check_events(heard: Heard, run: Run, file: Path, folder: Path, most_apart_s: float) -> None:
    """The events that were found are those of `predict` in the same sound, and in the file.

    The page heard the file sample by sample, from a place of its own on, so that frames and steps of the network do not
    begin where those in the file do: events are up to `most_apart_s` apart.
    """
    soundfile.write(folder / "heard.wav", heard.sound, MICROPHONE_HZ, subtype="FLOAT")
    same = predicted_events(run, folder / "heard.wav")
    found = heard.events
    assert found["label"].to_list() == same["label"].to_list()
    np.testing.assert_allclose(found["onset_s"], same["onset_s"], atol=1e-6)
    place = place_of(heard.sound, soundfile.read(file, dtype="float32")[0])
    if place is None:
        pytest.skip("the browser has lost sound each time: is the machine busy?")
    shift_s = place / MICROPHONE_HZ
    # An event that was under way when the page began to hear ends, and the next may begin, elsewhere.
    whole = predicted_events(run, file).filter(pl.col("onset_s") > shift_s + SETTLING_S)
    found = found.tail(len(whole))
    assert found["label"].to_list() == whole["label"].to_list()
    np.testing.assert_allclose(found["onset_s"] + shift_s, whole["onset_s"], atol=most_apart_s + 1e-6)


def place_of(heard: NDArray[np.float32], file: NDArray[np.float32]) -> int | None:
    """The sample of the file with which what was heard begins; None if it is no part of the file.

    Before the file there is silence.
    """
    first = np.flatnonzero(np.abs(heard) > 1e-3)
    if not len(first):
        return None
    clip = heard[first[0] : first[0] + 16]
    windows = np.lib.stride_tricks.sliding_window_view(file, len(clip))
    for found in np.flatnonzero((np.abs(windows - clip) < _CLOSE).all(1)):
        place = int(found - first[0])
        part, whole = heard[max(0, -place) :], file[max(0, place) :]
        count = min(len(part), len(whole))
        if np.allclose(part[:count], whole[:count], rtol=0, atol=_CLOSE):
            return place
    return None
