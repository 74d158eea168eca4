"""The page of `echoic serve` in a browser: what a person types and feeds, and the keyboard alone."""

import re
from pathlib import Path

import numpy as np
import pytest

from echoic.api.run import Run

pytest.importorskip("starlette", reason="the extra [serve] is not installed")
pytest.importorskip("playwright", reason="NO TEST OF THE PAGE: playwright is not installed (pip install playwright)")

from browsing import UP_TO_MS, Browsed, check_usable
from page_traffic import Traffic
from playwright.sync_api import Page, WebSocketRoute, expect

pytestmark = pytest.mark.slow


def completion(page: Page) -> str:
    grey = page.locator(".mirror span")
    expect(grey).to_have_text(re.compile(".{40}", re.DOTALL), use_inner_text=False, timeout=UP_TO_MS)
    return grey.text_content() or ""


def test_text_is_completed_while_it_is_typed_and_edited(browsed: Browsed) -> None:
    traffic = Traffic()
    with browsed.page("text", watch=traffic.watch) as page:
        box = page.get_by_label("Your text")
        box.press_sequentially("abcdef")
        first = completion(page)
        expect(page.get_by_text("Next character:")).to_be_visible()
        box.press("Control+ArrowRight")
        expect(box).to_have_value("abcdef" + first)
        completion(page)
        box.fill("abcdef")  # the network reads it anew, with the same result
        assert completion(page) == first
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_role("button", name="Go on")).to_have_attribute("aria-pressed", "false", timeout=UP_TO_MS)
        assert len(box.input_value()) == len("abcdef") + 400
        page.get_by_role("button", name=re.compile("Fork")).click()
        expect(page.locator(".made").last).to_have_text(re.compile(".{200}", re.DOTALL), timeout=UP_TO_MS)
    assert len({one["seed"] for one in traffic.objects("generate") if "seed" in one}) == 2


def test_going_on_ends_where_the_connection_is_lost(browsed: Browsed) -> None:
    sockets = list[WebSocketRoute]()

    def connect(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        is_held = not sockets  # nothing that goes on comes through the first connection
        server.on_message(lambda message: None if is_held and '"go on' in str(message) else socket.send(message))
        sockets.append(socket)

    with browsed.page("text") as page:
        page.route_web_socket(re.compile("/ws/"), connect)
        page.reload()
        box, go_on = page.get_by_label("Your text"), page.get_by_role("button", name="Go on")
        expect(page.locator("[data-kind=connected]")).to_be_visible()
        box.press_sequentially("abcdef")
        first = completion(page)
        go_on.click()
        expect(box).not_to_be_editable()
        sockets[0].close(code=1001)
        expect(box).to_be_editable()
        expect(go_on).to_have_attribute("aria-pressed", "false")
        assert completion(page) == first


def test_a_state_is_saved_and_returned_to(browsed: Browsed, tmp_path: Path) -> None:
    with browsed.page("text") as page:
        box = page.get_by_label("Your text")
        box.press_sequentially("abcdefgh")
        first = completion(page)
        expect(page.locator(".state strong")).to_have_text(re.compile("[0-9,.]+ (bytes|KB)"))
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("Saved at 8 characters.")).to_be_visible()
        box.press_sequentially("ijabc")
        completion(page)  # the network has read it
        page.get_by_role("button", name=re.compile("Return")).click()
        expect(box).to_have_value("abcdefgh")
        assert completion(page) == first
        with page.expect_download() as waiting:
            page.get_by_role("button", name=re.compile("Download the state")).click()
        waiting.value.save_as(tmp_path / waiting.value.suggested_filename)
        assert waiting.value.suggested_filename == "text-8.safetensors"
        page.get_by_role("button", name="Reset").click()
        expect(box).to_have_value("")
        page.locator(".state input[type=file]").set_input_files(tmp_path / "text-8.safetensors")
        expect(page.get_by_text("where it was at 8 characters")).to_be_visible()
        (tmp_path / "damaged.safetensors").write_bytes(b"no state")
        page.locator(".state input[type=file]").set_input_files(tmp_path / "damaged.safetensors")
        expect(page.get_by_role("alert")).to_contain_text("state")
        expect(page.locator("[data-kind=connected]")).to_be_visible()
        box.fill("abcdefgh")
        assert completion(page) == first
        expect(page.locator(".error")).to_be_empty()


def test_a_table_moves_the_forecast(browsed: Browsed, runs: dict[str, Run]) -> None:
    values = [float(at % 7) for at in range(230)]
    with browsed.page("forecast") as page:
        page.get_by_label("Rows per second").fill("50")
        page.get_by_label("Table").fill("y\n" + "\n".join(map(str, values[:30])))
        page.get_by_role("button", name="Feed the table").click()
        expect(page.get_by_text("30 rows: all are fed.")).to_be_visible(timeout=UP_TO_MS)
        expect(page.get_by_text(re.compile("After 30 values: next"))).to_be_visible(timeout=UP_TO_MS)
        said = page.get_by_text(re.compile("After 30 values: next")).text_content() or ""
        page.get_by_role("button", name="Feed the slider").click()
        more = page.get_by_text(re.compile(r"After (3[3-9]|[4-9]\d|[\d,]{3,}) values: next"))
        expect(more).to_be_visible(timeout=UP_TO_MS)
        page.get_by_label("Table").fill("1\nmany\n")
        page.get_by_role("button", name="Feed the table").click()
        expect(page.locator("[data-kind=failed]")).to_contain_text("Row 2 has “many”")
    expected = float(runs["forecast"].predict(np.array(values[:30]))["mean"][0])
    shown = re.search(r"next \S+ (-?[\d.]+)", said)
    assert shown is not None
    assert float(shown[1].rstrip(".")) == pytest.approx(expected, abs=1e-3)


def test_a_table_has_its_predictions(browsed: Browsed, runs: dict[str, Run]) -> None:
    values = [float(at % 7 - 3) for at in range(30)]
    with browsed.page("map") as page:
        page.get_by_label("Rows per second").fill("50")
        page.get_by_label("Table").fill("u\n" + "\n".join(map(str, values)))
        page.get_by_role("button", name="Feed the table").click()
        shown = page.get_by_text(re.compile(r"^Step 29: y -?[\d.e-]+\.$"))
        expect(shown).to_be_visible(timeout=UP_TO_MS)
        said = re.search(r"y (-?[\d.e-]+)\.$", shown.text_content() or "")
    assert said is not None
    assert float(said[1]) == pytest.approx(runs["map"].predict(np.array(values))["y"][-1], rel=1e-3)


@pytest.mark.parametrize(
    "run", ["detect", "classify", "forecast", "text", "music", "audio", "map", "pedal", "transcribe"]
)
def test_the_keyboard_reaches_every_control_and_all_have_names(browsed: Browsed, run: str) -> None:
    with browsed.page(run, viewport={"width": 390, "height": 844}) as page:
        check_usable(page)
