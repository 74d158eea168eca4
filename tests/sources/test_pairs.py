"""Pairs of signals: tables, sound, and named arrays."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import soundfile

from echoic.config import MapDataSettings
from echoic.errors import ConfigError, DataError
from echoic.sources import read
from echoic.sources.memory import Pairs

SIGNAL = np.random.default_rng(0).standard_normal(400)


def write_table(path: Path, header: str, columns: list[np.ndarray]) -> Path:
    np.savetxt(path, np.stack(columns, 1), header=header, comments="", delimiter=",", fmt="%.9g")
    return path


def write_sound(path: Path, samples: np.ndarray, rate_hz: int) -> None:
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, samples, rate_hz, "FLOAT")


def test_columns_without_a_role_go_in(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", "flow,heat,quality", [SIGNAL, 2 * SIGNAL, 3 * SIGNAL])
    (one,) = read(path, MapDataSettings(targets=("quality",))).series
    assert (one.features, one.covariates.past_names) == (("quality",), ("flow", "heat"))
    np.testing.assert_allclose(one.covariates.past, np.stack([SIGNAL, 2 * SIGNAL], 1), rtol=1e-6)
    (one,) = read(path, MapDataSettings(inputs=("heat",), targets=("quality",))).series
    assert one.covariates.past_names == ("heat",)


def test_further_files_are_dev_and_test(tmp_path: Path) -> None:
    paths = [write_table(tmp_path / f"{name}.csv", "u,y", [SIGNAL, SIGNAL]) for name in ("a", "b", "c")]
    settings = MapDataSettings(targets=("y",), dev=paths[1], test=paths[2])
    assert [one.annotations.split for one in read(paths[0], settings).series] == [None, "dev", "test"]
    write_table(paths[2], "v,y", [SIGNAL, SIGNAL])
    with pytest.raises(DataError, match=r"c\.csv.*'u'"):
        read(paths[0], settings)


def test_a_file_may_be_renamed_and_its_values_may_not_change(tmp_path: Path) -> None:
    settings = MapDataSettings(targets=("y",))
    first = read(write_table(tmp_path / "a.csv", "u,y", [SIGNAL, SIGNAL]), settings).fingerprint
    assert read(write_table(tmp_path / "b.csv", "u,y", [SIGNAL, SIGNAL]), settings).fingerprint == first
    assert read(write_table(tmp_path / "b.csv", "u,y", [SIGNAL + 1, SIGNAL]), settings).fingerprint != first


@pytest.mark.parametrize("ending", [".npz", ".hdf5"])
def test_named_arrays_are_read_from_both_formats(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    arrays = {"u": np.stack([SIGNAL, -SIGNAL], 1), "y": 2 * SIGNAL, "other": SIGNAL[:3]}
    if ending == ".npz":
        np.savez(path, **arrays)  # type: ignore[arg-type]
    else:
        with h5py.File(path, "w") as file:
            for name, array in arrays.items():
                file[f"group/{name}" if name == "other" else name] = array
    (one,) = read(path, MapDataSettings(inputs=("u",), targets=("y",))).series
    assert (one.covariates.past_names, one.features) == (("u0", "u1"), ("y",))
    np.testing.assert_array_equal(one.covariates.past, arrays["u"])
    np.testing.assert_array_equal(one.values[:, 0], arrays["y"])
    with pytest.raises(DataError, match=rf"a\{ending}: no array 'z'; there are .*u.*\.$"):
        read(path, MapDataSettings(inputs=("z",), targets=("y",)))


@pytest.mark.parametrize("content", [b"", b"no data at all", None])
def test_a_damaged_hdf5_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.hdf5"
    if content is None:
        with h5py.File(path, "w") as file:
            file["u"], file["y"] = SIGNAL, SIGNAL
        content = path.read_bytes()[:-200]
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.hdf5 cannot be read \(.*\); write or copy the file again\.$"):
        read(path, MapDataSettings(targets=("y",)))


def test_three_axes_are_several_series() -> None:
    values = np.random.default_rng(0).standard_normal((5, 30, 2))
    found = read(Pairs(values, values[..., :1]), MapDataSettings()).series
    assert len(found) == 5
    np.testing.assert_array_equal(found[3].covariates.past, values[3])
    np.testing.assert_array_equal(found[3].values[:, 0], values[3, :, 0])


def test_slow_targets_are_missing_in_between_and_slow_inputs_are_held() -> None:
    (one,) = read(Pairs(SIGNAL, SIGNAL[::4]), MapDataSettings()).series
    np.testing.assert_array_equal(one.values[::4, 0], SIGNAL[::4])
    assert np.isnan(np.delete(one.values[:, 0], np.arange(0, 400, 4))).all()
    dataset = read(Pairs(SIGNAL[:100], SIGNAL), MapDataSettings())
    np.testing.assert_array_equal(dataset.series[0].covariates.past[:, 0], np.repeat(SIGNAL[:100], 4))
    assert "The inputs are 4 times slower than the targets" in " ".join(dataset.report.notes)


def test_lengths_that_do_not_fit_are_refused_and_small_differences_cut() -> None:
    dataset = read(Pairs(SIGNAL, SIGNAL[:395]), MapDataSettings())
    assert dataset.series[0].steps == 395
    assert "5 steps at the end of the inputs left out" in " ".join(dataset.report.notes)
    with pytest.raises(DataError, match=r"the inputs have 400 steps and the targets 300, and neither"):
        read(Pairs(SIGNAL, SIGNAL[:300]), MapDataSettings())


def test_sound_is_paired_by_name_whatever_the_ending(tmp_path: Path) -> None:
    for name in ("b.wav", "a.wav", "alone.wav"):
        write_sound(tmp_path / "dry" / name, 0.1 * SIGNAL, 8000)
    for name in ("a.flac", "b.wav"):
        (tmp_path / "wet").mkdir(exist_ok=True)
        soundfile.write(tmp_path / "wet" / name, 0.2 * SIGNAL, 8000)
    dataset = read(tmp_path / "dry", MapDataSettings(targets=(str(tmp_path / "wet"),)))
    assert [one.name for one in dataset.series] == ["a.wav", "b.wav"]
    assert any("alone.wav" in note for note in dataset.report.notes)
    with pytest.raises(ConfigError, match="`targets` is missing"):
        read(tmp_path / "dry", MapDataSettings())


def test_rates_of_which_one_divides_the_other_are_kept_and_others_refused(tmp_path: Path) -> None:
    write_sound(tmp_path / "dry" / "a.wav", 0.1 * SIGNAL, 8000)
    write_sound(tmp_path / "wet" / "a.wav", 0.2 * SIGNAL[::2], 4000)
    settings = MapDataSettings(targets=(str(tmp_path / "wet"),))
    (one,) = read(tmp_path / "dry", settings).series
    np.testing.assert_allclose(one.values[::2, 0], 0.2 * SIGNAL[::2], atol=1e-6)
    assert one.annotations.rate_hz == 8000
    write_sound(tmp_path / "wet" / "a.wav", 0.2 * SIGNAL[:300], 6000)
    with pytest.raises(DataError, match=r"6,000 samples per second and .* 8,000, and neither rate divides the other"):
        read(tmp_path / "dry", settings)
    assert read(tmp_path / "dry", settings.model_copy(update={"rate_hz": 8000.0})).series[0].steps == 400


def test_settings_of_tables_are_passed_on(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("t;gr\u00f6\u00dfe;y\n01|02|2020;1;2\n02|02|2020;3;4\n", "latin-1")
    settings = MapDataSettings(targets=("y",), time="t", delimiter=";", encoding="latin-1", date_format="%d|%m|%Y")
    (one,) = read(path, settings).series
    assert one.covariates.past_names == ("gr\u00f6\u00dfe",)
    assert str(one.time.start).startswith("2020-02-01")
    path.write_text("t,u,y\n2020-01-01 00:00,1,2\n2020-01-01 02:00,3,4\n2020-01-01 04:00,5,6\n")
    with pytest.raises(DataError, match=r"--gaps mask .* --freq"):
        read(path, MapDataSettings(targets=("y",), freq="h"))
    settings = MapDataSettings(targets=("y",), freq="h", gaps="mask", time_zone="+02:00")
    (one,) = read(path, settings).series
    assert (one.steps, one.time.zone) == (5, "+02:00")


def test_a_column_has_one_role(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", "u,y", [SIGNAL, SIGNAL])
    with pytest.raises(DataError, match="'y' is named as an input and as a target"):
        read(path, MapDataSettings(inputs=("y",), targets=("y",)))
    with pytest.raises(ConfigError, match="`targets` is missing: name the columns to predict"):
        read(path, MapDataSettings())


@pytest.mark.parametrize("ending", [".npz", ".hdf5"])
def test_damaged_bytes_are_one_sentence(tmp_path: Path, ending: str) -> None:
    path, draws = tmp_path / f"a{ending}", np.random.default_rng(0)
    if ending == ".npz":
        np.savez_compressed(path, u=SIGNAL, y=SIGNAL)
    else:
        with h5py.File(path, "w") as file:
            file["u"], _ = SIGNAL, file.create_dataset("y", data=SIGNAL, compression="gzip")
    whole = path.read_bytes()
    refused = list[str]()
    for _ in range(60):
        damaged = bytearray(whole)
        damaged[int(draws.integers(len(whole)))] ^= 1 << int(draws.integers(8))
        path.write_bytes(damaged)
        try:
            read(path, MapDataSettings(targets=("y",)))
        except DataError as error:
            refused.append(str(error))
    assert len(refused) > 10
    assert all(str(path) in reason and "\n" not in reason for reason in refused)


def test_arrays_that_do_not_fit_are_not_called_damaged(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", u=SIGNAL, y=SIGNAL[:250])
    with pytest.raises(
        DataError, match=r"a\.npz: the inputs have 400 steps and the targets 250, and neither .* end\.$"
    ):
        read(tmp_path / "a.npz", MapDataSettings(targets=("y",)))
