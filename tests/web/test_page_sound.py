"""The page of `echoic serve` in a browser, with sound: what the microphone or a file gives is what `predict` finds."""

import io
import re
import signal
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile
import soxr

from echoic.api.run import Run

pytest.importorskip("starlette", reason="the extra [serve] is not installed")
pytest.importorskip("playwright", reason="NO TEST OF THE PAGE: playwright is not installed (pip install playwright)")

from browsing import FAILING_MICROPHONE, KEPT_MICROPHONE, MICROPHONE_HZ, UNPLUG, UP_TO_MS, Browsed
from numpy.typing import NDArray
from page_events import check_events, hear, listed_events, predicted_events, saved
from page_traffic import Traffic, wait_until
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow

SHOWN_LINES = """() => {
  const line = document.querySelector("[aria-label='The line so far']");
  window.shown = [];
  new MutationObserver(() => window.shown.push(line.textContent)).observe(line, { childList: true });
}"""
"""Notes every text of the line that goes on."""

PLAYED = """
window.played = [];
const post = MessagePort.prototype.postMessage;
MessagePort.prototype.postMessage = function (data, ...rest) {
  if (data instanceof Float32Array) window.played.push(data.length);
  return post.call(this, data, ...rest);
};
"""
"""Notes the number of samples of each block that goes to the thread that plays sound."""


def play_file(page: Page, file: Path, *, is_audible: bool = False) -> None:
    page.get_by_label("hear it").set_checked(is_audible)
    page.get_by_label("or a file").set_input_files(file)


def test_the_microphone_finds_the_events_of_predict(browsed: Browsed, runs: dict[str, Run], tmp_path: Path) -> None:
    heard = hear(browsed, "detect")
    assert re.search(r"p50 \d+ ms, p95 \d+ ms", heard.latency)
    assert {len(block) for block in heard.blocks} == {round(0.02 * MICROPHONE_HZ)}
    assert len(heard.events) > 3
    check_events(heard, runs["detect"], browsed.file, tmp_path, most_apart_s=0.01)


def test_a_file_finds_the_events_of_predict_and_saves_them_for_other_programs(
    browsed: Browsed, runs: dict[str, Run]
) -> None:
    expected = predicted_events(runs["detect"], browsed.file)
    with browsed.page("detect") as page:
        play_file(page, browsed.file)
        expect(page.get_by_text("heard.wav is over.")).to_be_visible(timeout=UP_TO_MS)
        expect(page.get_by_text(re.compile(f"^{len(expected)} events; the last one"))).to_be_visible(timeout=UP_TO_MS)
        found = listed_events(page)
        audacity, raven = saved(page, "Audacity labels"), saved(page, "Raven table")
    assert found["label"].to_list() == expected["label"].to_list()
    np.testing.assert_allclose(found["onset_s"], expected["onset_s"], atol=1e-6)
    np.testing.assert_allclose(found["offset_s"], expected["offset_s"], atol=1e-6)
    assert [line.split("\t")[2] for line in audacity.splitlines()] == expected["label"].to_list()
    table = pl.read_csv(io.StringIO(raven), separator="\t")
    np.testing.assert_allclose(table["Begin Time (s)"], expected["onset_s"], atol=1e-5)
    assert table["Annotation"].to_list() == expected["label"].to_list()


def test_a_killed_server_is_come_back_to_as_if_nothing_had_happened(browsed: Browsed, runs: dict[str, Run]) -> None:
    expected = predicted_events(runs["detect"], browsed.file)
    traffic = Traffic()
    with browsed.page("detect", watch=traffic.watch, dies=True) as page:
        play_file(page, browsed.file, is_audible=True)  # at its own pace
        wait_until(page, lambda: traffic.samples > 1.5 * MICROPHONE_HZ)
        browsed.serving.stop(signal.SIGKILL)
        expect(page.locator("[data-kind=lost]").first).to_be_visible()
        browsed.serving.start()
        expect(page.locator("[data-kind=connected]")).to_be_visible(timeout=UP_TO_MS)
        expect(page.get_by_text("heard.wav is over.")).to_be_visible(timeout=UP_TO_MS)
        expect(page.get_by_text(re.compile(f"^{len(expected)} events; the last one"))).to_be_visible(timeout=UP_TO_MS)
        found = listed_events(page)
    assert found["label"].to_list() == expected["label"].to_list()
    np.testing.assert_allclose(found["onset_s"], expected["onset_s"], atol=1e-6)


def test_clips_are_those_of_predict(browsed: Browsed, runs: dict[str, Run], tmp_path: Path) -> None:
    traffic = Traffic()
    with browsed.page("classify", watch=traffic.watch) as page:
        play_file(page, browsed.file)
        expect(page.get_by_text("heard.wav is over.")).to_be_visible(timeout=UP_TO_MS)
        wait_until(page, traffic.has_ended)
        expect(page.get_by_text(re.compile("clips?; the last one"))).to_be_visible()
        clips = listed_events(page)
        shown = [page.get_by_role("meter", name=name).get_attribute("aria-valuenow") for name in ("low", "high")]
    sound = soundfile.read(browsed.file, dtype="float32")[0]
    for number, (onset_s, offset_s, label) in enumerate(clips.select("onset_s", "offset_s", "label").rows()):
        file = tmp_path / f"{number}.wav"
        begin, end = round(onset_s * MICROPHONE_HZ), round(offset_s * MICROPHONE_HZ)
        soundfile.write(file, sound[begin:end], MICROPHONE_HZ, subtype="FLOAT")
        assert runs["classify"].predict(file)["label"].tolist() == [label]
    assert sum(int(one or 0) for one in shown) == pytest.approx(100, abs=1)


def test_text_of_a_file_is_that_of_predict(browsed: Browsed, runs: dict[str, Run], tmp_path: Path) -> None:
    table = Path(runs["transcribe"].config["data"]["path"])
    phrases = [soundfile.read(table.parent / f"phrase-{number}-None.wav")[0] for number in (2, 5)]
    sound = np.concatenate([phrases[0], np.zeros(3000), phrases[1]])  # with a pause that ends a line
    soundfile.write(tmp_path / "two.wav", soxr.resample(sound, 2000, MICROPHONE_HZ), MICROPHONE_HZ)
    expected = runs["transcribe"].predict(tmp_path / "two.wav")
    assert len(expected["text"]) > 1
    with browsed.page("transcribe") as page:
        page.evaluate(SHOWN_LINES)
        play_file(page, tmp_path / "two.wav")
        expect(page.get_by_text("two.wav is over.")).to_be_visible(timeout=UP_TO_MS)
        counted = re.compile(f"^{len(expected['text'])} lines?; the last one")
        expect(page.get_by_text(counted)).to_be_visible(timeout=UP_TO_MS)
        found = pl.read_csv(io.StringIO(saved(page, "CSV")))
        subtitles = saved(page, "Subtitles (SRT)")
        partial = page.evaluate("window.shown")
    assert found["text"].to_list() == expected["text"].tolist()
    np.testing.assert_allclose(found["onset_s"], expected["onset_s"], atol=1e-6)
    np.testing.assert_allclose(found["offset_s"], expected["offset_s"], atol=1e-6)
    assert subtitles.splitlines()[2] == expected["text"][0]
    assert expected["text"][0][:1] in partial  # text comes before its line has ended
    assert len(set(partial)) > 2


def play_effect(page: Page, file: Path, samples: int) -> NDArray[np.float32]:
    """What comes out of an effect into which a file goes, as the page saves it once that many samples have come."""
    page.get_by_role("button", name="Play", exact=True).click()
    page.get_by_label("or a file").set_input_files(file)
    expect(page.get_by_text(f"{file.name} is over.")).to_be_visible(timeout=UP_TO_MS)
    have_come = "samples => window.played.reduce((sum, block) => sum + block, 0) >= samples"
    page.wait_for_function(have_come, arg=samples, timeout=UP_TO_MS)
    expect(page.get_by_text(re.compile(r"^\d+\.\d s of output\.$"))).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save as WAV").click()
    made: NDArray[np.float32] = soundfile.read(waiting.value.path(), dtype="float32")[0]
    return made


def test_the_output_of_an_effect_is_that_of_predict_and_is_played(
    browsed: Browsed, runs: dict[str, Run], tmp_path: Path
) -> None:
    sound = soundfile.read(browsed.file, dtype="float32")[0][MICROPHONE_HZ : 2 * MICROPHONE_HZ]
    dry = sound * np.hanning(len(sound))  # without clicks, to which no two resamplers give quite the same edges
    soundfile.write(tmp_path / "dry.wav", dry, MICROPHONE_HZ, subtype="FLOAT")
    expected = runs["pedal"].predict(tmp_path / "dry.wav")["target"]
    with browsed.page("pedal", PLAYED) as page:
        made = play_effect(page, tmp_path / "dry.wav", len(expected))
        expect(page.get_by_role("button", name="Stop playing")).to_have_attribute("aria-pressed", "true")
        played = page.evaluate("window.played")
        page.get_by_role("button", name="Stop playing").click()
        page.get_by_label("bypass").check()
        page.get_by_role("button", name="Play", exact=True).click()
        page.evaluate("window.played.length = 0")
        page.get_by_role("button", name="Microphone").click()
        page.wait_for_function("() => window.played.length >= 20")
        bypassed = page.evaluate("window.played.slice(0, 10)")
    assert len(made) == len(expected)
    np.testing.assert_allclose(made, expected.clip(-1, 1), atol=2**-14)
    assert sum(played) == len(expected)  # everything that comes out goes to the loudspeaker
    assert set(bypassed) == {round(0.02 * MICROPHONE_HZ)}  # blocks of the microphone itself


HELD_MODULES = """
window.held = [];
const load = AudioWorklet.prototype.addModule;
AudioWorklet.prototype.addModule = async function (path) {
  await new Promise((resolve) => window.held.push(resolve));
  return load.call(this, path);
};
"""
"""Code of the thread that plays sound is loaded when the test calls what is in `window.held`."""


def test_an_output_that_is_replaced_while_it_opens_ends_without_an_error(browsed: Browsed) -> None:
    with browsed.page("pedal", HELD_MODULES + PLAYED) as page:
        page.get_by_role("button", name="Play", exact=True).click()
        page.get_by_label("or a file").set_input_files(browsed.file)
        page.wait_for_function("() => window.held.length === 3")  # the input has the rate of the file now
        page.evaluate("window.held.forEach((load) => load())")
        page.wait_for_function("() => window.played.length >= 10")


@pytest.mark.parametrize(
    ("name", "said"),
    [("NotAllowedError", "not allowed"), ("NotFoundError", "plug one in"), ("NotReadableError", "another program")],
)
def test_a_microphone_that_fails_is_a_state_that_is_shown(browsed: Browsed, name: str, said: str) -> None:
    with browsed.page("detect", FAILING_MICROPHONE.format(name=name)) as page:
        page.get_by_role("button", name="Microphone").click()
        expect(page.locator("[data-kind=failed]")).to_contain_text(said)
        expect(page.get_by_role("button", name="Microphone")).to_have_attribute("aria-pressed", "false")


def test_a_silent_and_an_unplugged_microphone_are_states_that_are_shown(browsed: Browsed) -> None:
    with browsed.page("detect", KEPT_MICROPHONE) as page:
        page.get_by_role("button", name="Microphone").click()
        silent = page.get_by_text("on, but silent")
        expect(silent).to_be_visible(timeout=UP_TO_MS)  # at the end of the file
        page.evaluate(UNPLUG)
        expect(page.locator("[data-kind=failed]")).to_contain_text("unplugged")
        play_file(page, browsed.file)
        expect(page.get_by_text("heard.wav is over.")).to_be_visible(timeout=UP_TO_MS)


def test_a_file_that_is_no_sound_is_said_to_be_none(browsed: Browsed, tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("no sound")
    with browsed.page("detect") as page:
        play_file(page, tmp_path / "notes.wav")
        expect(page.locator("[data-kind=failed]")).to_contain_text("notes.wav is no sound")


SLOW_DECODING = """
const decode = OfflineAudioContext.prototype.decodeAudioData;
OfflineAudioContext.prototype.decodeAudioData = async function (bytes) {
  await new Promise((resolve) => (window.decode = resolve));
  try {
    return await decode.call(this, bytes);
  } catch (error) {
    setTimeout(() => (window.hasFailed = true));
    throw error;
  }
};
"""
"""Files are decoded when the test calls `window.decode`."""


def test_a_file_that_fails_once_the_microphone_is_on_does_not_end_it(browsed: Browsed, tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("no sound")
    with browsed.page("detect", SLOW_DECODING) as page:
        play_file(page, tmp_path / "notes.wav")
        expect(page.get_by_text("Reading notes.wav")).to_be_visible()
        page.get_by_role("button", name="Microphone").click()
        expect(page.get_by_text("The microphone is on.")).to_be_visible()
        page.evaluate("window.decode()")
        page.wait_for_function("() => window.hasFailed")
        expect(page.get_by_text("The microphone is on.")).to_be_visible()
        expect(page.get_by_role("button", name="Microphone")).to_have_attribute("aria-pressed", "true")
