import json

import numpy as np
import pytest
import soundfile
from scipy.signal import welch

from echoic.codecs import LowCut, MuLaw, Spectrogram
from echoic.config import AudioSettings
from echoic.errors import ConfigError, DataError
from echoic.jobs.audio.charts import strip
from echoic.jobs.audio.drift import Reference, drift, measured
from echoic.jobs.audio.drift_page import write_drift_page
from echoic.jobs.audio.evaluate import DRIFT_SCORES
from echoic.jobs.audio.files import write_sound
from echoic.jobs.audio.framing import LevelFrames, SpectralFrames
from echoic.jobs.audio.network import build_network
from echoic.jobs.audio.parts import all_of
from echoic.jobs.audio.render import LOUDNESS_TEMPERATURE, blocks, samples_in
from echoic.jobs.base import Request
from echoic.jobs.reporting import write_report
from echoic.jobs.session import load, train
from echoic.types import Series

RATE_HZ = 2000
TINY = {
    "frame_samples": 16,
    "layers": (8,),
    "sample_width": 16,
    "place_width": 4,
    "batch_size": 4,
    "chunk": 16,
    "history_noise": 0.0,
    "gain_db": 0.0,
    "average": 0.0,
    "epochs": 1,
    "threads": 1,
}

OF_SAMPLES = {"history_noise", "gain_db", "sample_width", "place_width"}
FRAMES = {name: value for name, value in TINY.items() if name not in OF_SAMPLES}
"""Those that the frames model has, too."""


def voice(seconds, seed=0):
    """Tones of random pitch and length with pauses, and a little noise."""
    draws = np.random.default_rng(seed)
    pieces = []
    while sum(map(len, pieces)) < seconds * RATE_HZ:
        length = int(draws.integers(200, 600))
        tone = draws.uniform(0.1, 0.5) * np.sin(np.arange(length) * draws.uniform(0.1, 0.6))
        pieces += [tone * np.hanning(length), np.zeros(int(draws.integers(50, 200)))]
    sound = np.concatenate(pieces)[: seconds * RATE_HZ]
    return (sound + 1e-3 * draws.standard_normal(len(sound))).astype(np.float32)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("sound") / "voice.wav"
    soundfile.write(path, voice(120), RATE_HZ)
    return path


@pytest.fixture(scope="module")
def run(recording, tmp_path_factory):
    return train("audio", recording, out=tmp_path_factory.mktemp("runs") / "voice", **TINY)


def test_sound_is_made_where_the_recordings_are_not(tmp_path):
    soundfile.write(tmp_path / "voice.wav", voice(20), RATE_HZ)
    run = train("audio", tmp_path / "voice.wav", out=tmp_path / "run", **TINY | {"epochs": 1})
    before = run.generate("0.2s").samples
    (tmp_path / "voice.wav").unlink()
    moved = load(tmp_path / "run")
    assert np.array_equal(moved.generate("0.2s").samples, before)
    with pytest.raises(DataError, match=r"voice\.wav: is gone"):
        moved.evaluate()


def test_generated_sound_has_the_length_the_rate_and_the_seed_asked_for(run):
    first, again, other = (run.generate("0.5s", seed=seed, streams=2) for seed in (0, 0, 1))
    assert first.samples.shape == (2, 1000)
    assert first.rate_hz == RATE_HZ
    assert np.array_equal(first.samples, again.samples)
    assert not np.array_equal(first.samples, other.samples)
    assert not np.array_equal(first.samples[0], first.samples[1])
    codec = run.fitted.task.codec
    assert np.abs(first.samples).max() <= codec.scale / (1 - codec.emphasis) * (1 + 1e-6)


def test_a_longer_sound_begins_as_a_shorter_one(run):
    short, long = run.generate("901samples"), run.generate("2s")
    assert np.array_equal(short.samples, long.samples[:, :901])


def test_sound_of_levels_does_not_rumble_below_the_source():
    seconds = np.arange(8 * RATE_HZ) / RATE_HZ
    source = (0.5 * np.sin(2 * np.pi * 300 * seconds) + 0.2 * np.sin(2 * np.pi * 711 * seconds)).astype(np.float32)
    codec = MuLaw.fit([source], emphasis=0.85)
    rumble = {}
    for low_cut in (LowCut(0.0, RATE_HZ), LowCut.fit([source], RATE_HZ)):
        framing = LevelFrames(8, codec, low_cut)
        sound = np.concatenate(list(framing.sound(framing.frames([source])[:, None])), 1)[0]
        hz, power = welch(sound[RATE_HZ:], RATE_HZ, nperseg=RATE_HZ)
        rumble[low_cut.corner_hz > 0] = 10 * np.log10(power[hz < 60].mean())
        heard = np.sqrt(np.square(sound[RATE_HZ:]).mean())
        assert heard == pytest.approx(np.sqrt(np.square(source).mean()), rel=0.02)
    assert rumble[True] < rumble[False] - 30


def test_a_network_is_less_sure_how_loud_the_next_frame_is_unless_asked_otherwise(run):
    first, same, surer = (
        run.generate("1s", **asked)
        for asked in ({}, {"loudness_temperature": LOUDNESS_TEMPERATURE}, {"loudness_temperature": 1})
    )
    assert np.array_equal(first.samples, same.samples)
    assert not np.array_equal(first.samples, surer.samples)


def test_blocks_come_one_by_one(run):
    made = blocks(run.fitted, Request("1h", streams=3))
    assert next(made).shape == next(made).shape == (3, 496)


def test_a_prime_is_gone_on_from(run, recording):
    assert not np.array_equal(run.generate("0.1s", prime=recording).samples, run.generate("0.1s").samples)


def test_sound_goes_on_where_the_sound_before_ends():
    """In level, in the state of the filter, and of spectra in phase."""
    sound = np.sin(np.arange(6 * RATE_HZ) * 0.31).astype(np.float32) * 0.5
    half = 3 * RATE_HZ
    codec = MuLaw.fit([sound], emphasis=0.85)
    levels = LevelFrames(8, codec, LowCut.fit([sound], RATE_HZ))
    spectra = SpectralFrames.fit(Spectrogram(40), [sound])
    for framing, heard, error in ((levels, 4, 0.02), (spectra, 400, 0.05)):
        first = (half - framing.seen_samples) // framing.step_samples + 1
        goes_on = framing.sound(framing.frames([sound])[first:, None], sound[:half])
        found = np.concatenate(list(goes_on), 1)[0]
        np.testing.assert_allclose(found[:heard], sound[half:][:heard], atol=error)
        # No jump anywhere is larger than those of the sound itself.
        assert np.abs(np.diff(found[: RATE_HZ // 5])).max() < 1.2 * np.abs(np.diff(sound)).max()


@pytest.mark.parametrize(
    ("length", "samples"), [("2s", 4000), (2, 4000), ("0.5min", 60_000), ("7samples", 7), ("1h", 7_200_000)]
)
def test_lengths_are_times(run, length, samples):
    assert samples_in(run.fitted.task, length) == samples


def test_bad_requests_are_one_sentence(run, tmp_path):
    with pytest.raises(ConfigError, match="`--length` must be a time such as 10s, 5min, 1h or 800samples, got 'soon'"):
        run.generate("soon")
    with pytest.raises(ConfigError, match="`--length` must be a sample at least"):
        run.generate("0s")
    with pytest.raises(ConfigError, match="`--streams` must be from 1 to 1024, got 0"):
        run.generate("1s", streams=0)
    with pytest.raises(DataError, match="there is no such file"):
        run.generate("1s", prime=tmp_path / "none.wav")
    soundfile.write(tmp_path / "short.wav", np.ones(3) * 0.1, RATE_HZ)
    with pytest.raises(DataError, match="is shorter than a frame of 16 samples"):
        run.generate("1s", prime=tmp_path / "short.wav")
    with pytest.raises(ConfigError, match=r"one of the endings \.wav, \.flac, \.png, \.pdf, or a folder"):
        write_sound(run.fitted, Request("1s"), tmp_path / "a.mp3", lambda *_: None)
    with pytest.raises(ConfigError, match="`input_noise` is for numbers"):
        train("audio", run.config["data"]["path"], input_noise=0.1)
    with pytest.raises(ConfigError, match="`frame_of` mel is for --model frames"):
        train("audio", run.config["data"]["path"], frame_of="mel")
    for name in ("history_noise", "components", "emphasis"):
        with pytest.raises(ConfigError, match=f"`{name}` is for the samples model"):
            train("audio", run.config["data"]["path"], **{"model": "frames", name: 0.5 if name == "emphasis" else 1})
    with pytest.raises(ConfigError, match="`bands` is for --frame-of mel"):
        train("audio", run.config["data"]["path"], model="frames", bands=20)
    with pytest.raises(DataError, match=r"short\.wav: has less than two frames of 16 samples.*; give more sound\."):
        run.evaluate(tmp_path / "short.wav")


def test_a_bad_request_leaves_what_is_there(run, tmp_path):
    take = tmp_path / "take.wav"
    soundfile.write(take, voice(2), RATE_HZ)
    before = take.read_bytes()
    for asked, wrong in (
        ({"prime": str(take)}, "is the --prime, and would be written over"),
        ({"prime": str(tmp_path / "none.wav")}, "there is no such file"),
        ({"floor": 7.0}, "`floor` must be"),
    ):
        with pytest.raises((ConfigError, DataError), match=wrong):
            write_sound(run.fitted, Request("1s", **asked), take, lambda *_: None)
    assert take.read_bytes() == before
    with pytest.raises(ConfigError, match="`--streams` must be from 1 to 1024"):
        write_sound(run.fitted, Request("1s", streams=2000), tmp_path / "many", lambda *_: None)
    assert not (tmp_path / "many").exists()


def test_streams_of_another_time_are_not_mixed_with_new_ones(run, tmp_path):
    write_sound(run.fitted, Request("0.1s", streams=3), tmp_path, lambda *_: None)
    write_sound(run.fitted, Request("0.2s", streams=3), tmp_path, lambda *_: None)
    with pytest.raises(ConfigError, match=r"has 1 more streams .* such as stream-003\.wav"):
        write_sound(run.fitted, Request("0.1s", streams=2), tmp_path, lambda *_: None)


@pytest.mark.parametrize(("ending", "begins"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
@pytest.mark.parametrize("length", ["3samples", "1s"])
def test_pictures_show_the_spectrum(run, tmp_path, ending, begins, length):
    seen = []
    told = write_sound(run.fitted, Request(length), tmp_path / f"a.{ending}", lambda *made: seen.append(made))
    assert told.endswith("the spectrum of 1.0 s" if length == "1s" else "the spectrum of 0.0 s")
    assert (tmp_path / f"a.{ending}").read_bytes().startswith(begins)
    assert seen[-1][0] == seen[-1][1]


def test_a_picture_is_of_one_stream(run, tmp_path):
    with pytest.raises(ConfigError, match="which several streams need"):
        write_sound(run.fitted, Request("1s", streams=2), tmp_path / "a.png", lambda *_: None)


def test_the_strip_shows_when_and_how_high():
    time_s = np.arange(4 * RATE_HZ) / RATE_HZ
    tone = (np.sin(2 * np.pi * 250 * time_s) * (time_s > 2)).astype(np.float32)
    (raster,) = strip(tone, RATE_HZ).rasters
    late = raster.x > 2.2
    loudest_hz = raster.y[raster.values[:, late].argmax(0)]
    assert np.abs(loudest_hz - 250).max() < 10
    assert raster.values[:, raster.x < 1.8].max() < raster.values[:, late].max() - 60


def test_the_strip_of_a_long_stream_shows_what_is_short():
    sound = np.zeros(1000 * RATE_HZ, np.float32)
    sound[501 * RATE_HZ + 100 :][:200] = 0.5
    (raster,) = strip(sound, RATE_HZ).rasters
    assert raster.x[raster.values.max(0).argmax()] == pytest.approx(501, abs=2)
    assert raster.values.max() > -30


@pytest.mark.parametrize(("name", "streams"), [("a.wav", 1), ("a.flac", 1), ("folder", 3)])
def test_files_hold_what_was_made(run, tmp_path, name, streams):
    told = write_sound(run.fitted, Request("1s", streams=streams), tmp_path / name, lambda *_: None)
    paths = sorted((tmp_path / name).iterdir()) if streams > 1 else [tmp_path / name]
    wanted = run.generate("1s", streams=streams).samples
    assert len(paths) == streams
    for path, samples in zip(paths, wanted, strict=True):
        found, rate_hz = soundfile.read(path, dtype="float32")
        assert rate_hz == RATE_HZ
        np.testing.assert_allclose(found, samples.clip(-1, 1), atol=1 / 32768)
    assert "1.0 s" in told


def test_the_frames_model_foretells_whole_frames(recording, tmp_path):
    run = train("audio", recording, out=tmp_path / "o1", **FRAMES | {"model": "frames", "frame_samples": 200})
    found = run.evaluate()
    assert set(found.scores) == {"mse", *DRIFT_SCORES}
    assert set(found.naive) == {"silence", "repeat"}
    (first, second) = run.generate("1s", streams=2).samples
    assert first.shape == (2000,)
    assert np.array_equal(first, second)
    for asked in ({"temperature": 0.5}, {"top_k": 2}, {"floor": 0.1}):
        with pytest.raises(ConfigError, match="is for draws; the frames model foretells means"):
            run.generate("1s", **asked)


@pytest.mark.parametrize("frame_of", ["spectrum", "mel"])
def test_frames_of_spectra_are_foretold_and_made_sound(recording, tmp_path, frame_of):
    wanted = FRAMES | {"model": "frames", "frame_of": frame_of, "frame_samples": 64, "epochs": 12, "lr": 1e-2}
    wanted |= {"bands": 20} if frame_of == "mel" else {}
    run = train("audio", recording, out=tmp_path / "run", **wanted)
    frames = run.fitted.task.frames["train"]
    assert frames.mean().abs() < 0.01
    assert frames.std() == pytest.approx(1, abs=0.05)
    found = run.evaluate()
    assert found.scores["mse"] < found.naive["repeat"]["mse"]
    short, long = run.generate("700samples", prime=recording), run.generate("1s", prime=recording)
    assert short.samples.shape == (1, 700)
    assert np.array_equal(short.samples, long.samples[:, :700])
    assert load(run.path).evaluate().scores == found.scores


def test_sound_goes_through_spectra_and_back(recording, tmp_path):
    """What the frames of a recording sound like is what the recording sounds like, second by second."""
    run = train("audio", recording, out=tmp_path / "run", **FRAMES | {"model": "frames", "frame_of": "spectrum"})
    framing, sound = run.fitted.task.framing, voice(10, seed=5)
    again = np.concatenate(list(framing.sound(framing.frames([sound])[:, None])), 1)[0]
    levels = [np.sqrt(np.square(x[:19_000].reshape(-1, 1000)).mean(1)) for x in (sound, again)]
    np.testing.assert_allclose(levels[1], levels[0], rtol=0.1, atol=2e-3)


def test_a_report_shows_what_the_network_makes(run):
    found = run.evaluate()
    assert set(found.scores) == {"bits_per_sample", *DRIFT_SCORES}
    assert found.scores["bits_per_sample"] < found.naive["histogram"]["bits_per_sample"]
    page = write_report([run])
    figures = {path.stem for path in run.folder.figures.glob("*.png")}
    assert figures == {"loss", "strip", "distance", "survival", "level_db", "centroid_hz", "flatness"}
    assert len(found.drift.drift.time_s) == 3
    assert "Spectral centroid" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("given", "rate_hz", "samples"),
    [
        ({}, 16_000, 80),
        ({}, 44_100, 220),
        ({"model": "frames", "frame_of": "mel"}, 16_000, 200),
        ({}, 1000, 5),
        ({"frame_samples": 7}, 16_000, 7),
    ],
)
def test_a_step_is_as_long_at_every_rate_unless_samples_are_given(given, rate_hz, samples):
    assert AudioSettings.build(given).sound.samples_of_step(rate_hz) == samples


def test_o1_has_as_many_parameters_as_it_says():
    """Three layers of 600 over frames of a second at 16 kHz: 55 million."""
    settings = AudioSettings.build({"model": "frames", "frame_samples": 16_000, "layers": (600, 600, 600)})
    count = sum(weights.numel() for weights in build_network(settings, 16_000, ()).parameters())
    assert round(count / 1e6) == 55
    assert (settings.stack.dropout, settings.stack.input_dropout, settings.train.average) == (0, 0, 0)
    assert AudioSettings.build({"model": "frames"}, {"cell": "gru"}).stack.cell == "gru"


def test_files_are_dealt_whole_and_the_scale_is_of_the_training_part(tmp_path):
    for number in range(12):
        soundfile.write(tmp_path / f"{number:02}.wav", voice(5, number) * (0.05 + 0.05 * number), RATE_HZ)
    run = train("audio", tmp_path, out=tmp_path / "run", **TINY, emphasis=0)
    task = run.fitted.task
    names = {part: {stretch.recording.name for stretch in stretches} for part, stretches in task.parts.items()}
    assert [len(names[part]) for part in ("train", "dev", "test")] == [10, 1, 1]
    assert not names["train"] & (names["dev"] | names["test"])
    loudest = max(np.abs(stretch.sound).max() for stretch in task.parts["train"])
    assert task.codec.scale == pytest.approx(float(loudest))
    assert load(run.path).evaluate().scores == run.evaluate().scores


def test_drift_of_real_sound_is_small_and_collapsed_sound_is_caught(tmp_path):
    for folder, seeds in {"made": range(3), "real": range(10, 13), "noise": ()}.items():
        (tmp_path / folder).mkdir()
        for seed in seeds:
            soundfile.write(tmp_path / folder / f"{seed}.wav", voice(40, seed), RATE_HZ)
    soundfile.write(tmp_path / "noise" / "a.wav", 0.1 * np.random.default_rng(0).standard_normal(20_000), RATE_HZ)
    found = drift(tmp_path / "made", tmp_path / "real")
    assert found.scores["alive"] == 1
    assert found.scores["frechet_ratio"] < 2
    for control in found.controls.values():
        assert control.scores["frechet_ratio"] > 2 * found.scores["frechet_ratio"]
    assert [control.scores["alive"] for control in found.controls.values()] == [0, 0, 0, 0]
    json.dumps(found.to_json(), allow_nan=False)
    collapsed = drift(tmp_path / "noise", tmp_path / "real")
    assert collapsed.scores["alive"] == 0
    assert collapsed.drift.deaths[0].detector == "noise"
    assert "copied" not in collapsed.scores


def test_streams_that_copy_the_training_sound_are_dead_from_there_on():
    training = [all_of(Series(name, voice(60, seed)[:, None], ("sample",))) for name, seed in {"a": 1, "b": 2}.items()]
    begin = 31 * RATE_HZ + 77
    copying = np.concatenate([voice(20, 3), 0.5 * training[1].sound[begin : begin + 20 * RATE_HZ]])
    sounds = [voice(40, 4), copying, voice(40, 5), 0.5 * training[0].sound[: 40 * RATE_HZ]]
    found = measured(iter(sounds), len(sounds), RATE_HZ, Reference(voice(40, 6), training))
    deaths = found.drift.deaths
    assert [death is None for death in deaths] == [True, False, True, False]
    assert {death.detector for death in deaths if death} == {"copy"}
    assert 20 <= deaths[1].time_s <= 23.5
    assert deaths[3].time_s < 1
    assert found.scores["alive"] == 0.5
    assert found.scores["copied"] == pytest.approx(0.375, abs=0.02)
    assert found.likest.likeness == pytest.approx(1)


def test_a_page_of_drift_tells_what_was_left_out_and_where_a_copy_is(tmp_path):
    for folder, seed in {"made": 1, "real": 2, "training": 1}.items():
        (tmp_path / folder).mkdir()
        soundfile.write(tmp_path / folder / "a.wav", voice(20, seed), RATE_HZ)
    (tmp_path / "real" / "broken.wav").write_text("no sound")
    found = drift(tmp_path / "made", tmp_path / "real", training=tmp_path / "training")
    write_drift_page(found, tmp_path / "drift.html")
    page = (tmp_path / "drift.html").read_text("utf-8")
    assert "1 stream, 20 s in all, against 20 s of real sound." in page
    assert "is 1.00 alike (1 is a copy): a.wav at " in page
    assert "broken.wav: is no sound file" in page
    assert any("broken.wav: is no sound file" in note for note in found.to_json()["notes"])


def test_too_little_generated_sound_is_refused(tmp_path):
    for folder, seconds in {"made": 7, "real": 10}.items():
        (tmp_path / folder).mkdir()
        soundfile.write(tmp_path / folder / "a.wav", voice(seconds), RATE_HZ)
    with pytest.raises(DataError, match=r"Drift needs 8 s of generated sound .* there are 7\.0 s; generate more"):
        drift(tmp_path / "made", tmp_path / "real")
    with pytest.raises(DataError, match="Drift needs 8 s of real sound"):
        drift(tmp_path / "real", tmp_path / "made")


def test_sound_beyond_full_scale_is_judged_as_a_file_would_hold_it():
    loud = np.concatenate([voice(10), 20 * voice(6), voice(10)])
    found = measured(iter([loud]), 1, RATE_HZ, Reference(voice(40, 1), []))
    assert found.drift.deaths[0].detector == "clipping"
    assert found.drift.deaths[0].time_s == pytest.approx(10, abs=1)


def test_what_is_loud_may_come_late(tmp_path):
    soundfile.write(tmp_path / "crescendo.wav", np.concatenate([0.01 * voice(90), voice(60)]), RATE_HZ)
    late = train("audio", tmp_path / "crescendo.wav", out=tmp_path / "run", **TINY).fitted.task.source.loudest
    soundfile.write(tmp_path / "loud.wav", voice(150), RATE_HZ)
    assert late == train("audio", tmp_path / "loud.wav", out=tmp_path / "other", **TINY).fitted.task.source.loudest
