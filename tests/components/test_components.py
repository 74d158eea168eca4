"""A user's own parts of a network, passed as objects."""

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import echoic
from echoic.components import Components
from echoic.errors import ConfigError
from echoic.run.sealed import read_json, unsealed, write_json

SINE = np.sin(np.arange(400) / 4).astype(np.float32)
FORECAST: dict[str, Any] = {
    "lookback": 24,
    "horizon": 4,
    "layers": (8,),
    "epochs": 2,
    "threads": 1,
    "split": (240, 80, 80),
}
TEXT: dict[str, Any] = {"layers": (8,), "epochs": 1, "threads": 1, "batch_size": 4, "tbptt_steps": 16}
STRATEGIES = {name: {"strategy": name} for name in ("direct", "recursive", "segments")}

FORECASTS = [
    *[({"cell": "MinGRU"}, settings) for settings in STRATEGIES.values()],
    *[({"head": "Laplace"}, settings) for settings in STRATEGIES.values()],
    ({"encoder": "WithTanh"}, STRATEGIES["direct"]),
    ({"encoder": "WithTanh"}, STRATEGIES["recursive"]),
    ({"network": "gru"}, STRATEGIES["direct"]),
    ({"network": "gru"}, STRATEGIES["recursive"]),
    ({"network": "LSTM"}, STRATEGIES["recursive"]),
    ({"network": "bidirectional"}, STRATEGIES["direct"]),
    ({"network": "feedforward"}, STRATEGIES["direct"]),
    ({"cell": "MinGRU", "head": "Laplace", "encoder": "WithTanh"}, STRATEGIES["recursive"]),
]


def chosen(parts: Any, names: Any) -> Any:
    return {kind: getattr(parts, name) for kind, name in names.items()}


def forecast_settings(names: Any, settings: Any) -> Any:
    own_layers = {"layers": FORECAST["layers"]} if "network" not in names else {}
    return {name: value for name, value in FORECAST.items() if name != "layers"} | own_layers | settings


def in_another_process(code: Any) -> Any:
    """The standard output of a new interpreter that can import the user's parts."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)


def lines(folder: Any) -> Any:
    path = folder / "text.txt"
    path.write_text("abcdefghij" * 60)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(("names", "settings"), FORECASTS, ids=str)
def test_forecasts_train_load_and_predict_the_same(parts: Any, tmp_path: Path, names: Any, settings: Any) -> None:
    components = chosen(parts, names)
    out = tmp_path / "run"
    run = echoic.train("forecast", SINE, out=out, components=components, **forecast_settings(names, settings))
    rows = [row["train_loss"] for row in run.metrics()]
    assert rows[-1] < rows[0]
    assert json.loads((out / "config.json").read_text())["components"] == {
        kind: f"own_parts:{name}" for kind, name in names.items()
    }
    again = echoic.load(out, data=SINE, components=components)
    for name, column in run.predict().items():
        assert np.array_equal(column, again.predict()[name]), name
    assert run.evaluate().scores == again.evaluate().scores


@pytest.mark.slow
@pytest.mark.parametrize("names", [{"cell": "MinGRU"}, {"encoder": "Doubled"}, {"network": "LSTM"}], ids=str)
def test_texts_train_and_generate_the_same_in_another_process(parts: Any, tmp_path: Path, names: Any) -> None:
    settings = {name: value for name, value in TEXT.items() if "network" not in names or name != "layers"}
    run = echoic.train("text", lines(tmp_path), out=tmp_path / "run", components=chosen(parts, names), **settings)
    wanted = run.generate(40, prime="abc", seed=3)
    listed = ", ".join(f"{kind!r}: own_parts.{name}" for kind, name in names.items())
    code = (
        "import echoic, own_parts; "
        f"run = echoic.load({str(tmp_path / 'run')!r}, components={{{listed}}}); "
        "print(run.generate(40, prime='abc', seed=3), end='')"
    )
    assert in_another_process(code).stdout == wanted


def test_a_symbol_head_writes_text(parts: Any, tmp_path: Path) -> None:
    run = echoic.train("text", lines(tmp_path), components={"head": parts.Softmax}, **TEXT)
    assert isinstance(run.model.head, parts.Softmax)
    assert len(run.generate(20)) == 20


def test_training_resumes_with_the_same_components_only(parts: Any, tmp_path: Path) -> None:
    components = {"cell": parts.MinGRU}
    out = tmp_path / "run"
    run = echoic.train("forecast", SINE, out=out, components=components, **FORECAST)
    wanted = run.model.state_dict()
    with pytest.warns(UserWarning, match="is finished"):
        run.resume()
    assert all(torch.equal(weights, wanted[name]) for name, weights in run.model.state_dict().items())
    with pytest.raises(
        ConfigError, match=r'was trained with the cell own_parts:MinGRU; pass .*components=\{"cell": MinGRU\}'
    ):
        echoic.load(out, data=SINE)
    with pytest.raises(ConfigError, match="with the cell own_parts:MinGRU, got own_parts:OtherCell"):
        echoic.load(out, data=SINE, components={"cell": parts.OtherCell})
    with pytest.raises(ConfigError, match="was trained without a head in `components`"):
        echoic.load(out, data=SINE, components=components | {"head": parts.Laplace})


@pytest.mark.slow
def test_info_reads_a_run_with_components_without_them(parts: Any, tmp_path: Path) -> None:
    run = echoic.train("forecast", SINE, out=tmp_path / "run", components={"cell": parts.MinGRU}, **FORECAST)
    code = f"import sys; from echoic.cli import main; sys.argv = ['echoic', 'info', {str(run.path)!r}]; main()"
    shown = in_another_process(code).stdout
    assert "own_parts:MinGRU" in shown
    assert f"{sum(one.numel() for one in run.model.parameters())}" in shown


@pytest.mark.slow
def test_nothing_is_imported_by_a_path_in_a_run_folder(tmp_path: Path) -> None:
    echoic.train("forecast", SINE, out=tmp_path / "run", **FORECAST)
    place = tmp_path / "run" / "config.json"
    config = unsealed(place, read_json(place), required=True)
    write_json(place, config | {"components": {"cell": "this:Zen"}})
    code = (
        "import sys, echoic\n"
        f"try: echoic.load({str(tmp_path / 'run')!r})\n"
        "except echoic.EchoicError as error: print(error, 'this' in sys.modules)"
    )
    assert "pass the same again from Python" in (out := in_another_process(code).stdout)
    assert out.endswith("False\n")


@pytest.mark.slow
def test_a_class_of_the_script_has_the_name_of_the_script(tmp_path: Path) -> None:
    script = tmp_path / "my_script.py"
    script.write_text(
        "from echoic.components import import_path\nfrom own_parts import MinGRU\n"
        "class Mine(MinGRU): pass\nprint(import_path(Mine))"
    )
    code = f"import runpy, sys; sys.argv = ['']; runpy.run_path({str(script)!r}, run_name='__main__')"
    assert in_another_process(code).stdout == "my_script:Mine\n"


@pytest.mark.parametrize(
    ("job", "names", "settings", "message"),
    [
        ("forecast", {"encoder": "WithTanh"}, {"strategy": "segments"}, "encoder of your own .* segments"),
        ("forecast", {"network": "gru"}, {"strategy": "segments"}, "network of your own .* segments"),
        ("forecast", {"network": "feedforward"}, {"strategy": "recursive"}, "must take and return a state"),
        ("forecast", {"network": "bidirectional"}, {"strategy": "recursive"}, "same outputs step by step"),
        ("forecast", {"network": "flattening"}, {}, r"must map \(batch, steps, 1\) .* got \(2, 3\)"),
        ("forecast", {"encoder": "Unsized"}, {}, "must set an int `output_size`"),
        ("forecast", {"encoder": "Smoothed"}, {"strategy": "recursive"}, "is_stepwise = True"),
        ("forecast", {"head": "Softmax"}, {}, "must be a ValueHead, got own_parts.Softmax"),
        ("text", {"head": "Laplace"}, {}, "must be a SymbolHead, got own_parts.Laplace"),
        ("forecast", {"head": "Laplace"}, {"head": "gaussian"}, "`head` has no effect with a head"),
        ("forecast", {"head": "Laplace"}, {"quantiles": (0.1, 0.9)}, "`quantiles` has no effect with a head"),
        ("forecast", {"cell": "MinGRU"}, {"cell": "lstm"}, "`cell` has no effect with a cell"),
        ("forecast", {"cell": "MinGRU"}, {"forget_bias": 1.0}, "requires a cell with a forget gate; MinGRU has none"),
        ("forecast", {"cell": "MinGRU"}, {"weight_dropout": 0.1}, "a cell with recurrent weights; MinGRU has none"),
        ("forecast", {"network": "gru"}, {"dropout": 0.1}, "`dropout` has no effect with a network"),
        ("text", {"encoder": "Doubled"}, {"embedding_dim": 8}, "`embedding_dim` has no effect with an? encoder"),
        ("text", {"network": "LSTM"}, {"tie_embeddings": True}, "`tie_embeddings` has no effect with a network"),
    ],
)
def test_components_without_effect_or_that_do_not_fit_are_refused(
    parts: Any, tmp_path: Path, job: Any, names: Any, settings: Any, message: str
) -> None:
    data = SINE if job == "forecast" else lines(tmp_path)
    common = {"split": (240, 80, 80), "lookback": 24, "horizon": 4} if job == "forecast" else {}
    with pytest.raises(ConfigError, match=message):
        echoic.train(job, data, out=tmp_path / "run", components=chosen(parts, names), **(common | settings))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("gru", "must be a mapping"),
        ({"cells": torch.nn.GRU}, "no kind 'cells'; choose from cell, head, encoder, network"),
        ({"cell": torch.nn.GRU}, "must be a subclass of echoic.cells.base.Cell, got torch.nn.modules.rnn.GRU"),
        ({"network": torch.nn.GRU(1, 2)}, "a class or a function with a name"),
        ({"network": partial(torch.nn.GRU, hidden_size=2)}, "a class or a function with a name"),
        ({"network": lambda size: torch.nn.GRU(size, 2)}, "a class or a function with a name"),
    ],
)
def test_objects_that_are_no_components_are_refused(given: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Components.build(given)


def test_a_network_that_needs_more_than_the_input_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"hidden_size.*; pass a function `input_size -> module`"):
        echoic.train("forecast", SINE, out=tmp_path / "run", components={"network": torch.nn.GRU})
    assert not (tmp_path / "run").exists()


def test_a_network_and_a_cell_exclude_each_other(parts: Any) -> None:
    with pytest.raises(ConfigError, match="not both"):
        Components.build({"network": parts.gru, "cell": parts.MinGRU})


def test_check_accepts_components(parts: Any) -> None:
    losses = echoic.check("forecast", SINE, components={"network": parts.gru}, steps=30, lookback=24, horizon=4)
    assert losses[-1] < losses[0]
