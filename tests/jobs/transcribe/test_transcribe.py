"""The transcribe job: its data, its notes, and what it writes."""

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
import pytest
import soundfile
import torch
from commands import run_command
from job_data import phrases

import echoic
from echoic.codecs import Units
from echoic.errors import ConfigError, DataError
from echoic.jobs.transcribe.calibration import WEIGHTS, chosen_weight
from echoic.jobs.transcribe.evaluate import TranscribeEvaluation
from echoic.jobs.transcribe.task import TranscribeTask
from echoic.metrics.texts import text_scores

SMALL: dict[str, Any] = {
    "n_mels": 8,
    "conv_channels": (4,),
    "conv_stride": 2,
    "layers": (24,),
    "dropout": 0.0,
    "batch_size": 4,
}
SMALL |= {"threads": 1, "lr": 1e-2}


def scored(run: echoic.Run, data: Any = None, **beside: Any) -> TranscribeEvaluation:
    return cast("TranscribeEvaluation", run.evaluate(data, **beside))


def units_of(prepared: Any) -> Units:
    return cast("TranscribeTask", prepared.task).units


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> echoic.Run:
    folder = tmp_path_factory.mktemp("transcribe")
    return echoic.train("transcribe", phrases(folder), out=folder / "run", epochs=60, **SMALL)


def changed_table(folder: Path, text: str, row: int) -> Path:
    table = pl.read_csv(phrases(folder))
    texts = table["text"].to_list()
    texts[row] = text
    path = folder / "changed.csv"
    table.with_columns(pl.Series("text", texts)).write_csv(path)
    return path


def test_a_text_that_is_too_long_for_its_sound_is_left_out_or_refused(tmp_path: Path) -> None:
    path = changed_table(tmp_path, "ab" * 60, 3)
    prepared = echoic.prepare("transcribe", path, config=SMALL)
    message = r"phrase-3-None\.wav: the text of 120 units requires 120 steps of the network, but the sound has \d+"
    notes = prepared.task.data_report()["notes"]
    (place,) = [number for number, note in enumerate(notes) if note == "Texts skipped (1):"]
    assert "requires 120 steps" in notes[place + 1]
    assert prepared.task.data_report()["splits"]["train"] == 15
    with pytest.raises(DataError, match=message.replace(": the", r" \(phrase-3-None\.wav\): the")):
        echoic.prepare("transcribe", path, config=SMALL, on_error="stop")


def test_repeats_need_a_step_between_them() -> None:
    sounds = [np.zeros(160, np.float32), np.zeros(160, np.float32)]
    plain: dict[str, Any] = {"hop_ms": 10, "conv_channels": (), "split": (1, 0, 0), "rate_hz": 2000, "on_error": "stop"}
    echoic.prepare("transcribe", sounds, texts=["abababab", "ab"], **plain)
    with pytest.raises(DataError, match="text of 8 units requires 15 steps of the network, but the sound has 9"):
        echoic.prepare("transcribe", sounds, texts=["aaaaaaaa", "ab"], **plain)


def test_units_that_only_test_has_are_noted_and_count_as_errors(tmp_path: Path) -> None:
    path = changed_table(tmp_path, "abz", 2)  # the third row is of test
    run = echoic.train("transcribe", path, epochs=1, **SMALL)
    notes = " ".join(run.config["data"]["report"]["notes"])
    assert "Only in test, so that the network cannot write them: 'z' (1 unit (phrase-2-None.wav))" in notes
    assert "abz" in scored(run).true


def test_a_test_text_without_a_known_unit_counts(tmp_path: Path) -> None:
    run = echoic.train("transcribe", changed_table(tmp_path, "xyz", 2), epochs=1, **SMALL)
    assert "xyz" in scored(run).true


def test_normalization_is_stated() -> None:
    sounds = [np.zeros(900, np.float32)] * 4
    texts = ["It's one, two!", "three", "It's one, two!", "three"]
    kept = echoic.prepare(
        "transcribe", sounds, texts=texts, rate_hz=2000, split=(1, 0, 0), case="keep", punctuation="keep"
    )
    plain = echoic.prepare("transcribe", sounds, texts=texts, rate_hz=2000, split=(1, 0, 0), conv_stride=1)
    assert units_of(kept).decode(units_of(kept).encode(texts[0])) == texts[0]
    assert units_of(plain).decode(units_of(plain).encode(texts[0])) == "it's one two"
    assert "in lower case, without punctuation (--case, --punctuation): 2 of 4 changed." in " ".join(
        plain.task.data_report()["notes"]
    )


def test_listed_units_must_have_every_training_text() -> None:
    sounds = [np.zeros(900, np.float32)] * 4
    plain: dict[str, Any] = {"rate_hz": 2000, "split": (1, 0, 0)}
    found = echoic.prepare("transcribe", sounds, texts=["one two", "two"] * 2, units="one,two,three", **plain)
    assert units_of(found).names == ("one", "two", "three")
    with pytest.raises(DataError, match=r"'four' is not among `units`, in the text 'two four'; add it there"):
        echoic.prepare("transcribe", sounds, texts=["one", "two four"] * 2, units=("one", "two"), **plain)
    with pytest.raises(DataError, match=r"'TWO' is not among `units`, in the text 'one TWO'; choose --case lower"):
        echoic.prepare("transcribe", sounds, texts=["one", "one TWO"] * 2, units=("one", "two"), **plain)
    lower = echoic.prepare("transcribe", sounds, texts=["one", "TWO"] * 2, units="One,Two", case="lower", **plain)
    assert units_of(lower).encode("one TWO") == [0, 1]


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_recordings_are_named_as_such(count: int) -> None:
    sounds = [np.zeros(900, np.float32)] * count
    with pytest.raises(DataError, match=rf"requires more than {count} recordings?; choose another --split"):
        echoic.prepare("transcribe", sounds, texts=["ab"] * count, rate_hz=2000)


def test_copies_with_other_texts_are_noted() -> None:
    sounds = [np.full(900, 1e-3 * number, np.float32) for number in [0, 0, 1, 2]]
    found = echoic.prepare("transcribe", sounds, texts=["a", "b", "ab", "ab"], rate_hz=2000, split=(1, 0, 0))
    note = "but different texts: 1 recording (recording 1 like recording 0)"
    assert note in " ".join(found.task.data_report()["notes"])


def test_settings_that_contradict_each_other_are_refused() -> None:
    sounds = [np.zeros(900, np.float32)] * 4
    with pytest.raises(ConfigError, match="`beam_size` has no effect with --decoder greedy"):
        echoic.prepare("transcribe", sounds, texts=["a"] * 4, rate_hz=2000, decoder="greedy", beam_size=3)
    with pytest.raises(ConfigError, match="`early_blanks` has no effect with --bidirectional"):
        echoic.prepare("transcribe", sounds, texts=["a"] * 4, rate_hz=2000, bidirectional=True, early_blanks=0.1)
    with pytest.raises(ConfigError, match="`texts` is for the job transcribe; leave it out for audio"):
        echoic.prepare("audio", sounds, texts=["a"] * 4, rate_hz=2000)


def test_early_blanks_end_at_their_fraction_of_training(tmp_path: Path) -> None:
    path = phrases(tmp_path)

    def weights(early_blanks: float, steps: int) -> dict[str, torch.Tensor]:
        plain = SMALL | {"lr_schedule": "constant", "warmup_fraction": 0.0, "early_blanks": early_blanks}
        return echoic.train("transcribe", path, steps=steps, **plain).model.state_dict()

    def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
        return all(torch.equal(one[name], other[name]) for name in one)

    assert same(weights(0.5, 2), weights(0.2, 2))
    assert not same(weights(0.5, 2), weights(0.51, 2))
    assert not same(weights(0.5, 2), weights(0.0, 2))


@pytest.mark.parametrize(
    ("pitches", "bands"),
    [("", (32, 450, 950)), (",min_hz=1200,max_hz=1500", (26, 1150, 1550)), (",min_hz=100,max_hz=3500", (96, 50, 3550))],
)
def test_bands_of_morse_code_are_around_its_pitches(pitches: str, bands: tuple[int, float, float]) -> None:
    prepared = echoic.prepare("transcribe", f"synth:morse,clips=4{pitches}", split=(1, 0, 0))
    spectrum = cast("TranscribeTask", prepared.task).settings.spectrum
    assert (spectrum.n_mels, spectrum.low_hz, spectrum.high_hz) == bands


def test_the_ngram_model_has_a_weight_only_where_it_clearly_saves_edits() -> None:
    plain = np.array([2.0, 0, 1, 3, 0, 2, 1, 1])
    saving = np.array([-1.0, 0, -1, -1, 0, -1, -1, -1])
    by_chance = np.array([1.0, 1, 1, -2, 1, -2, 1, -2])
    worse = np.ones(8)

    def chosen(*changes: np.ndarray) -> float:
        return chosen_weight([plain, *(plain + change for change in changes)])

    assert chosen(worse, saving, by_chance, worse) == WEIGHTS[2]
    assert chosen(worse, by_chance, worse, worse) == 0
    assert chosen(worse, worse, worse, worse) == 0
    assert chosen_weight([np.array([5.0, 5]), np.array([4.0, 4]), *[np.array([6.0, 6])] * 3]) == 0  # two recordings
    assert chosen(*[np.zeros(8)] * 4) == 0


def test_the_future_changes_no_text_before_it(run: echoic.Run) -> None:
    torch.manual_seed(0)
    model, values = run.model.eval(), run.fitted.task.features.values
    x = torch.randn(1, 60, values)
    changed = x.clone()
    changed[:, 40:] = torch.randn(1, 20, values)
    with torch.no_grad():
        one, other = model(x)[0], model(changed)[0]
    torch.testing.assert_close(one[:, :20], other[:, :20], rtol=0, atol=0)
    assert not torch.equal(one[:, 20:], other[:, 20:])


def test_predictions_have_texts_times_and_units(run: echoic.Run) -> None:
    evaluation = scored(run)
    found = run.predict()
    assert dict(zip(found["file"], found["text"], strict=True)) == dict(
        zip(evaluation.names, evaluation.found, strict=True)
    )
    for text, onset_s, offset_s, units in zip(
        *(found[name] for name in ("text", "onset_s", "offset_s", "units")), strict=True
    ):
        assert "".join(one["text"] for one in units) == text
        times = [time for one in units for time in (one["onset_s"], one["offset_s"])]
        assert times == sorted(times)
        assert (onset_s, offset_s) == (times[0], times[-1])
        assert all(len(repr(time)) <= len("1234.123456") for time in times)
        assert all(0 < one["confidence"] <= 1 for one in units)


def test_the_command_writes_json_tables_and_subtitles(run: echoic.Run, tmp_path: Path) -> None:
    folder = run.path.parent
    file = folder / "phrase-2-None.wav"
    printed = json.loads(run_command("predict", run.path, file, "--json").out)
    assert printed[0]["units"][0].keys() == {"onset_s", "offset_s", "text", "confidence"}
    for ending in ("srt", "vtt", "txt", "csv", "parquet"):
        run_command("predict", run.path, file, "-o", tmp_path / f"out.{ending}")
    assert printed[0]["text"] in (tmp_path / "out.srt").read_text()
    cell = pl.read_csv(tmp_path / "out.csv")["units"][0]
    assert [one["text"] for one in json.loads(cell)] == list(printed[0]["text"])
    records = [
        json.loads(line)
        for line in run_command("live", run.path, file, "--partial", "--pause-s", "0.5").out.splitlines()
    ]
    (final,) = [one for one in records if one["ended"]]
    assert final["text"] == printed[0]["text"]
    assert any(not one["ended"] and final["text"].startswith(one["text"]) for one in records)


def test_new_recordings_are_tables_folders_and_arrays(run: echoic.Run, tmp_path: Path) -> None:
    table = phrases(tmp_path)
    whole = scored(run, table)
    assert len(whole.names) == 16  # those of the split test
    pairs = tmp_path / "pairs"
    pairs.mkdir()
    sounds, texts = [], []
    for name, text, split in pl.read_csv(table).rows():
        if split == "test":
            sounds.append(soundfile.read(tmp_path / name, dtype="float32")[0])
            texts.append(text)
            soundfile.write(pairs / name, sounds[-1], 2000)
            (pairs / name).with_suffix(".txt").write_text(text)
    assert run.evaluate(pairs).scores == whole.scores
    assert run.evaluate(sounds, texts=texts).scores == whole.scores
    found = run.predict(sounds)["text"].tolist()
    assert found == run.predict(table)["text"].tolist()[2::3]
    assert found == list(whole.found)


def test_a_recording_without_text_has_a_row(run: echoic.Run) -> None:
    found = run.predict([np.zeros(2000, np.float32)])
    assert len(found["text"]) == 1


def test_error_rates_are_those_of_jiwer() -> None:
    jiwer = pytest.importorskip("jiwer")
    draws = np.random.default_rng(0)
    texts = [
        [" ".join("".join(draws.choice(list("abc"), 3)) for _ in range(int(draws.integers(1, 6)))) for _ in range(40)]
        for _ in range(2)
    ]
    scores = text_scores(*texts)
    assert scores["word_error_rate"] == pytest.approx(jiwer.wer(*texts))
    assert scores["character_error_rate"] == pytest.approx(jiwer.cer(*texts))
