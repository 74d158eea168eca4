"""How much each setting matters."""

from typing import Any

from echoic.studies.store import optuna

_LEAST_TRIALS = 8
_BEST_TRIALS = 6
"""Complete trials from which importances are computed, and the number of the best among them that are compared."""


def importances(study: Any, goals: int) -> dict[str, float]:
    """The part of each setting in the differences of the dev loss, of those that all trials have (PED-ANOVA).

    Empty with fewer than eight complete trials.
    """
    complete = len(study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,)))
    if complete < _LEAST_TRIALS:
        return {}
    # The best of few trials are too few to tell their settings from those of all.
    best = max(0.1, min(0.5, _BEST_TRIALS / complete))
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=best)
    target = None if goals == 1 else lambda trial: trial.values[0]
    try:
        return dict(optuna.importance.get_param_importances(study, evaluator=evaluator, target=target))
    except (ValueError, RuntimeError):  # no setting that all have, or no difference
        return {}
