"""The progress of a training as a line of text, and as scores to log."""

from echoic.training import Progress

STAGES = {"fit": "training", "refit": "training on train and dev"}
"""Names of the phases; a fold has its own."""


def describe(at: Progress) -> str:
    """Such as `training 42%, epoch 3, train 0.12 dev 0.2 (best 0.19), 35 batches/s`."""
    dev = "" if at.dev_loss is None else f" dev {at.dev_loss:.4g} (best {at.best_dev_loss:.4g})"
    return (
        f"{STAGES.get(at.stage, at.stage)} {at.fraction:.0%}, epoch {at.epoch + 1}, train {at.train_loss:.4g}{dev}, "
        f"{at.batches_per_s:.3g} batches/s"
    )


class Evaluations:
    """Tells reports after an evaluation from those after a step: they repeat the step."""

    def __init__(self) -> None:
        self._last: tuple[str, int] | None = None

    def is_evaluation(self, at: Progress) -> bool:
        """Whether this report follows an evaluation; to be asked for every report, in order."""
        place = (at.stage, at.step)
        repeats, self._last = place == self._last, place
        return repeats


def scores(at: Progress) -> dict[str, float]:
    """The scores of a report by name, the stage first: `fit/train_loss`, `fit/dev_loss`."""
    found = {"train_loss": at.train_loss, "batches_per_s": at.batches_per_s}
    if at.dev_loss is not None:
        found["dev_loss"] = at.dev_loss
    return {f"{at.stage.replace(' ', '_')}/{name}": value for name, value in found.items()}
