"""The page that makes a run, in a browser: what its microphone hears becomes examples."""

import re
import signal

import numpy as np
import pytest
import soundfile

pytest.importorskip("starlette", reason="the extra [serve] is not installed")
pytest.importorskip("playwright", reason="NO TEST OF THE PAGE: playwright is not installed (pip install playwright)")

from browsing import FAILING_MICROPHONE, KEPT_MICROPHONE, MICROPHONE_HZ, UNPLUG, UP_TO_MS
from playwright.sync_api import expect
from teach_page import PITCHES_HZ, TaughtPage, add_class, card, record, turn_on

pytestmark = pytest.mark.slow


def test_what_is_heard_while_the_button_is_held_is_an_example(taught_page: TaughtPage) -> None:
    with taught_page.page() as page:
        clap = add_class(page, "clap")
        turn_on(page)
        for number in range(3):
            record(page, "clap")
            expect(clap.get_by_role("listitem")).to_have_count(number + 1, timeout=UP_TO_MS)
        hold = clap.get_by_role("button", name="Hold to record")
        hold.hover()
        page.mouse.down()
        expect(hold).to_have_attribute("aria-pressed", "true")
        expect(clap.get_by_text(re.compile(r"^\d\.\d s$")).first).to_be_visible()
        page.wait_for_timeout(1000)
        page.mouse.up()
        expect(clap.get_by_role("listitem")).to_have_count(4, timeout=UP_TO_MS)
        expect(clap.get_by_text("4 examples, 1 more would help")).to_be_visible()
        clap.get_by_role("listitem").first.scroll_into_view_if_needed()
        expect(clap.locator("li canvas").first).to_be_visible()
        clap.get_by_role("button", name=re.compile("Play")).first.click()
        hold.click()  # no longer than a click
        expect(clap.get_by_text("too short")).to_be_visible()
    files = taught_page.files("clap")
    assert len(files) == 4
    for file in files:
        sound, rate_hz = soundfile.read(file)
        assert rate_hz == MICROPHONE_HZ
        spectrum = np.abs(np.fft.rfft(sound))
        assert spectrum.argmax() / len(sound) * rate_hz == pytest.approx(PITCHES_HZ["low"], abs=15)
        assert len(sound) / rate_hz < 1.1


def test_ten_seconds_give_many_examples(taught_page: TaughtPage) -> None:
    with taught_page.page() as page:
        clap = add_class(page, "clap")
        turn_on(page)
        clap.get_by_role("button", name="Record 10 seconds").click()
        expect(clap.get_by_text("s left: make the sound again and again")).to_be_visible()
        expect(clap.get_by_text(re.compile(r"Added \d+ examples"))).to_be_visible(timeout=UP_TO_MS)
        background = card(page, "Background")
        background.get_by_role("button", name="Record 10 seconds").click()
        page.wait_for_timeout(2600)
        background.get_by_role("button", name="Record 10 seconds").click()  # stops it
        expect(background.get_by_text(re.compile(r"^Added \d examples"))).to_be_visible(timeout=UP_TO_MS)
    seconds = [soundfile.info(one).duration for one in taught_page.files("clap")]
    assert 11 <= len(seconds) <= 13  # tones of 0.3 s with pauses of 0.5 s
    assert sorted(seconds)[2:-2] == pytest.approx([0.4] * (len(seconds) - 4), abs=0.03)
    seconds = [soundfile.info(one).duration for one in taught_page.files("Background")]
    assert len(seconds) >= 2  # the whole seconds until the button was pressed again
    assert seconds == pytest.approx([1.0] * len(seconds), abs=0.01)


@pytest.mark.parametrize(("name", "said"), [("NotAllowedError", "not allowed"), ("NotFoundError", "plug one in")])
def test_a_microphone_that_fails_is_a_state_that_is_shown(taught_page: TaughtPage, name: str, said: str) -> None:
    with taught_page.page(FAILING_MICROPHONE.format(name=name)) as page:
        clap = add_class(page, "clap")
        record(page, "clap", 200)
        expect(page.locator(".studio [data-kind=failed]")).to_contain_text(said)
        expect(clap.get_by_text("Nothing was recorded")).to_be_visible()
        expect(clap.get_by_role("button", name="Hold to record")).to_have_attribute("aria-pressed", "false")
        clap.get_by_role("button", name="Record 10 seconds").click()
        expect(clap.get_by_role("button", name="Record 10 seconds")).to_have_attribute("aria-pressed", "false")
    assert taught_page.files("clap") == []


def test_a_microphone_that_is_unplugged_silent_or_quiet_is_a_state_that_is_shown(taught_page: TaughtPage) -> None:
    with taught_page.page(KEPT_MICROPHONE) as page:
        clap = add_class(page, "clap")
        record(page, "clap", 100)  # let go before the microphone is on, or too short
        turn_off = page.get_by_role("button", name="Microphone")
        expect(turn_off).to_have_attribute("aria-pressed", "true")
        page.wait_for_timeout(1500)
        clap.get_by_role("button", name="Hold to record").focus()
        page.keyboard.down("Space")
        page.wait_for_timeout(800)
        page.evaluate(UNPLUG)
        expect(page.locator(".studio [data-kind=failed]")).to_contain_text("unplugged")
        expect(clap.get_by_text("The microphone went away")).to_be_visible()
        page.keyboard.up("Space")
        assert taught_page.files("clap") == []
        turn_on(page)
        page.wait_for_timeout(500)
        record(page, "clap")
        expect(clap.get_by_role("listitem")).to_have_count(1, timeout=UP_TO_MS)


QUIET = """
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (target, ...more) {
  if (!(this instanceof MediaStreamAudioSourceNode)) return connect.call(this, target, ...more);
  window.level = new GainNode(this.context, { gain: 0.01 });
  connect.call(this, window.level);
  return connect.call(window.level, target, ...more);
};
"""
"""A microphone whose level is `window.level`."""


def test_a_take_that_is_too_quiet_is_added_only_on_demand(taught_page: TaughtPage) -> None:
    with taught_page.page(QUIET) as page:
        clap = add_class(page, "clap")
        turn_on(page)
        record(page, "clap")
        expect(clap.get_by_text("Too quiet to learn from (-5")).to_be_visible()
        expect(clap.get_by_role("listitem")).to_have_count(0)
        clap.get_by_role("button", name="Keep it anyway").click()
        expect(clap.get_by_role("listitem")).to_have_count(1, timeout=UP_TO_MS)
        page.evaluate("window.level.gain.value = 0")
        page.wait_for_timeout(200)
        record(page, "clap")
        expect(clap.get_by_text("Nothing was heard")).to_be_visible()
        expect(clap.get_by_role("button", name="Keep it anyway")).to_have_count(0)
    assert len(taught_page.files("clap")) == 1


def test_nothing_is_lost_while_the_server_is_gone(taught_page: TaughtPage) -> None:
    with taught_page.page() as page:
        clap = add_class(page, "clap")
        turn_on(page)
        taught_page.serving.stop(signal.SIGKILL)
        record(page, "clap")
        expect(page.get_by_text("The server does not answer")).to_be_visible()
        taught_page.serving.start()
        expect(clap.get_by_role("listitem")).to_have_count(1, timeout=UP_TO_MS)
        expect(page.get_by_text("The server does not answer")).to_have_count(0)
    assert len(taught_page.files("clap")) == 1
