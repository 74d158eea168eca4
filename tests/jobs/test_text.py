"""The text job as its users meet it."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from narrowing import expect_type

from echoic.api.prepare import prepare
from echoic.api.run import Run, load
from echoic.api.train import train
from echoic.batches import BatchLoader
from echoic.errors import ConfigError, DataError, EchoicError
from echoic.jobs.text import TextTask
from echoic.jobs.text import task as task_module
from echoic.jobs.text.evaluate import TextEvaluation
from echoic.jobs.text.task import spread
from echoic.windows import Ranges

TINY: dict[str, Any] = {"layers": (16,), "epochs": 20, "lr": 2e-2, "threads": 1, "batch_size": 4, "tbptt_steps": 10}
ALPHABET = "abcdefghij"


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text(ALPHABET * 60)
    return path


@pytest.fixture(scope="module")
def run(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train("text", text, out=tmp_path_factory.mktemp("runs") / "run", config=TINY)


@pytest.mark.parametrize("lengths", [(1000,), (300, 5, 695), (1,) * 1000])
def test_a_long_dev_split_is_evaluated_in_evenly_spread_stretches(lengths: tuple[int, ...]) -> None:
    ranges = Ranges.from_lengths(lengths)
    some = spread(Ranges(ranges.begin + 7, ranges.end + 7), 100, 4)
    steps = [step for begin, end in some.spans() for step in range(begin, end)]
    assert steps == [7 + first + step for first in (0, 250, 500, 750) for step in range(25)]
    inside = [any(begin >= one and end <= other for one, other in zip(ranges.begin + 7, ranges.end + 7, strict=True))
              for begin, end in some.spans()]  # fmt: skip
    assert all(inside)
    assert spread(ranges, 1000, 4) is ranges


def test_training_evaluates_a_part_of_a_long_dev_split_and_says_so(text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_module, "DEV_SYMBOLS", 160)
    task = expect_type(TextTask, prepare("text", text, config=TINY | {"split": (0.2, 0.6, 0.2)}).task)
    batches = expect_type(BatchLoader, task.dev_batches())
    # The first symbol of each of the 16 stretches is no target.
    assert sum(int(batch.mask.sum()) for batch in batches.epoch(0, 0)) == 160 - 16
    assert any("160 of 360 symbols of dev" in note for note in task.data_report()["notes"])


def test_a_trained_run_continues_a_text(run: Run) -> None:
    assert run.generate(15, prime="cde", temperature=0) == "fghijabcdefghij"


def test_generated_text_arrives_as_it_is_made(run: Run) -> None:
    pieces: list[str] = []
    assert run.generate(7, prime="c", on_chunk=pieces.append) == "".join(pieces)
    assert len(pieces) == 7


def test_the_seed_determines_the_generated_text(run: Run) -> None:
    hot: dict[str, Any] = {"temperature": 3.0}
    assert run.generate(40, seed=1, **hot) == run.generate(40, seed=1, **hot) != run.generate(40, seed=2, **hot)


def test_top_k_of_one_is_the_most_probable(run: Run) -> None:
    assert run.generate(20, prime="a", top_k=1, temperature=2.0) == run.generate(20, prime="a", temperature=0)
    assert run.generate(20, prime="a", top_p=1e-9) == run.generate(20, prime="a", temperature=0)


@pytest.mark.slow
def test_bytes_are_written_as_the_characters_that_they_make(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("süß " * 150)
    run = train(
        "text", path, out=tmp_path / "run", config=TINY | {"tokenizer": "bytes", "epochs": 60, "network_weight": 1.0}
    )
    pieces: list[str] = []
    made = run.generate(24, prime="süß süß ", temperature=0, on_chunk=pieces.append)
    assert made == "süß " * 4
    assert all(pieces)
    assert 1 < len(pieces) < 8  # each of several bytes


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"prime": ""}, DataError, "The prime is empty"),
        ({"length": "32bars"}, ConfigError, "`length` must be an integer, got '32bars'"),
        ({"length": 0}, ConfigError, "`length` must be at least 1, got 0"),
        ({"temperature": -1.0}, ConfigError, "`temperature` must be at least 0"),
    ],
)
def test_invalid_requests_are_refused(run: Run, options: dict[str, Any], error: type[EchoicError], words: str) -> None:
    with pytest.raises(error, match=words):
        run.generate(**{"length": 5} | options)


def test_the_score_is_one_pass_with_the_state_carried(run: Run) -> None:
    evaluation = expect_type(TextEvaluation, run.evaluate(split="dev"))
    task = run.fitted.task
    begin, end = int(task.splits["dev"].begin), int(task.splits["dev"].end)
    symbols = task.symbols[None, begin:end].float()
    with torch.no_grad():
        params, _ = run.model(symbols[:, :-1])
        wanted = run.model.head.loss(params, symbols[:, 1:]).mean().item()
    assert evaluation.network["nats_per_char"] == pytest.approx(wanted, rel=1e-4)
    assert evaluation.network["bits_per_char"] == pytest.approx(wanted / math.log(2), rel=1e-4)
    assert evaluation.symbols == end - begin - 1
    assert evaluation.baselines["uniform"]["nats_per_char"] == pytest.approx(math.log(11))


def test_new_text_is_scored(run: Run, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text(ALPHABET * 3)
    evaluation = expect_type(TextEvaluation, run.evaluate(tmp_path / "new.txt"))
    assert (evaluation.symbols, evaluation.unknown, evaluation.notes) == (29, 0, ())


def test_unknown_characters_are_scored_as_one_symbol_and_counted(run: Run, tmp_path: Path) -> None:
    scores = []
    for number, text in enumerate(("abc!e", "abc\u4e2de")):
        (tmp_path / f"{number}.txt").write_text(text)
        evaluation = expect_type(TextEvaluation, run.evaluate(tmp_path / f"{number}.txt"))
        (note,) = evaluation.notes
        assert note.startswith("1 of 4 characters is not in the vocabulary. Each is scored as the one symbol that")
        scores.append(evaluation.scores)
    assert scores[0] == scores[1]
    assert math.isfinite(scores[0]["nats_per_char"])


@pytest.mark.parametrize("rare", ["", "xyz"])
def test_a_character_of_dev_or_test_alone_stops_nothing_and_is_never_generated(tmp_path: Path, rare: str) -> None:
    path = tmp_path / "text.txt"
    path.write_text(f"{rare}abababab" + "ab" * 41 + "ab!bababab?bababab")
    run = train("text", path, out=tmp_path / "run", config=TINY | {"split": (0.8, 0.1, 0.1), "epochs": 2})
    codec = run.fitted.task.codec
    assert codec.vocabulary == tuple(sorted(map(ord, "ab" + rare)))
    assert "dev and test have 2 characters that train has not" in run.config["data"]["report"]["notes"][-1]
    assert expect_type(TextEvaluation, run.evaluate()).unknown == 1
    assert expect_type(TextEvaluation, run.evaluate(split="dev")).unknown == 1
    made = run.generate(300, prime="\u4e2d?a\udce9", temperature=50.0)
    assert set(made) == {"a", "b", *rare}
    assert len(made) == 300
    assert run.generate(20, prime="??", temperature=0).strip("ab" + rare) == ""


def test_all_characters_are_in_the_vocabulary_on_request(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("ab" * 45 + "ab!bababab")
    settings = TINY | {"split": (0.9, 0.1, 0)}
    for vocabulary, wanted in (("train", "ab"), ("all", "!ab")):
        task = expect_type(TextTask, prepare("text", path, config=settings, vocabulary=vocabulary).task)
        assert task.codec.vocabulary == tuple(map(ord, wanted))


def test_an_empty_test_split_is_named_with_the_splits_to_evaluate(text: Path, tmp_path: Path) -> None:
    run = train("text", text, out=tmp_path / "run", config=TINY | {"epochs": 1, "split": (0.9, 0.1, 0)})
    with pytest.raises(DataError, match=r"The test split of .* is empty: .* another split with --split dev"):
        run.evaluate()
    run.evaluate(split="dev")


def test_the_unknown_symbol_is_trained_on_characters_that_occur_once(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("".join(chr(0x4E00 + number) for number in range(400)) + "ab" * 100)
    task = expect_type(TextTask, prepare("text", path, config=TINY | {"split": (0.9, 0.1, 0)}).task)
    batches = [list(task.train_batches().epoch(0, epoch)) for epoch in range(2)]
    unknown_symbol = len(task.codec) - 1
    for epoch in batches:
        targets = torch.cat([batch.targets[batch.mask] for batch in epoch])
        unknown = int(targets.eq(float(unknown_symbol)).sum())
        assert 150 < unknown < 250
        inputs = torch.cat([batch.inputs[batch.mask] for batch in epoch])
        assert abs(int(inputs.eq(float(unknown_symbol)).sum()) - unknown) <= len(batches) * TINY["batch_size"]
    assert not torch.equal(batches[0][0].inputs.sort(1).values, batches[1][0].inputs.sort(1).values)


def test_text_that_is_too_short_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("a")
    with pytest.raises(DataError, match=r"one\.txt has no text of two characters"):
        run.evaluate(tmp_path / "one.txt")


def test_a_text_may_be_renamed_and_come_through_a_pipe(text: Path, tmp_path: Path) -> None:
    run = train("text", text, out=tmp_path / "run", config=TINY | {"epochs": 1})
    wanted = run.evaluate().scores
    (tmp_path / "renamed.txt").write_bytes(text.read_bytes())
    assert load(run.path, data=tmp_path / "renamed.txt").evaluate().scores == wanted


def test_tied_weights_are_one_and_survive_the_folder(text: Path, tmp_path: Path) -> None:
    run = train("text", text, out=tmp_path / "run", config=TINY | {"tie_embeddings": True, "embedding_dim": 16})
    weights, _ = run.folder.read_model()
    assert sum(weight.shape == (11, 16) for weight in weights.values()) == 1
    assert load(run.path).generate(10, prime="a", temperature=0) == "bcdefghija"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tie_embeddings": True}, "`tie_embeddings` requires a last layer of the embedding's size, got 16 and 64"),
        ({"tie_embeddings": True, "layers": None}, "a last layer of the embedding's size, got 256 and 64"),
        ({"input_noise_std": 0.1}, "`input_noise_std` is not supported for symbols; use `input_dropout`"),
        ({"split": (0.0, 0.5, 0.5)}, "must be three fractions"),
        ({"tokenizer": "bytes", "vocabulary": "all"}, "`vocabulary` has no effect on bytes"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(text: Path, wrong: dict[str, Any], words: str) -> None:
    config = {name: value for name, value in (TINY | wrong).items() if value is not None}
    with pytest.raises(ConfigError, match=words):
        prepare("text", text, config=config)


def test_methods_of_forecasts_are_refused(run: Run) -> None:
    with pytest.raises(ConfigError, match="`stride` is not supported by text runs; it is for forecast runs"):
        run.evaluate(stride=3)
    with pytest.raises(ConfigError, match="`backtest` is not supported by text runs; it is for forecast runs"):
        run.backtest()


def test_several_files_are_found_again(tmp_path: Path) -> None:
    paths = []
    for name in "ab":
        paths.append(tmp_path / f"{name}.txt")
        paths[-1].write_text(ALPHABET * 30)
    run = train("text", paths, out=tmp_path / "run", config=TINY | {"epochs": 1})
    assert load(run.path).evaluate().scores == run.evaluate().scores
    paths[1].unlink()
    with pytest.raises(DataError, match=r"b.txt: not found"):
        load(run.path).evaluate()


def test_dev_streams_score_as_one_pass_does(run: Run) -> None:
    """A few cold starts: close, not equal."""
    task = run.fitted.task
    losses = []
    for streams in (1, 4):
        total = count = 0.0
        state = None
        for batch in task.eval_batches(task.splits["train"], streams).epoch(0, 0):
            loss = run.model.loss(batch, state if batch.carry else None)
            total, count, state = total + loss.total.item(), count + loss.num_values, loss.state
        losses.append(total / count)
    assert losses[0] == pytest.approx(losses[1], abs=0.05)
    assert np.isfinite(losses).all()
