"""What dev decides once the network is trained: the weight of the network, and how the model compares."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.baselines.random_convolutions import RandomConvolutions
from echoic.jobs.classify.combination import PRIOR_WEIGHT, Combination, best_weight
from echoic.jobs.classify.long_clips import goes_in_pieces, head_parameters
from echoic.labelled.batches import clip_batches
from echoic.labelled.task import EVAL_BATCH_SIZE
from echoic.model import SequenceModel
from echoic.progress import ProgressFn, no_progress

if TYPE_CHECKING:
    from echoic.jobs.classify.task import ClassifyTask


def calibrate(task: "ClassifyTask", model: SequenceModel, fold_models: Sequence[SequenceModel] = ()) -> dict[str, Any]:
    """The combination of the network with random convolutions, and scores on dev, as plain JSON values.

    The weight is chosen by the networks of `calibration_folds`, where there are some, otherwise on dev, with random
    convolutions that were fitted on the same clips as the network; those of the result are fitted on the splits that
    the network learns from in the end.
    """
    steps, true = task.labelled_steps("dev")
    network = network_probabilities(task, model, steps) if steps else np.empty((0, len(task.classes)))
    weight, others = task.settings.network.network_weight, None
    if weight != 1 and steps:
        others = fit_convolutions(task, ("train",), len(steps)).predict_probs(steps)
    folds = None
    if weight is None and fold_models:
        held_out = _held_out_probabilities(task.calibration_folds, fold_models)
        weight, folds = best_weight(*held_out), {"count": len(fold_models), "clips": len(held_out[0])}
    elif weight is None:
        weight = PRIOR_WEIGHT if others is None else best_weight(true[:, 0], network, others)
    final = None if weight == 1 else fit_convolutions(task, task.fitted_splits, 0)
    combined = network if others is None else weight * network + (1 - weight) * others
    dev = _dev_scores(task, true, combined)
    return Combination(weight, final).to_json() | {"weight_folds": folds, "dev": dev}


def _held_out_probabilities(
    folds: Sequence["ClassifyTask"], models: Sequence[SequenceModel]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """The class of each clip, and what network and random convolutions of the fold that lacks it predict."""
    parts = []
    for fold, model in zip(folds, models, strict=True):
        steps, targets = fold.labelled_steps("test")
        others = fit_convolutions(fold, ("train",), len(steps)).predict_probs(steps)
        parts.append((targets[:, 0], network_probabilities(fold, model, steps), others))
    true, network, convolutions = (np.concatenate(column) for column in zip(*parts, strict=True))
    return true, network, convolutions


def fit_convolutions(task: "ClassifyTask", splits: Sequence[str], queries: int) -> RandomConvolutions:
    """Random convolutions fitted on `splits`, to be applied to `queries` clips."""
    steps, targets = task.labelled_steps(*splits)
    return RandomConvolutions.fit(steps, targets[:, 0], len(task.classes), queries)


@torch.no_grad()
def network_probabilities(
    task: "ClassifyTask", model: SequenceModel, steps: Sequence[Tensor], on_progress: ProgressFn = no_progress
) -> NDArray[np.float64]:
    """The network's probabilities `(clips, labels)` for the features `steps` of each clip."""
    model.eval()
    in_pieces = np.array([goes_in_pieces(model, one) for one in steps], bool)
    others = [one for one, is_long in zip(steps, in_pieces, strict=True) if not is_long]
    probabilities = np.empty((len(steps), len(task.classes)))
    for number in np.flatnonzero(in_pieces).tolist():
        probabilities[number] = task.labelling.probabilities(head_parameters(model, steps[number]))[0]
    if not others:
        return probabilities
    no_targets = torch.zeros(len(others), 1)
    batches = clip_batches(others, no_targets, EVAL_BATCH_SIZE, multiple=task.settings.encoder.conv_stride)
    found = []
    for number, batch in enumerate(batches.epoch(0, 0), 1):
        params, _ = model(batch.inputs, lengths=batch.lengths)
        found.append(task.labelling.probabilities(params))
        on_progress(number, len(batches))
    probabilities[~in_pieces] = np.concatenate(found)
    return probabilities


def _dev_scores(task: "ClassifyTask", true: NDArray[np.int64], probabilities: NDArray[np.float64]) -> dict[str, Any]:
    """The headline score on dev next to that of the most frequent class, or of the frequencies of labels."""
    found = {"clips": len(true), "refit": task.should_refit, "score": None}
    if not len(true):
        return found
    labelling = task.labelling
    name, baseline = labelling.constant_baseline(labelling.targets(task.series("train")), len(true))
    return found | {
        "headline": labelling.headline,
        "score": labelling.scores(true, probabilities)[labelling.headline],
        "baseline_name": name,
        "baseline": labelling.scores(true, baseline)[labelling.headline],
    }
