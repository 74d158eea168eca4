"""The page of `echoic serve` follows a sensor that `echoic live --to` sends: the fan moves with its rows."""

import re
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the extra [serve] is not installed")
pytest.importorskip("playwright", reason="NO TEST OF THE PAGE: playwright is not installed (pip install playwright)")

from browsing import UP_TO_MS, Browsed
from page_events import listed_events, predicted_events
from playwright.sync_api import Page, expect
from served_process import TOKEN, Sending

from echoic.api.run import Run

pytestmark = pytest.mark.slow


def follow(page: Page) -> None:
    page.get_by_role("button", name="Follow a sensor").click()
    expect(page.get_by_text(re.compile("Waiting for a sensor|Following the sensor"))).to_be_visible()


def sending_to(browsed: Browsed, run: str) -> Sending:
    return Sending("--to", f"http://127.0.0.1:{browsed.serving.port}/", "--run", run, token=TOKEN)


def forecast(page: Page, count: int) -> float:
    """The next value, as the page of a forecast says it after so many values."""
    said = page.get_by_text(re.compile(f"After {count} values: next"))
    expect(said).to_be_visible(timeout=UP_TO_MS)
    shown = re.search(r"next \S+ (-?\d+(?:\.\d+)?(?:e-?\d+)?)", said.inner_text())
    assert shown is not None
    return float(shown[1])


def rows(begin: int, end: int) -> str:
    return "".join(f"{at % 7}\n" for at in range(begin, end))


def mean(record: dict[str, Any]) -> Any:
    return pytest.approx(record["mean"][0], rel=1e-3, abs=1e-3)


def test_the_fan_moves_with_each_row_of_a_sensor_on_every_page(browsed: Browsed) -> None:
    with (
        browsed.page("forecast", dies=True) as page,
        browsed.page("forecast", dies=True) as late,
        sending_to(browsed, "forecast") as sending,
    ):
        follow(page)
        sending.write("y\n" + rows(0, 20))
        *_, record = sending.until(20)
        assert forecast(page, 20) == mean(record)
        follow(late)
        # A page that joins has the forecast at once: the next row may be an hour away.
        assert forecast(late, 20) == mean(record)
        expect(late.get_by_text("Following the sensor.")).to_be_visible()
        sending.write(rows(20, 21))
        (record,) = sending.records(1)
        assert forecast(page, 21) == forecast(late, 21) == mean(record)
        expect(page.locator(".latency")).to_contain_text(re.compile(r"p50 \d+ ms, p95 \d+ ms"))
        # A page whose user feeds it has an input of its own.
        late.get_by_role("button", name="Feed the slider").click()
        expect(late.get_by_role("button", name="Follow a sensor")).to_have_attribute("aria-pressed", "false")
        late.get_by_role("button", name="Feed the slider").click()
        browsed.serving.stop(signal.SIGKILL)
        expect(page.locator("[data-kind=lost]")).to_be_visible()
        browsed.serving.start()
        expect(page.locator("[data-kind=connected]")).to_be_visible(timeout=UP_TO_MS)
        sending.write(rows(21, 30))
        *_, record = sending.until(30)
        assert forecast(page, 30) == mean(record)
        _, _, code = sending.end()
        assert code == 0
        expect(page.get_by_text("The sensor has stopped; waiting for one.")).to_be_visible()
        page.get_by_role("button", name="Follow a sensor").click()
        expect(page.get_by_text("The sensor has stopped")).to_be_hidden()


def test_events_of_a_sensor_are_listed(browsed: Browsed, runs: dict[str, Run]) -> None:
    file = next(Path(runs["detect"].config["data"]["path"]).parent.glob("test*.wav"))
    with browsed.page("detect") as page, sending_to(browsed, "detect") as sending:
        follow(page)
        sending.write(file.read_bytes())
        records, _, code = sending.end()
        expect(page.get_by_text("The sensor has stopped; waiting for one.")).to_be_visible(timeout=UP_TO_MS)
        count = re.compile(f"^{len(records)} events; ")
        expect(page.get_by_text(count)).to_be_visible(timeout=UP_TO_MS)
        found = listed_events(page)
    assert code == 0
    expected = predicted_events(runs["detect"], file)
    assert [one["label"] for one in records] == found["label"].to_list() == expected["label"].to_list()
    np.testing.assert_allclose(found["onset_s"], expected["onset_s"], atol=1e-6)
