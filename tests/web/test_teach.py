"""Teaching over HTTP: classes and examples are ordinary files, and a training makes an ordinary run."""

import errno
import io
import multiprocessing
import shutil
import socket
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

pytest.importorskip("starlette", reason="the extra [serve] is not installed")

from served_runs import TOKEN
from teaching import RATE_HZ, Taught, encoded, teaching, tone, zipped

from echoic.errors import DataError, RunError
from echoic.web.teaching import conversion, intake
from echoic.web.teaching.store import ExampleStore

pytestmark = pytest.mark.slow

METHODS = ("GET", "PATCH", "DELETE")


def test_a_background_class_is_offered_first(taught: Taught) -> None:
    shown = taught.shown()
    assert shown["classes"] == [{"name": "Background", "is_background": True, "examples": []}]
    assert (shown["run"], shown["is_ready"], shown["folder"]) == ("mine", False, str(taught.examples))
    assert taught.add_class("a clap").json["classes"][1]["name"] == "a clap"
    assert [one["name"] for one in taught.add_class("Aha").json["classes"]] == ["Background", "a clap", "Aha"]
    assert taught.call("DELETE", "/teach/classes/Background").status == 200
    assert taught.add_class("background").json["classes"][0]["is_background"]
    assert taught.call("PATCH", "/teach/classes/Aha", {"name": "Élan 2"}).json["classes"][2]["name"] == "Élan 2"
    assert sorted(one.name for one in taught.examples.iterdir()) == ["a clap", "background", "Élan 2"]


def test_names_that_folders_should_not_have_are_refused(taught: Taught) -> None:
    odd = ["", " ", ".", "..", "../x", "a/b", "a\\b", ".x", "x.", "a\0b", "a\nb", "x" * 41, "CON", "nul", "<b>"]
    for name in (*odd, "train", "Dev"):
        assert "name" in taught.add_class(name).error
        assert taught.call("PATCH", "/teach/classes/Background", {"name": name}).status == 400
    assert [one.name for one in taught.examples.iterdir()] == ["Background"]


def test_names_of_any_script_are_kept_as_one_form(taught: Taught) -> None:
    for name in ("हिन्दी", "น้ำ", "עִבְרִית"):
        assert taught.add_class(name).status == 200
    assert taught.add_class(unicodedata.normalize("NFD", "Été")).status == 200
    assert "already" in taught.add_class(unicodedata.normalize("NFC", "Été")).error
    for name in ("\u0301e", "\u0301", "\u202egnp", "a\u200db"):
        assert "name" in taught.add_class(name).error
    taught.upload(zipped({unicodedata.normalize("NFD", "Été/é.wav"): encoded(tone(500))}), "a.zip")
    assert taught.names("Été") == ["é.wav"]


def test_requests_that_are_not_understood_change_nothing(taught: Taught) -> None:
    for body in (b"", b"{", b"[]", b"{}", b'{"name": 1}', b'{"name": "x", "y": 1}', b"x" * 10_000):
        for method, path in (("POST", "/teach/classes"), ("PATCH", "/teach/classes/Background")):
            assert taught.call(method, path, body).error
    assert [one.name for one in taught.examples.iterdir()] == ["Background"]


def test_a_class_is_there_once_whatever_its_case(taught: Taught) -> None:
    taught.add_class("clap")
    assert "already" in taught.add_class("CLAP").error
    assert "already" in taught.call("PATCH", "/teach/classes/Background", {"name": "Clap"}).error
    assert taught.call("PATCH", "/teach/classes/clap", {"name": "Clap"}).status == 200


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_sound_of_any_kind_becomes_a_wav_file_of_the_same_sound(taught: Taught, kind: str) -> None:
    raw = encoded(np.stack([tone(500), tone(700)], 1), kind, 16_000)
    answer = taught.upload(raw, f"My take.{kind.lower()}", "Background").json
    assert (answer["added"], answer["skipped"]) == (1, [])
    found, rate_hz = soundfile.read(taught.examples / "Background" / "My take.wav")
    expected = soundfile.read(io.BytesIO(raw))[0].mean(1)
    assert rate_hz == 16_000
    np.testing.assert_allclose(found, expected, atol=1 / (1 << 15))
    (example,) = answer["classes"][0]["examples"]
    assert example["seconds"] == round(len(expected) / 16_000, 3)
    assert example["peak"] == pytest.approx(np.abs(expected).max(), abs=2e-4)
    sound = taught.call("GET", "/teach/examples/Background/My%20take.wav")
    assert (sound.kind, sound.raw) == ("audio/x-wav", (taught.examples / "Background" / "My take.wav").read_bytes())


def test_a_taken_name_gets_a_number_and_an_odd_one_is_replaced(taught: Taught) -> None:
    for name in ("take.wav", "TAKE.flac", "take", "../../etc/passwd.wav", "a:b?.wav", "", "é.wav"):
        assert taught.upload(encoded(tone(500)), name, "Background").json["added"] == 1
    names = ["take.wav", "TAKE-2.wav", "take-3.wav", "passwd.wav", "example.wav", "example-2.wav", "é.wav"]
    assert taught.names("Background") == names
    assert taught.files == sorted(f"mine-examples/Background/{name}" for name in names)


def test_what_is_no_sound_is_skipped_with_a_reason(taught: Taught) -> None:
    for raw in (b"", b"no sound", encoded(tone(500))[:30], encoded(np.zeros(0)), b"\0" * 5000):
        answer = taught.upload(raw, "odd.wav", "Background")
        assert (answer.status, answer.json["added"]) == (200, 0)
        (reason,) = answer.json["skipped"]
        assert reason.startswith("odd.wav")
        assert str(taught.run.parent) not in reason
    assert taught.files == []


def test_long_sound_is_refused_before_it_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "long.flac").write_bytes(encoded(np.zeros(3600 * RATE_HZ), "FLAC"))
    assert (tmp_path / "long.flac").stat().st_size < 1 << 17
    monkeypatch.setattr(conversion, "decode_file", None)
    with pytest.raises(DataError, match=r"^long has 3600 s; examples have up to 60 s\.$"):
        conversion.convert(tmp_path / "long.flac", "long", tmp_path, keep="all")


def test_a_reader_that_the_system_has_killed_is_not_the_fault_of_the_next_file(taught: Taught) -> None:
    taught.upload(encoded(tone(500)), "a.wav", "Background")
    for name in ("b.wav", "c.wav"):
        for process in multiprocessing.active_children():
            process.kill()
            process.join()
        answer = taught.upload(encoded(tone(500)), name, "Background").json
        assert (answer["added"], answer["skipped"]) == (1, [])
        assert all("problem" not in one for one in answer["classes"][0]["examples"])


def test_deleting_a_class_that_is_a_link_keeps_what_it_leads_to(taught: Taught, tmp_path: Path) -> None:
    (tmp_path / "mine too").mkdir()
    (tmp_path / "mine too" / "a.wav").write_bytes(encoded(tone(500)))
    (taught.examples / "linked").symlink_to(tmp_path / "mine too")
    assert taught.names("linked") == ["a.wav"]
    shown = taught.call("DELETE", "/teach/classes/linked").json
    assert [one["name"] for one in shown["classes"]] == ["Background"]
    assert (tmp_path / "mine too" / "a.wav").exists()


def test_a_folder_of_examples_that_was_deleted_begins_anew(taught: Taught) -> None:
    for add in (lambda: taught.add_class("clap"), lambda: taught.upload(zipped({"clap/a.wav": encoded(tone(5))}), "a")):
        shutil.rmtree(taught.examples)
        assert taught.shown()["classes"] == []
        assert "no class" in taught.upload(encoded(tone(500)), "a.wav", "clap").error
        assert taught.call("POST", "/teach/training").error == taught.shown()["problem"]
        assert [one["name"] for one in add().json["classes"]] == ["clap"]


def test_two_servers_do_not_teach_the_same_run(tmp_path: Path) -> None:
    with teaching(tmp_path) as one:
        incoming = one.examples / ".incoming-now"
        incoming.mkdir()
        with pytest.raises(RunError, match=r"Another server teaches on .*mine-examples; stop it, or give --teach"):
            ExampleStore(one.examples)
        assert incoming.exists()
    with teaching(tmp_path) as one:
        assert one.shown()["classes"]
    assert not incoming.exists()


def test_long_sound_and_large_uploads_are_refused(taught: Taught, monkeypatch: pytest.MonkeyPatch) -> None:
    (reason,) = taught.upload(encoded(np.zeros(61 * RATE_HZ)), "long.wav", "Background").json["skipped"]
    assert reason == "long.wav has 61 s; examples have up to 60 s."
    monkeypatch.setattr(intake, "UPLOAD_BYTES", 1 << 20)
    assert "1 MB" in taught.upload(bytes((1 << 20) + 1), "large.wav", "Background").error
    assert taught.files == []


def test_an_upload_that_does_not_come_ends(taught: Taught, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "UPLOAD_S", 0.1)
    with socket.create_connection(("127.0.0.1", taught.served.port)) as slow:
        head = f"POST /teach/examples?class=Background HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n"
        slow.sendall(f"{head}Content-Length: 1000\r\n\r\nRIFF".encode())
        assert b"400" in slow.recv(100)
    assert taught.files == []


def test_silence_is_cut_only_where_asked(taught: Taught) -> None:
    silence = np.zeros(RATE_HZ)
    raw = encoded(np.concatenate([silence, tone(500), silence[: RATE_HZ // 2], tone(500), silence]))
    for keep, seconds in (("all", 3.3), ("trim", 1.4)):
        answer = taught.upload(raw, "a.wav", "Background", keep).json
        assert answer["classes"][0]["examples"][-1]["seconds"] == pytest.approx(seconds, abs=0.02)
    assert taught.upload(encoded(silence), "a.wav", "Background", "trim").json["added"] == 1


def test_a_recording_is_split_at_its_pauses(taught: Taught) -> None:
    pauses = [np.zeros(round(seconds * RATE_HZ)) for seconds in (1.0, 0.6, 0.2, 0.5)]
    raw = encoded(np.concatenate([part for pause in pauses for part in (pause, tone(500))]))
    answer = taught.upload(raw, "a.wav", "Background", "split").json
    assert (answer["added"], answer["skipped"]) == (3, [])
    found = {one["name"]: one["seconds"] for one in answer["classes"][0]["examples"]}
    # With 50 ms before and after; the short pause is within one.
    assert found == {
        name: pytest.approx(seconds, abs=0.02) for name, seconds in zip(found, (0.5, 1.1, 0.45), strict=True)
    }
    answer = taught.upload(encoded(np.zeros(RATE_HZ)), "quiet.wav", "Background", "split").json
    assert answer["skipped"] == ["quiet.wav has no sound that is louder than its background."]


def test_trimming_keeps_what_lies_between_the_times(taught: Taught) -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, RATE_HZ)
    taught.upload(encoded(samples), "a.wav", "Background")
    path = "/teach/examples/Background/a.wav"
    before = soundfile.read(taught.examples / "Background" / "a.wav")[0]
    assert (
        taught.call("PATCH", path, {"begin_s": 0.25, "end_s": 0.75}).json["classes"][0]["examples"][0]["seconds"] == 0.5
    )
    np.testing.assert_array_equal(soundfile.read(taught.examples / "Background" / "a.wav")[0], before[2000:6000])
    for begin_s, end_s in ((0.4, 0.4), (0.3, 0.1), (9, 10), (0, 0.01), (-1, 1), (None, 1), ("0", 1)):
        assert taught.call("PATCH", path, {"begin_s": begin_s, "end_s": end_s}).error
    assert taught.call("PATCH", path, b'{"begin_s": 0, "end_s": NaN}').error
    assert taught.call("PATCH", path, b'{"begin_s": 0, "end_s": 1e999}').error
    assert len(soundfile.read(taught.examples / "Background" / "a.wav")[0]) == 4000


def test_an_example_is_removed_and_then_gone(taught: Taught) -> None:
    taught.upload(encoded(tone(500)), "a.wav", "Background")
    path = "/teach/examples/Background/a.wav"
    assert taught.call("DELETE", path).json["classes"][0]["examples"] == []
    for method in ("GET", "DELETE", "PATCH"):
        assert taught.call(method, path, b'{"begin_s": 0, "end_s": 1}').error


def test_no_path_reaches_other_files(taught: Taught) -> None:
    secret = taught.run.parent / "secret.wav"
    secret.write_bytes(encoded(tone(500)))
    names = ["..", "%2e%2e", "%2e%2e%2fsecret", "Background%2f..", "%2fetc", "", "Background"]
    examples = ["..", "secret.wav", "..%2fsecret.wav", "%2e%2e%2f%2e%2e%2fsecret.wav", "x%00.wav"]
    tried = [(method, f"/teach/examples/{name}/{one}") for name in names for one in examples for method in METHODS]
    tried += [(method, f"/teach/classes/{name}") for name in names[:-1] for method in METHODS]
    for method, path in tried:
        assert taught.call(method, path, b'{"begin_s": 0, "end_s": 0.1}').status in {307, 400, 404, 405}
    assert secret.read_bytes() == encoded(tone(500))


def test_other_pages_and_strangers_change_nothing(taught: Taught) -> None:
    taught.upload(encoded(tone(500)), "a.wav", "Background")
    paths = ["/teach", "/teach/classes", "/teach/classes/Background", "/teach/examples?class=Background&name=b.wav"]
    for path in (*paths, "/teach/examples/Background/a.wav", "/teach/training"):
        for method in (*METHODS, "POST"):
            assert taught.call(method, path, encoded(tone(500)), Authorization="Bearer wrong").status == 401
            assert taught.call(method, path, encoded(tone(500)), Origin="http://evil.com").status == 403
    assert taught.files == ["mine-examples/Background/a.wav"]
    assert taught.shown()["training"]["status"] == "none"


def test_folders_in_a_zip_are_classes(taught: Taught) -> None:
    wave = encoded(tone(500))
    files = {
        "set/clap/one.wav": wave,
        "set/clap/two.flac": encoded(tone(500), "FLAC"),
        "set/background/a.wav": wave,
        "set/readme.txt": b"x",
        "set/clap/bad.wav": b"x",
        "top.wav": wave,
        "__MACOSX/clap/._one.wav": wave,
        "../../../up.wav": wave,
        "set/con/x.wav": wave,
    }
    answer = taught.upload(zipped(files), "set.zip").json
    assert answer["added"] == 3
    assert [(one["name"], len(one["examples"])) for one in answer["classes"]] == [("Background", 1), ("clap", 2)]
    reasons = " ".join(answer["skipped"])
    assert all(name in reasons for name in ("readme.txt", "bad.wav", "top.wav", "con"))
    assert taught.upload(zipped(files), "set.zip", "clap").json["added"] == 5  # folders do not matter
    assert len(taught.files) == 8


def test_a_zip_that_unpacks_to_too_much_or_is_damaged_adds_nothing(
    taught: Taught, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "UNPACKED_BYTES", 1 << 20)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("clap/bomb.wav", bytes(1 << 24))
    assert len(file.getvalue()) < 1 << 20
    assert taught.upload(file.getvalue(), "set.zip").error.endswith("(it has more than 1 MB); send smaller parts.")
    for raw in (file.getvalue(), file.getvalue().replace((1 << 24).to_bytes(4, "little"), (9).to_bytes(4, "little"))):
        assert "cannot be unpacked" in taught.upload(raw, "set.zip").error
    whole = zipped({"clap/a.wav": encoded(tone(500))})
    for raw in (whole[:60] + bytes(20) + whole[80:], whole.replace(b"PK\1\2", b"PK\1\2\0\0\0\0\1\0", 1)):
        answer = taught.upload(raw, "set.zip")
        assert answer.status == 400 or not answer.json["added"]
    assert taught.files == []


def test_a_full_disk_is_no_damage_of_a_zip(taught: Taught, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(intake, "_unpack", fail)
    said = taught.upload(zipped({"clap/a.wav": encoded(tone(500))}), "set.zip").error
    assert said.startswith(f"{taught.examples} cannot be written (No space left on device): free some space")
    assert taught.files == []


def test_sound_without_a_class_or_with_an_unknown_one_is_refused(taught: Taught) -> None:
    assert "no class" in taught.upload(encoded(tone(500)), "a.wav").error
    assert "no class clap" in taught.upload(encoded(tone(500)), "a.wav", "clap").error
    assert taught.files == []


def test_there_is_an_end_to_the_number_of_examples(taught: Taught, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST_EXAMPLES", 2)
    answer = taught.upload(zipped({f"{one}.wav": encoded(tone(500)) for one in range(4)}), "a.zip", "Background").json
    assert (answer["added"], len(answer["skipped"])) == (2, 1)
