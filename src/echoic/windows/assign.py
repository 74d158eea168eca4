"""Assignment of whole series (songs, recordings, clips) to train, dev and test."""

from collections.abc import Sequence

import torch

from echoic.config.split import DEFAULT_FRACTIONS, are_fractions
from echoic.errors import DataError
from echoic.types import Series
from echoic.types.counted import counted
from echoic.windows.splits import SPLITS, Ranges, full_ranges
from echoic.windows.stratified import SPLIT_SEED, stratified_group_split

SplitSizes = tuple[float, float, float] | tuple[int, int, int]


def assign_splits(
    series: Sequence[Series],
    rule: SplitSizes | None,
    *,
    stratify: Sequence[tuple[str, ...]] | None = None,
    folds: Sequence[str] | None = None,
    test_fold: str | None = None,
    dev_fraction: float = 0.0,
    noun: str = "",
) -> dict[str, list[int]]:
    """Assigns each series to a split; returns the indices of the series of each split.

    `rule` takes precedence over `folds`, these over the splits annotated by the source; the default is
    `DEFAULT_FRACTIONS`. Random assignment ignores the seed of the run, so that runs stay comparable.

    Args:
        series: at least one.
        rule: fractions or numbers of series; only fractions if there are labels or groups.
        stratify: labels of each series, for a stratified split.
        folds: fold of each series.
        test_fold: the fold used as test split; all others are train.
        dev_fraction: fraction of train moved to dev if folds or annotations define no dev split.
        noun: of one of them, in messages; by default they are series.

    Raises:
        DataError: there are too few series, the train split is empty, only some series are annotated, or a group is in
            two splits.
    """
    given = (
        annotations(series, "split") if folds is None else ["test" if fold == test_fold else "train" for fold in folds]
    )
    if rule is None and any(given):
        splits = {split: [number for number, name in enumerate(given) if name == split] for split in SPLITS}
        if dev_fraction and not splits["dev"]:
            splits["train"], splits["dev"] = stratified(
                series, splits["train"], (1 - dev_fraction, dev_fraction), stratify
            )
        _check_groups(series, splits)
    elif stratify is None and not any(annotations(series, "group", partly=True)):
        splits = _assign_at_random(len(series), rule or DEFAULT_FRACTIONS, series[0].origin, noun)
    else:
        assigned = stratified(series, range(len(series)), rule or DEFAULT_FRACTIONS, stratify)
        splits = dict(zip(SPLITS, assigned, strict=True))
    if not splits["train"]:
        raise DataError(f"{series[0].origin}: the train split is empty; choose another --split.")
    return splits


def annotations(series: Sequence[Series], name: str, *, partly: bool = False) -> list[str | None]:
    """The annotation `name` (split, fold or group) of each series; None where there is none.

    Raises:
        DataError: only some series have it, unless `partly` allows that.
    """
    given = [getattr(one.annotations, name) for one in series]
    if not partly and any(given) and not all(given):
        missing = series[[bool(one) for one in given].index(False)]
        raise DataError(f"{missing.origin} has no {name}, but other series have one; annotate all of them or none.")
    return given


def stratified(
    series: Sequence[Series],
    selected: Sequence[int],
    fractions: Sequence[float],
    labels: Sequence[tuple[str, ...]] | None,
) -> list[list[int]]:
    """Splits the `selected` series by `fractions`, stratified by label; groups stay together."""
    groups = annotations([series[number] for number in selected], "group", partly=True)
    own_labels = [() if labels is None else labels[number] for number in selected]
    return [[selected[item] for item in items] for items in stratified_group_split(own_labels, groups, fractions)]


def select_ranges(series: Sequence[Series], selected: Sequence[int]) -> Ranges:
    """The ranges of the selected series in the panel of all series."""
    rows = full_ranges(series)
    indices = torch.tensor(selected, dtype=torch.long)
    return Ranges(rows.begin[indices], rows.end[indices])


def _assign_at_random(count: int, rule: SplitSizes, origin: str, noun: str) -> dict[str, list[int]]:
    sizes = _sizes(count, rule)
    if min(sizes) < 0 or sum(sizes) > count or (rule[0] and not sizes[0]):
        available = counted(count, noun) if noun else f"{count} series"
        shown = ", ".join(f"{one:.4g}" for one in rule)
        remedy = ", such as 1,0,0 to train on all" if are_fractions(*rule) and sum(rule) <= 1 else ""
        raise DataError(
            f"{origin}: the split ({shown}) requires more than {available}; choose another --split{remedy}."
        )
    order = torch.randperm(count, generator=torch.Generator().manual_seed(SPLIT_SEED))
    assigned = torch.split(order, [*sizes, count - sum(sizes)])
    return {split: sorted(numbers.tolist()) for split, numbers in zip(SPLITS, assigned, strict=False)}


def _sizes(count: int, rule: SplitSizes) -> list[int]:
    """Number of series in each split; at least one for every fraction above 0."""
    if not are_fractions(*rule):
        return [int(size) for size in rule]
    dev, test = (max(1, round(fraction * count)) if fraction else 0 for fraction in rule[1:])
    return [min(count - dev - test, max(1, round(rule[0] * count))), dev, test]


def _check_groups(series: Sequence[Series], splits: dict[str, list[int]]) -> None:
    groups, split_of = annotations(series, "group", partly=True), dict[str, str]()
    for split, numbers in splits.items():
        for number in numbers:
            group = groups[number]
            if group is not None and split_of.setdefault(group, split) != split:
                raise DataError(
                    f"{series[number].origin}: the group {group!r} is in both the {split_of[group]} and the {split} "
                    "split; keep each group in one split, or leave --group out."
                )
