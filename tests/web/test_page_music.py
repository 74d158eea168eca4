"""The page of `echoic serve` plays music with a person: at the computer keyboard, and at a MIDI keyboard."""

import io
import re
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra [serve] is not installed")
pytest.importorskip("playwright", reason="NO TEST OF THE PAGE: playwright is not installed (pip install playwright)")

from browsing import Browsed, content
from page_traffic import Traffic, wait_until
from playwright.sync_api import Page, expect

mido = pytest.importorskip("mido", reason="SKIPPED: mido is not installed")

pytestmark = pytest.mark.slow


def saved_midi(page: Page) -> Any:
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save as MIDI").first.click()
    return mido.MidiFile(file=io.BytesIO(content(waiting.value)))


def notes_of(file: Any) -> dict[str, list[int]]:
    """The pitches that begin, by the track."""
    return {track.name: [one.note for one in track if one.type == "note_on"] for track in file.tracks}


def wait_for_step(page: Page, traffic: Traffic, *pitches: int) -> None:
    """Waits for a step in which just these pitches were played."""
    before = len(traffic.sent)
    wait_until(page, lambda: {"type": "push", "steps": [list(pitches)]} in traffic.sent[before:])


SOUNDED = """() => {
  window.said = "";
  const texts = () => [...document.querySelectorAll("[role=status]")].map((one) => one.textContent).join();
  const note = () => (window.said ||= document.querySelector(".piano .answer") ? texts() : "");
  new MutationObserver(note).observe(document.querySelector(".piano"), { subtree: true, attributeFilter: ["class"] });
}"""
"""Notes what the page says once the network plays a key that is shown."""


def test_music_is_answered_and_saved_as_midi(browsed: Browsed) -> None:
    traffic = Traffic()
    with browsed.page("music", watch=traffic.watch) as page:
        page.evaluate(SOUNDED)
        for key, pitch in zip("zcb", (48, 52, 55), strict=True):
            page.keyboard.down(key)
            wait_for_step(page, traffic, pitch)
            page.keyboard.up(key)
        page.wait_for_function("() => window.said")
        assert "The network answers" in page.evaluate("said")
        expect(page.get_by_text("Surprise of the last step")).to_be_visible()
        page.get_by_role("button", name="Stop").click()
        file = saved_midi(page)
        page.get_by_role("button", name=re.compile("Fork")).click()
        expect(page.get_by_role("button", name=re.compile("Play future"))).to_have_count(2)
    played = notes_of(file)
    assert played["you"] == [48, 52, 55]
    assert played["network"]
    # The grid of the run: sixteenths.
    ticks = {one.time for track in file.tracks for one in track if one.type in {"note_on", "note_off"}}
    assert {tick % (file.ticks_per_beat // 4) for tick in ticks} == {0}


MIDI = """
window.keys = { name: "Test keys", state: "connected", onmidimessage: null };
window.access = { inputs: new Map([["1", window.keys]]), onstatechange: null };
navigator.requestMIDIAccess = async () => window.access;
window.receive = (...data) => window.keys.onmidimessage({ data: Uint8Array.from(data) });
"""
"""A MIDI keyboard that a test plays."""


def test_a_midi_keyboard_plays_and_may_be_unplugged(browsed: Browsed) -> None:
    traffic = Traffic()
    with browsed.page("music", MIDI, watch=traffic.watch) as page:
        page.get_by_label("answers when you pause").uncheck()
        page.get_by_role("button", name="MIDI keyboard").click()
        expect(page.get_by_text("Test keys")).to_be_visible()
        for on, off in (([0x90, 60, 100], [0x80, 60, 0]), ([0x93, 64, 1], [0x93, 64, 0])):
            page.evaluate("(data) => receive(...data)", on)
            expect(page.locator(".piano .down")).to_have_count(1)
            wait_for_step(page, traffic, on[1])
            page.evaluate("(data) => receive(...data)", off)
            expect(page.locator(".piano .down")).to_have_count(0)
            wait_for_step(page, traffic)
        page.evaluate("receive(0xb0, 64, 127); receive(0xf8);")  # a pedal and a clock are no notes
        page.evaluate("receive(0x90, 100, 80)")  # beyond the keys that are shown
        wait_for_step(page, traffic, 100)
        page.evaluate("keys.state = 'disconnected'; access.inputs.clear(); access.onstatechange();")
        expect(page.get_by_text("The MIDI keyboard was unplugged.")).to_be_visible()
        wait_for_step(page, traffic)
        page.evaluate("keys.state = 'connected'; access.inputs.set('1', keys); access.onstatechange();")
        expect(page.get_by_text("Test keys")).to_be_visible()
        page.evaluate("receive(0x90, 62, 80)")
        wait_for_step(page, traffic, 62)
        page.get_by_role("button", name="Stop").click()
        file = saved_midi(page)
    assert notes_of(file)["you"] == [60, 64, 100, 62]
    (track,) = (one for one in file.tracks if one.name == "you")
    offs = [one.note for one in track if one.type == "note_off"]
    assert offs == [60, 64, 100, 62]  # the key that was held when the keyboard was unplugged, too


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "navigator.requestMIDIAccess = async () => { throw new DOMException('no', 'NotAllowedError'); };",
            "not allowed",
        ),
        ("navigator.requestMIDIAccess = async () => ({ inputs: new Map() });", "No MIDI keyboard is plugged in."),
    ],
)
def test_a_midi_keyboard_that_is_not_there_is_a_state_that_is_shown(browsed: Browsed, script: str, said: str) -> None:
    with browsed.page("music", script) as page:
        page.get_by_role("button", name="MIDI keyboard").click()
        expect(page.get_by_text(said)).to_be_visible()


GRIDS = """async () => {
  const { Grid } = await import("/files/grid.js");
  const runs = [{ step_beats: 0.25 }, { step_beats: 1 / 3 }, { step_beats: 2 }, { step_beats: null, step_s: 0.1 }];
  return runs.map((run) => new Grid(run)).map((grid) => [
    Math.round(grid.step_ms), Array.from({ length: 9 }, (_, step) => step).filter((step) => grid.isBeat(step)),
  ]);
}"""


def test_the_metronome_keeps_the_grid_of_the_run(browsed: Browsed) -> None:
    with browsed.page("music") as page:
        sixteenths, triplets, halves, tenths = page.evaluate(GRIDS)  # at 100 beats a minute
    assert sixteenths == [150, [0, 4, 8]]
    assert triplets == [200, [0, 3, 6]]
    assert halves == [1200, list(range(9))]
    assert tenths == [100, [0, 6]]
