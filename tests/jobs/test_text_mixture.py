"""The mixture of network and n-gram model: its formula, its weight, and its place in a run."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from narrowing import expect_type
from numpy.typing import NDArray

from echoic.api.run import Run, load
from echoic.api.train import train
from echoic.baselines.ngrams import NGram
from echoic.heads import Sampling
from echoic.jobs.text.evaluate import TextEvaluation, mixture_of
from echoic.jobs.text.mixture import Mixture, choose_weight, mix
from echoic.jobs.text.scoring import ngram_log_probs
from echoic.jobs.text.stream import MixtureStream
from echoic.jobs.text.task import TextTask
from echoic.streams import GenerationStream

TINY: dict[str, Any] = {"layers": (16,), "epochs": 3, "lr": 1e-2, "threads": 1, "batch_size": 4, "tbptt_steps": 10}
WORDS = ("sun ", "moon ", "star ", "sea ")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "text.txt"
    generator = np.random.default_rng(0)
    path.write_text("".join(generator.choice(WORDS, 800)))
    return path


@pytest.fixture(scope="module")
def run(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train("text", text, out=tmp_path_factory.mktemp("runs") / "run", config=TINY | {"network_weight": 0.4})


def logs(*probs: float, count: int) -> NDArray[np.float64]:
    return np.log(np.resize(np.array(probs), count))


def test_the_mixture_is_one_of_probabilities() -> None:
    network, ngram = logs(0.5, 0.1, count=10), logs(0.2, 0.3, count=10)
    for weight in (0.0, 0.25, 1.0):
        wanted = weight * np.exp(network) + (1 - weight) * np.exp(ngram)
        np.testing.assert_allclose(np.exp(mix(network, ngram, weight)), wanted, rtol=1e-12)


def test_a_useless_part_has_no_weight() -> None:
    useless, good = logs(0.01, count=4000), logs(0.5, 0.4, 0.9, count=4000)
    assert choose_weight(useless, good) == 0
    assert choose_weight(good, useless) == 1


def test_two_good_parts_share_the_weight() -> None:
    generator = np.random.default_rng(1)
    first, second = np.log(generator.uniform(0.05, 0.9, (2, 20_000)))
    weight = choose_weight(first, second)
    assert 0.3 < weight < 0.7
    assert mix(first, second, weight).mean() > max(first.mean(), second.mean())


def test_a_small_dev_split_gives_the_network_less_weight() -> None:
    generator = np.random.default_rng(2)
    first, second = np.log(generator.uniform(0.05, 0.9, (2, 64_000)))
    mean = [np.mean([choose_weight(a, b) for a, b in zip(first.reshape(-1, n), second.reshape(-1, n), strict=True)])
            for n in (64, 1000, 64_000)]  # fmt: skip
    assert mean[0] < mean[1] < mean[2]
    assert choose_weight(first[:63], second[:63]) == 0  # two blocks are the least


def test_dev_chooses_the_order_and_a_weight_may_be_given() -> None:
    network, by_order = (
        logs(0.3, count=640),
        {1: logs(0.1, count=640), 2: logs(0.4, count=640), 3: logs(0.2, count=640)},
    )
    assert Mixture.choose(network, by_order, None).order == 2
    assert Mixture.choose(network, by_order, 0.7).weight == 0.7
    without_dev = Mixture.choose(np.zeros(0), {1: np.zeros(0), 2: np.zeros(0)}, None)
    assert (without_dev.weight, without_dev.order) == (0.5, 2)
    assert "No dev split to choose by" in without_dev.notes()[0]


@pytest.mark.parametrize(
    ("weight", "words"),
    [
        (0.0, "predictions are those of the 2-gram model"),
        (1.0, "those of the network alone"),
        (0.3, "0.30 network, 0.70 2-gram model"),
    ],
)
def test_a_note_says_who_predicts(weight: float, words: str) -> None:
    first, *more = Mixture(weight, 2, 100, {"network": 2.0, "ngram": 1.5, "both": 1.4}).notes()
    assert words in first
    assert "network 2.000 nats, 2-gram model 1.500, both 1.400" in first
    assert [("does not beat" in note) for note in more] == ([True] if weight == 0.3 else [])


def test_a_dev_split_too_short_to_choose_by_is_no_verdict_on_the_network() -> None:
    mixture = Mixture.choose(logs(0.4, count=12), {2: logs(0.3, count=12)}, None)
    assert mixture.weight == 0
    note, *more = mixture.notes()
    assert "dev has 12 symbols: too few to choose the weight of the network by" in note
    assert "adds nothing" not in note
    assert not more


def symbols_of(run: Run, text: str) -> torch.Tensor:
    codec = run.fitted.task.codec
    return torch.from_numpy(codec.encode(codec.code_points(text))).float()[None, :, None]


def plain_mixture(run: Run, ngram: NGram, weight: float, known: torch.Tensor) -> NDArray[np.float64]:
    """The probabilities after each symbol, by the formula."""
    with torch.no_grad():
        network = run.model(known)[0][0, :, 0].double().softmax(-1).numpy()
    text = known[0, :, 0].long().numpy()
    size = ngram.vocabulary
    wanted = []
    for step in range(len(text)):
        after = [np.exp(ngram.log_probs(np.array([*text[: step + 1], one]))[-1]) for one in range(size)]
        wanted.append(weight * network[step] + (1 - weight) * np.array(after))
    return np.array(wanted)


@pytest.mark.parametrize("order", [1, 2, 5])
def test_the_stream_has_the_mixture_in_any_chunks(run: Run, order: int) -> None:
    ngram = expect_type(TextTask, run.fitted.task).ngram.of_order(order)
    stream = MixtureStream(run.model, ngram, 0.4)
    known = symbols_of(run, "sun star moon?xsea ")
    wanted = plain_mixture(run, ngram, 0.4, known)
    whole, end = stream.push(known, stream.start())
    np.testing.assert_allclose(whole[0, :, 0].double().exp().numpy(), wanted, rtol=2e-4, atol=1e-7)
    state, pieces = stream.start(), []
    for chunk in known.split([1, 3, 1, 2, known.shape[1] - 7], 1):
        before = state.clone()
        params, after = stream.push(chunk, state)
        assert torch.equal(before, state)
        state = after
        pieces.append(params)
    torch.testing.assert_close(torch.cat(pieces, 1), whole, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(state, end, rtol=1e-4, atol=1e-4)
    last, primed = stream.prime(known)
    torch.testing.assert_close(last, whole[:, -1:], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(primed, end, rtol=1e-4, atol=1e-4)


def test_the_score_is_that_of_the_mixture(run: Run) -> None:
    evaluation = expect_type(TextEvaluation, run.evaluate())
    task = expect_type(TextTask, run.fitted.task)
    mixture = mixture_of(run.fitted)
    begin, end = next(task.splits["test"].spans())
    known = task.symbols[None, begin:end].float()
    probs = plain_mixture(run, mixture.model(task.ngram), 0.4, known[:, :-1])
    targets = known[0, 1:, 0].long().numpy()
    wanted = -np.log(probs[np.arange(len(targets)), targets]).mean()
    assert evaluation.scores["nats_per_char"] == pytest.approx(wanted, rel=1e-4)
    assert list(evaluation.rows)[:2] == ["model", "network"]
    assert evaluation.details["network_weight"] == 0.4
    assert "0.40 network" in evaluation.description


def test_n_gram_scores_do_not_depend_on_the_pieces(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    task = expect_type(TextTask, run.fitted.task)
    whole = ngram_log_probs(task.ngram, task.symbols, task.splits["train"])
    monkeypatch.setattr("echoic.jobs.text.scoring._PIECE", 7)
    pieces = ngram_log_probs(task.ngram, task.symbols, task.splits["train"])
    for order, found in whole.items():
        np.testing.assert_allclose(pieces[order], found, rtol=1e-12)


def test_with_the_mixture_off_the_network_alone_writes_bit_for_bit(text: Path, tmp_path: Path) -> None:
    chosen = train("text", text, out=tmp_path / "chosen", config=TINY)
    alone = train("text", text, out=tmp_path / "alone", config=TINY | {"network_weight": 1.0})
    weights = chosen.folder.read_model()[0]
    assert all(torch.equal(weights[name], one) for name, one in alone.folder.read_model()[0].items())
    evaluation = expect_type(TextEvaluation, alone.evaluate())
    assert evaluation.scores == evaluation.network
    stream = GenerationStream.of_symbols(alone.model, Sampling(0.7))
    # The unknown symbol is all but impossible after this training, so masking it changes no draw.
    drawn, _ = stream.push(50, stream.start(symbols_of(alone, "sun "), seed=4))
    codec = alone.fitted.task.codec
    assert codec.decode(drawn.flatten().long().numpy()) == alone.generate(50, prime="sun ", temperature=0.7, seed=4)


def test_an_untrained_network_leaves_the_predictions_to_the_n_grams(text: Path, tmp_path: Path) -> None:
    run = train("text", text, out=tmp_path / "run", config=TINY | {"epochs": 1, "lr": 1e-9})
    evaluation = expect_type(TextEvaluation, run.evaluate())
    assert evaluation.weight == 0
    assert evaluation.scores == evaluation.baselines[f"ngram{evaluation.order}"]
    assert evaluation.verdict is None
    assert "The network adds nothing" in run.notes()[0]
    assert set(run.generate(200, temperature=0.5).split()[1:-1]) <= {word.strip() for word in WORDS}


def test_the_run_folder_alone_is_enough_for_new_text(text: Path, tmp_path: Path) -> None:
    data = tmp_path / "text.txt"
    data.write_bytes(text.read_bytes())
    run = train("text", data, out=tmp_path / "run", config=TINY | {"network_weight": 0.5})
    (tmp_path / "new.txt").write_text("moon star sea sun " * 5)
    wanted, made = run.evaluate(tmp_path / "new.txt"), run.generate(30, seed=1)
    data.unlink()
    again = load(run.path)
    assert again.evaluate(tmp_path / "new.txt").rows == wanted.rows
    assert again.generate(30, seed=1) == made


@pytest.mark.parametrize("tokenizer", ["characters", "bytes"])
def test_a_long_text_counts_its_end(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tokenizer: str
) -> None:
    monkeypatch.setattr("echoic.jobs.text.task.NGRAM_SYMBOLS", 500)
    run = train("text", text, out=tmp_path / "run", config=TINY | {"epochs": 1, "tokenizer": tokenizer})
    task = expect_type(TextTask, run.fitted.task)
    assert int(task.ngram.tables[0].totals[0]) == 500
    assert "The n-gram model counts the last 500 of" in run.config["data"]["report"]["notes"][-1]
