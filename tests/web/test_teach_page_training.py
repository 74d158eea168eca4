"""The page that makes a run, in a browser: it trains, and recognizes at once what it was shown."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

pytest.importorskip("starlette", reason="the extra [serve] is not installed")
pytest.importorskip("playwright", reason="NO TEST OF THE PAGE: playwright is not installed (pip install playwright)")

from browsing import UP_TO_MS
from page_traffic import Traffic, wait_until
from playwright.sync_api import Browser, Route, expect
from teach_page import PITCHES_HZ, TRAINED_MS, TaughtPage, add_class, drop, turn_on, write_tones

T = TypeVar("T")

pytestmark = pytest.mark.slow


@pytest.fixture
def taught_briefly(hearing_tones: Browser, tmp_path: Path) -> Iterator[TaughtPage]:
    """As `taught_page`, for tones, which need few steps."""
    one = TaughtPage(hearing_tones, tmp_path, "brief_teaching")
    with one.serving:
        yield one


def test_one_button_trains_and_the_page_recognizes_at_once(taught_briefly: TaughtPage, tmp_path: Path) -> None:
    write_tones(tmp_path / "sounds", PITCHES_HZ, 8)
    with taught_briefly.page() as page:
        train = page.get_by_role("button", name="Train", exact=True)
        expect(train).to_be_disabled()
        expect(page.get_by_text("Training needs at least two classes")).to_be_visible()
        drop(page, page.get_by_role("heading", name="Show"), tmp_path / "sounds")
        expect(page.get_by_text("16 examples added.")).to_be_visible(timeout=UP_TO_MS)
        expect(train).to_be_disabled()
        expect(page.get_by_text("Background has no examples")).to_be_visible()
        page.get_by_role("button", name="Delete Background").click()
        turn_on(page)  # what it hears is recognized as soon as there is a run
        train.focus()
        page.keyboard.press("Enter")
        stop = page.get_by_role("button", name="Stop")
        expect(stop).to_be_focused()
        expect(page.get_by_role("progressbar", name="Progress of the training")).to_be_visible()
        expect(page.get_by_text(re.compile(r"Trained in \d+ s"))).to_be_visible(timeout=TRAINED_MS)
        again = page.get_by_role("button", name="Train again")
        expect(again).to_be_focused()
        expect(page.get_by_role("img", name="Accuracy and loss")).to_be_visible()
        expect(page.locator("[data-kind=connected]")).to_be_visible()
        expect(page.locator(".table tbody tr").first).to_contain_text("low", timeout=UP_TO_MS)
        # The choice of runs has the new one.
        expect(page.get_by_label("Run", exact=True).locator("option")).to_have_text(["Teach mine", "mine (classify)"])
        page.get_by_role("button", name="Delete 0.wav of low").click()
        expect(page.get_by_text("Examples have changed since the last training.")).to_be_visible()
        again.click()
        stop.click()
        expect(page.get_by_text(re.compile("^Stopped"))).to_be_visible(timeout=TRAINED_MS)
        expect(page.locator("[data-kind=connected]")).to_be_visible()
    assert (tmp_path / "mine" / "model.safetensors").exists()


def test_a_training_that_failed_and_what_examples_lack_are_said(taught_page: TaughtPage, tmp_path: Path) -> None:
    write_tones(tmp_path / "sounds", PITCHES_HZ, 3)

    def changed(route: Route) -> None:
        answer = route.fetch()
        state = answer.json()
        state["training"] |= {"status": "failed", "message": "The disk is full."}
        high = next(one for one in state["classes"] if one["name"] == "high")
        high["examples"] = [{"name": f"{number}.wav", "problem": "It cannot be read."} for number in range(20)]
        low = next(one for one in state["classes"] if one["name"] == "low")
        low["examples"] = high["examples"][:6]
        route.fulfill(response=answer, json=state)

    with taught_page.page() as page:
        drop(page, page.get_by_role("heading", name="Show"), tmp_path / "sounds")
        expect(page.get_by_text("6 examples added.")).to_be_visible(timeout=UP_TO_MS)
        expect(page.get_by_text("Fewer than 5 examples: high, low.")).to_be_visible()
        page.route("**/teach", changed)
        page.reload()
        expect(page.locator("[data-kind=failed]")).to_have_text("The training failed: The disk is full.")
        expect(page.get_by_text("high has 20 examples, low 6: more would help.")).to_be_visible()
        expect(page.get_by_text("It cannot be read.").first).to_be_visible()
        page.unroute_all(behavior="wait")


DIGITS = {"0": "zero", "1": "one", "2": "two"}
SHOWN, PLAYED = 10, 15
"""Clips of each digit that are shown, and others that are played."""

PAUSE_S = 0.7


class Played(NamedTuple):
    """A clip, and when it is played."""

    begin_s: float
    end_s: float
    label: str


@pytest.mark.data
def test_three_digits_are_taught_and_recognized(taught_page: TaughtPage, data_dir: Path, tmp_path: Path) -> None:
    recordings = data_dir / "fsdd" / "recordings"
    draws = np.random.default_rng(0)
    shown, played = {}, list[tuple[Path, str]]()
    for digit, name in DIGITS.items():
        known = sorted(one for one in recordings.glob(f"{digit}_*.wav") if int(one.stem.rpartition("_")[2]) >= 5)
        speakers = sorted({one.stem.split("_")[1] for one in known})
        by_speaker = [shuffled([one for one in known if f"_{who}_" in one.name], draws) for who in speakers]
        shown[name] = [by_speaker[number % len(speakers)][number // len(speakers)] for number in range(SHOWN)]
        held_out = [one for one in recordings.glob(f"{digit}_*.wav") if int(one.stem.rpartition("_")[2]) < 5]
        played += [(path, name) for path in shuffled(sorted(held_out), draws)[:PLAYED]]
    clips = write_one_after_the_other(tmp_path / "digits.wav", shuffled(played, draws))
    traffic = Traffic()
    with taught_page.page(watch=traffic.watch) as page:
        page.get_by_role("button", name="Delete Background").click()
        for name, files in shown.items():
            taken = add_class(page, name)
            taken.locator("input[multiple]").set_input_files(files)
            expect(taken.get_by_role("listitem")).to_have_count(SHOWN, timeout=UP_TO_MS)
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.get_by_text(re.compile(r"Trained in \d+ s"))).to_be_visible(timeout=TRAINED_MS)
        expect(page.locator("[data-kind=connected]")).to_be_visible()
        page.get_by_label("hear it").set_checked(False)
        page.get_by_label("or a file").set_input_files(tmp_path / "digits.wav")
        expect(page.get_by_text("digits.wav is over.")).to_be_visible(timeout=TRAINED_MS)
        wait_until(page, traffic.has_ended)
        table = page.locator(".table tbody tr")
        expect(table.first).to_contain_text(clips[-1].label)
        rows = [row.split("\t") for row in table.all_inner_texts()]
    found = [Played(float(onset.split()[0]), float(offset.split()[0]), label) for onset, offset, label, _ in rows]
    right = [one.label == recognized(found, one) for one in clips]
    assert np.mean(right) >= 0.95


def shuffled(items: list[T], draws: np.random.Generator) -> list[T]:
    return [items[place] for place in draws.permutation(len(items))]


def write_one_after_the_other(file: Path, played: list[tuple[Path, str]]) -> list[Played]:
    """Writes clips with pauses between them."""
    pieces, clips, at = list[NDArray[np.float32]](), [], 0
    for path, label in played:
        clip, rate_hz = soundfile.read(path, dtype="float32")
        pieces += [clip, np.zeros(round(PAUSE_S * rate_hz), np.float32)]
        clips.append(Played(at / rate_hz, (at + len(clip)) / rate_hz, label))
        at += len(clip) + len(pieces[-1])
    soundfile.write(file, np.concatenate(pieces), rate_hz, subtype="FLOAT")
    return clips


def recognized(found: list[Played], clip: Played) -> str | None:
    """The label that was found for the longest part of a clip; None if there is none."""
    overlaps = [(min(clip.end_s, one.end_s) - max(clip.begin_s, one.begin_s), one.label) for one in found]
    overlap_s, label = max(overlaps)
    return label if overlap_s > 0 else None
