"""The page of `echoic serve` speaks: what goes to the loudspeaker is what the network generated, sample by sample."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("starlette", reason="the extra [serve] is not installed")
pytest.importorskip("playwright", reason="NO TEST OF THE PAGE: playwright is not installed (pip install playwright)")

from browsing import UP_TO_MS, Browsed, content
from page_traffic import Traffic, wait_until
from playwright.sync_api import expect

pytestmark = pytest.mark.slow

RATE_HZ = 2000
"""Of the run."""

LOUD, HEARD = 0.1, 1000
"""Louder than the noise of the recording; and the samples of the microphone that must be."""

PLAYED = """
// A device of twice the rate of the network: every other sample that it plays is one of the network's.
const Context = AudioContext;
window.AudioContext = class extends Context {
  constructor() {
    super({ sampleRate: 4000 });
  }
};
window.played = [];
window.sounded = () => window.played.filter((one, at) => at % 2 === 0 && Math.abs(one) > 1e-9).length;
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (target, ...more) {
  if (target instanceof AudioDestinationNode) capture(this);
  return connect.call(this, target, ...more);
};
async function capture(source) {
  await source.context.audioWorklet.addModule("/files/worklet.js");
  const node = new AudioWorkletNode(source.context, "capture", { numberOfOutputs: 0 });
  node.port.onmessage = ({ data }) => window.played.push(...data.samples);
  connect.call(source, node);
}
"""
"""Keeps what goes to the loudspeaker."""


def test_a_voice_goes_on_where_the_button_is_let_go_and_is_heard(browsed: Browsed, tmp_path: Path) -> None:
    traffic = Traffic()
    with browsed.page("audio", PLAYED, watch=traffic.watch) as page:
        page.get_by_label("Seconds", exact=True).fill("1")
        held = page.get_by_role("button", name="Hold and speak")
        held.focus()
        page.keyboard.down("Space")
        wait_until(page, lambda: sum((abs(block) > LOUD).sum() for block in traffic.blocks) > HEARD)
        page.keyboard.up("Space")
        expect(page.get_by_role("button", name="Save as WAV").first).to_be_enabled(timeout=UP_TO_MS)
        wait_until(page, lambda: len(traffic.sound) >= RATE_HZ)
        sounding = int((traffic.sound != 0).sum())
        page.wait_for_function("count => sounded() >= count", arg=sounding)
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Save as WAV").first.click()
        (tmp_path / "made.wav").write_bytes(content(waiting.value))
        played = np.array(page.evaluate("window.played"), np.float32)
    made = traffic.sound
    assert len(made) == RATE_HZ
    assert made.std() > 0.01
    saved, rate_hz = soundfile.read(tmp_path / "made.wav", dtype="float32")
    assert rate_hz == RATE_HZ
    np.testing.assert_allclose(saved, made, atol=1 / 32_768)
    heard = played[:: 4000 // RATE_HZ]
    # Pieces that come late leave silence between them, and nothing else.
    np.testing.assert_allclose(heard[np.abs(heard) > 1e-9], made[made != 0], atol=1e-7)
