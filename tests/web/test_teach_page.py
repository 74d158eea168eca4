"""The page that makes a run, in a browser: its classes and their examples."""

import re
import zipfile
from pathlib import Path

import pytest
import soundfile

pytest.importorskip("starlette", reason="the extra [serve] is not installed")
pytest.importorskip("playwright", reason="NO TEST OF THE PAGE: playwright is not installed (pip install playwright)")

from browsing import UP_TO_MS, check_usable
from playwright.sync_api import Browser, expect
from teach_page import PITCHES_HZ, TaughtPage, add_class, card, drop, tone, write_tones

pytestmark = pytest.mark.slow


def test_classes_are_made_renamed_and_deleted(taught_page: TaughtPage) -> None:
    with taught_page.page(refusals=True) as page:
        expect(page.get_by_text("Everything stays on this machine")).to_be_visible()
        expect(page.get_by_text(str(taught_page.examples))).to_be_visible()
        expect(page.get_by_role("heading", level=3)).to_have_text(["Background"])
        add_class(page, "clap")
        page.get_by_label("Name of a sound").fill("Clap")
        page.keyboard.press("Enter")
        expect(page.get_by_text("There is a class Clap already")).to_be_visible()
        page.get_by_role("button", name="Rename clap").click()
        page.get_by_label("New name of clap").fill("two hands")
        page.keyboard.press("Enter")
        expect(card(page, "two hands")).to_be_visible()
        expect(page.get_by_role("button", name="Rename two hands")).to_be_focused()
        page.get_by_role("button", name="Rename two hands").click()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Rename two hands")).to_be_focused()
        page.get_by_role("button", name="Delete Background").click()  # nothing is lost: it is not asked
        expect(card(page, "Background")).to_have_count(0)
        page.get_by_role("button", name="Add a background").click()
        expect(page.get_by_role("heading", level=3)).to_have_text(["Background", "two hands"])
        expect(page.get_by_role("button", name="Add a background")).to_be_hidden()
    assert sorted(one.name for one in taught_page.examples.iterdir()) == ["Background", "two hands"]


def test_files_folders_and_zips_are_added(taught_page: TaughtPage, tmp_path: Path) -> None:
    files = write_tones(tmp_path / "sounds", PITCHES_HZ, 3)
    (tmp_path / "sounds" / "low" / "notes.txt").write_text("no sound")
    (tmp_path / "sounds" / "low" / ".hidden").write_text("no sound")
    (tmp_path / "sounds" / "low" / "damaged.wav").write_bytes(b"RIFF no sound")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for number, file in enumerate(files):
            archive.write(file, f"set/{('one', 'two')[number % 2]}/{file.name}")
        archive.writestr("set/one/readme.md", "no sound")
    with taught_page.page() as page:
        clap = add_class(page, "clap")
        clap.locator("input[multiple]").set_input_files(files[:2])
        expect(clap.get_by_role("listitem")).to_have_count(2, timeout=UP_TO_MS)
        expect(page.get_by_text("2 examples added to clap.")).to_be_visible()
        clap.locator("input[webkitdirectory]").set_input_files(tmp_path / "sounds" / "high")
        expect(clap.get_by_role("listitem")).to_have_count(5, timeout=UP_TO_MS)
        expect(page.get_by_text("3 examples added to clap.")).to_be_visible()  # then nothing moves any more
        drop(page, clap, files[0])
        expect(clap.get_by_role("listitem")).to_have_count(6, timeout=UP_TO_MS)
        expect(page.get_by_text("1 example added to clap.")).to_be_visible()
        # A folder of class folders, anywhere.
        drop(page, page.get_by_role("heading", name="Show"), tmp_path / "sounds")
        skipped = page.get_by_role("list", name="Skipped files")
        expect(page.get_by_text("6 examples added; skipped:")).to_be_visible(timeout=UP_TO_MS)
        expect(skipped).to_contain_text("notes.txt")
        expect(skipped).to_contain_text("damaged.wav")
        expect(skipped.get_by_role("listitem")).to_have_count(2)
        drop(page, page.get_by_role("heading", name="Show"), tmp_path / "set.zip", files[0])
        expect(skipped).to_contain_text("readme.md")
        expect(skipped).to_contain_text("0.wav is in no folder of a class")
        expect(page.get_by_text("6 examples added; skipped:")).to_be_visible(timeout=UP_TO_MS)
        expect(page.get_by_role("heading", level=3)).to_have_text(["Background", "clap", "high", "low", "one", "two"])
    counts = {one.name: len(taught_page.files(one.name)) for one in taught_page.examples.iterdir()}
    assert counts == {"Background": 0, "clap": 6, "high": 3, "low": 3, "one": 3, "two": 3}


def test_examples_are_trimmed_and_deleted_and_both_can_be_undone(taught_page: TaughtPage, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.wav", tone(400, 1.0, 0.3, 8000), 8000)
    with taught_page.page() as page:
        clap = add_class(page, "clap")
        clap.locator("input[multiple]").set_input_files([tmp_path / "long.wav"])
        clap.get_by_role("button", name="Trim long.wav").click()
        keep = page.get_by_role("button", name="Keep only this part")
        expect(keep).to_be_disabled()
        page.get_by_label("Begin", exact=True).focus()
        for _ in range(20):
            page.keyboard.press("ArrowRight")
        box = page.get_by_label("End", exact=True).bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] - 8, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 8 + (box["width"] - 16) * 0.7, box["y"] + 60, steps=5)
        page.mouse.up()
        expect(page.get_by_text(re.compile(r"From 0.20 s to 0.(69|70|71) s, of 1.00 s"))).to_be_visible()
        page.get_by_role("button", name="Play", exact=True).click()
        keep.click()
        expect(clap.get_by_text("Trimmed long.wav.")).to_be_visible()
        expect(clap.get_by_text("0.5 s")).to_be_visible()
        expect(clap.get_by_role("button", name="Trim long.wav")).to_be_focused()
        assert soundfile.info(taught_page.files("clap")[0]).duration == pytest.approx(0.5, abs=0.02)
        clap.get_by_role("button", name="Undo").click()
        expect(clap.get_by_text("It is as it was.")).to_be_visible()
        (file,) = taught_page.files("clap")
        assert soundfile.info(file).duration == pytest.approx(1.0, abs=0.02)
        clap.get_by_role("button", name=re.compile("^Delete long")).click()
        expect(clap.get_by_role("listitem")).to_have_count(0)
        clap.get_by_role("button", name="Undo").click()
        expect(clap.get_by_role("listitem")).to_have_count(1)
        clap.get_by_role("button", name="Delete clap").click()
        page.get_by_role("button", name="Keep").click()
        expect(clap.get_by_role("button", name="Delete clap")).to_be_focused()
        clap.get_by_role("button", name="Delete clap").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(clap).to_have_count(0)
    assert [one.name for one in taught_page.examples.iterdir()] == ["Background"]


def test_the_keyboard_reaches_every_control_and_all_have_names(hearing_tones: Browser, tmp_path: Path) -> None:
    """On a phone, with a folder whose name is wider than that."""
    write_tones(tmp_path / "sounds", PITCHES_HZ, 3)
    folder = tmp_path / ("examples_" * 9)
    folder.mkdir()
    taught_page = TaughtPage(hearing_tones, folder)
    with taught_page.serving, taught_page.page(viewport={"width": 390, "height": 844}) as page:
        drop(page, page.get_by_role("heading", name="Show"), tmp_path / "sounds")
        expect(page.get_by_text("6 examples added.")).to_be_visible(timeout=UP_TO_MS)
        check_usable(page)


def test_answers_are_shown_in_the_order_of_their_requests(taught_page: TaughtPage) -> None:
    with taught_page.page() as page:
        shown = page.evaluate(
            """async () => {
              const { TeachClient } = await import("/files/teachclient.js");
              const [shown, real] = [[], window.fetch];
              const body = (path) => new Promise((wake) => setTimeout(wake, path === "/slow" ? 100 : 0, path));
              window.fetch = async (path) => ({ ok: true, status: 200, json: () => body(path) });
              const client = new TeachClient((answer) => shown.push(answer), () => undefined);
              await Promise.all(["/slow", "/fast"].map((path) => client.ask("POST", path)));
              window.fetch = real;
              return shown;
            }"""
        )
    assert shown == ["/slow", "/fast"]
