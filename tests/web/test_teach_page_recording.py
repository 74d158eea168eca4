"""The page that makes a run, in a browser: what its microphone hears becomes examples."""

import re
import signal

import numpy as np
import pytest
import soundfile

pytest.importorskip("starlette", reason="the extra [serve] is not installed")
pytest.importorskip("playwright", reason="NO TEST OF THE PAGE: playwright is not installed (pip install playwright)")

from browsing import FAILING_MICROPHONE, KEPT_MICROPHONE, MICROPHONE_HZ, UNPLUG
from playwright.sync_api import expect
from teach_page import (
    PITCHES_HZ,
    TaughtPage,
    add_class,
    card,
    press_twice,
    record,
    seconds_taken,
    turn_on,
    wait_for_a_tone,
    wait_for_level,
)

pytestmark = pytest.mark.slow


def test_what_is_heard_while_the_button_is_held_is_an_example(taught_page: TaughtPage) -> None:
    with taught_page.page() as page:
        clap = add_class(page, "clap")
        turn_on(page)
        taken = []
        for number in range(2):
            taken.append(record(page, "clap"))
            expect(clap.get_by_role("listitem")).to_have_count(number + 1)
        hold = clap.get_by_role("button", name="Hold to record")
        hold.hover()
        page.mouse.down()
        expect(hold).to_have_attribute("aria-pressed", "true")
        wait_for_a_tone(page, "clap")
        page.mouse.up()
        taken.append(seconds_taken(page, "clap"))
        expect(clap.get_by_role("listitem")).to_have_count(3)
        expect(clap.get_by_text("3 examples, 2 more would help")).to_be_visible()
        clap.get_by_role("listitem").first.scroll_into_view_if_needed()
        expect(clap.locator("li canvas").first).to_be_visible()
        clap.get_by_role("button", name=re.compile("Play")).first.click()
        press_twice(hold)
        expect(clap.get_by_text("too short")).to_be_visible()
    files = taught_page.files("clap")
    assert len(files) == len(taken)
    for file in files:
        sound, rate_hz = soundfile.read(file)
        assert rate_hz == MICROPHONE_HZ
        spectrum = np.abs(np.fft.rfft(sound))
        assert spectrum.argmax() / len(sound) * rate_hz == pytest.approx(PITCHES_HZ["low"], abs=15)
        assert len(sound) / rate_hz < max(taken) + 0.1


def test_ten_seconds_give_many_examples(taught_page: TaughtPage) -> None:
    with taught_page.page() as page:
        clap = add_class(page, "clap")
        turn_on(page)
        clap.get_by_role("button", name="Record 10 seconds").click()
        expect(clap.get_by_text("s left: make the sound again and again")).to_be_visible()
        expect(clap.get_by_text(re.compile(r"Added \d+ examples"))).to_be_visible()
        background = card(page, "Background")
        background.get_by_role("button", name="Record 10 seconds").click()
        expect(background.get_by_text(re.compile("^[0-8] s left"))).to_be_visible()
        background.get_by_role("button", name="Record 10 seconds").click()  # stops it
        expect(background.get_by_text(re.compile(r"^Added \d examples"))).to_be_visible()
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
        press_twice(clap.get_by_role("button", name="Hold to record"))
        expect(page.locator(".studio [data-kind=failed]")).to_contain_text(said)
        expect(clap.get_by_text("Nothing was recorded")).to_be_visible()
        expect(clap.get_by_role("button", name="Hold to record")).to_have_attribute("aria-pressed", "false")
        clap.get_by_role("button", name="Record 10 seconds").click()
        expect(clap.get_by_role("button", name="Record 10 seconds")).to_have_attribute("aria-pressed", "false")
    assert taught_page.files("clap") == []


def test_a_microphone_that_is_unplugged_silent_or_quiet_is_a_state_that_is_shown(taught_page: TaughtPage) -> None:
    with taught_page.page(KEPT_MICROPHONE) as page:
        clap = add_class(page, "clap")
        hold = clap.get_by_role("button", name="Hold to record")
        press_twice(hold)  # let go before the microphone is on
        expect(clap.get_by_text("The microphone is on: hold the button")).to_be_visible()
        expect(page.get_by_role("button", name="Microphone")).to_have_attribute("aria-pressed", "true")
        hold.focus()
        page.keyboard.down("Space")
        wait_for_a_tone(page, "clap")
        page.evaluate(UNPLUG)
        expect(page.locator(".studio [data-kind=failed]")).to_contain_text("unplugged")
        expect(clap.get_by_text("The microphone went away")).to_be_visible()
        page.keyboard.up("Space")
        assert taught_page.files("clap") == []
        turn_on(page)
        record(page, "clap")
        expect(clap.get_by_role("listitem")).to_have_count(1)


SLOW_MICROPHONE = """
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  await new Promise((resolve) => (window.allow = resolve));
  return open(wanted);
};
"""
"""A browser that asks its user, who says yes with `window.allow`."""


def test_a_button_pressed_again_while_the_browser_asks_makes_one_take(taught_page: TaughtPage) -> None:
    with taught_page.page(SLOW_MICROPHONE) as page:
        clap = add_class(page, "clap")
        timed = clap.get_by_role("button", name="Record 10 seconds")
        hold = clap.get_by_role("button", name="Hold to record")
        press_twice(timed)
        press_twice(hold)
        hold.focus()
        page.keyboard.down("Space")
        page.evaluate("window.allow()")
        wait_for_level(page, -30)
        page.keyboard.up("Space")
        expect(clap.get_by_text("Added.")).to_be_visible()
        expect(timed).to_have_attribute("aria-pressed", "false")
        # Whatever still ran would end with the microphone, and say so.
        page.get_by_role("button", name="Microphone").click()
        expect(page.get_by_text("Stopped.")).to_be_visible()
        expect(clap.get_by_text("The microphone went away")).to_have_count(0)


QUIET = """
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (target, ...more) {
  if (!(this instanceof MediaStreamAudioSourceNode)) return connect.call(this, target, ...more);
  const level = new GainNode(this.context, { gain: window.level });
  connect.call(this, level);
  return connect.call(level, target, ...more);
};
window.level = 0.01;
"""
"""A microphone whose level is `window.level` when it is turned on."""


def test_a_take_that_is_too_quiet_is_added_only_on_demand(taught_page: TaughtPage) -> None:
    with taught_page.page(QUIET) as page:
        clap = add_class(page, "clap")
        turn_on(page, -60)
        record(page, "clap")
        expect(clap.get_by_text("Too quiet to learn from (-5")).to_be_visible()
        expect(clap.get_by_role("listitem")).to_have_count(0)
        clap.get_by_role("button", name="Keep it anyway").click()
        expect(clap.get_by_role("listitem")).to_have_count(1)
        page.evaluate("window.level = 0")
        page.get_by_role("button", name="Microphone").click()
        expect(page.get_by_text("Stopped.")).to_be_visible()
        page.get_by_role("button", name="Microphone").click()
        expect(page.get_by_text("The microphone is on.")).to_be_visible()
        record(page, "clap")
        expect(clap.get_by_text("Nothing was heard")).to_be_visible()
        expect(clap.get_by_role("button", name="Keep it anyway")).to_have_count(0)
    assert len(taught_page.files("clap")) == 1


def test_nothing_is_lost_while_the_server_is_gone(taught_page: TaughtPage) -> None:
    with taught_page.page(dies=True) as page:
        clap = add_class(page, "clap")
        turn_on(page)
        taught_page.serving.stop(signal.SIGKILL)
        record(page, "clap")
        expect(page.get_by_text("The server does not answer")).to_be_visible()
        taught_page.serving.start()
        expect(clap.get_by_role("listitem")).to_have_count(1)
        expect(page.get_by_text("The server does not answer")).to_have_count(0)
    assert len(taught_page.files("clap")) == 1
