"""What the benchmarks of defaults compare with the best baseline, and when they say that it is better."""

from pathlib import Path

import numpy as np
import pytest

import clip_sets
import defaults_classify
import defaults_text
import echoic
import miniature
from echoic.jobs.classify.evaluate import ClassifyEvaluation
from echoic.jobs.text.evaluate import TextEvaluation
from verdict import best_baseline, standard_error, verdict


def test_a_set_falls_below_its_baseline_by_more_than_two_standard_errors() -> None:
    gains = {"better": [0.1, 0.2], "noise": [-0.3, 0.1], "worse": [-0.3, -0.2]}
    sentence = "1 of 3 sets fall below their best baseline by more than 2 standard errors over seeds"
    assert verdict(gains, "seeds") == f"{sentence}: worse (-0.2500 ± 0.0500)."


def test_no_set_falls_below_its_baseline() -> None:
    assert verdict({"equal": [0.0, 0.0], "better": [1.0, 1.0]}, "seeds").endswith("over seeds.")
    assert verdict({"equal": [0.0, 0.0], "better": [1.0, 1.0]}, "seeds").startswith("0 of 2 ")


def test_without_a_second_observation_any_loss_counts() -> None:
    sentence = "1 of 2 sets fall below their best baseline by any amount (a single observation): worse (-0.0010)."
    assert verdict({"worse": [-0.001], "better": [0.001]}, "seeds") == sentence


def test_the_standard_error_is_that_of_the_mean() -> None:
    assert standard_error([1.0, 2.0, 3.0, 4.0]) == pytest.approx(np.std([1, 2, 3, 4], ddof=1) / 2)


@pytest.mark.slow
def test_gains_of_clips_add_up_to_the_difference_of_accuracies(tmp_path: Path) -> None:
    miniature.write(tmp_path, ["fsdd"])
    clips = clip_sets.digits(tmp_path, tmp_path)
    run = echoic.train("classify", clips.data, **clips.options, epochs=1, layers=(8,), seed=0, threads=1)
    evaluation = run.evaluate()
    assert isinstance(evaluation, ClassifyEvaluation)
    assert sorted(evaluation.clips) == sorted(
        f"{digit}_{speaker}_{take}.wav" for digit in (0, 1) for speaker in ("george", "jackson") for take in range(5)
    )
    best = best_baseline([evaluation], "accuracy")
    baseline = evaluation.baselines[best]["accuracy"]
    assert baseline == max(scores["accuracy"] for scores in evaluation.baselines.values())
    gains = defaults_classify.clip_gains([evaluation, evaluation])
    assert np.mean(gains) == pytest.approx(evaluation.scores["accuracy"] - baseline)


@pytest.mark.slow
def test_log_probabilities_of_characters_average_to_the_scores_of_an_evaluation(tmp_path: Path) -> None:
    miniature.write(tmp_path, ["text_tinyshakespeare"])
    text = tmp_path / "text_tinyshakespeare" / "input.txt"
    run = echoic.train("text", text, epochs=1, layers=(8,), network_weight=0.3, seed=0, threads=1)
    evaluation, scored = run.evaluate(), defaults_text.score(run)
    assert isinstance(evaluation, TextEvaluation)
    found = {"unigram": scored.ngrams[1], "bigram": scored.ngrams[2], "ngram5": scored.ngrams[5]}
    for name, log_probs in found.items():
        assert defaults_text.nats(log_probs) == pytest.approx(evaluation.baselines[name]["nats_per_char"])
    assert defaults_text.nats(scored.network) == pytest.approx(evaluation.network["nats_per_char"])
    assert defaults_text.nats(scored.mixture) == pytest.approx(evaluation.scores["nats_per_char"])
    gains = defaults_text.block_gains([scored], 5)
    assert len(gains) == len(scored.network) // 32
    assert gains[1] == pytest.approx((scored.mixture - scored.ngrams[5])[32:64].mean())
