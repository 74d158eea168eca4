"""Stratified random splits that keep groups together."""

from collections import Counter
from collections.abc import Sequence

import torch

SPLIT_SEED = 0
"""The same for every run, so that runs with different seeds stay comparable."""

_NEVER = float("-inf")


def stratified_group_split(
    labels: Sequence[tuple[str, ...]], groups: Sequence[str | None], fractions: Sequence[float]
) -> list[list[int]]:
    """Splits items by `fractions`, stratified by label; returns the sorted indices of the items of each split.

    Groups are never divided; an item whose group is None forms its own. Items without labels are stratified as if they
    shared one. Groups are assigned greedily, the largest first and ties in random order, each to the split that is
    furthest below its fractions of the group's labels; of several, to the one furthest below its fraction of all items.
    A split that is empty then, since its fraction is less than half an item of every label, gets its fraction of all
    items from the labels with the most, of which the largest split keeps one.
    """
    members: dict[tuple[str, str | int], list[int]] = {}
    for number, group in enumerate(groups):
        members.setdefault(("item", number) if group is None else ("group", group), []).append(number)
    group_members = list(members.values())
    order = torch.randperm(len(group_members), generator=torch.Generator().manual_seed(SPLIT_SEED)).tolist()
    by_size = sorted((group_members[number] for number in order), key=len, reverse=True)
    classes = [own_labels or ("",) for own_labels in labels]
    total = Counter(label for own_labels in classes for label in own_labels)
    assigned: list[list[list[int]]] = [[] for _ in fractions]
    assigned_counts = [Counter[str]() for _ in fractions]
    for numbers in by_size:
        group_counts = Counter(label for number in numbers for label in classes[number])
        deficits = [
            sum(count * (fraction - split[label] / total[label]) for label, count in group_counts.items())
            if fraction
            else _NEVER
            for fraction, split in zip(fractions, assigned_counts, strict=True)
        ]
        sizes = [sum(map(len, split)) for split in assigned]
        furthest = max(
            range(len(fractions)), key=lambda split: (deficits[split], fractions[split] * len(labels) - sizes[split])
        )
        assigned_counts[furthest].update(group_counts)
        assigned[furthest].append(numbers)
    for fraction, split in zip(fractions, assigned, strict=True):
        largest = max(assigned, key=len)
        if fraction and not split and len(largest) > 1 and len(largest[-1]) > 1:
            # With few large groups, a small fraction would round to zero.
            split.append(largest.pop())
        elif fraction and not split:
            split.extend(_spare(largest, classes, round(fraction * len(labels))))
    return [sorted(number for numbers in split for number in numbers) for split in assigned]


def _spare(groups: list[list[int]], classes: Sequence[tuple[str, ...]], count: int) -> list[list[int]]:
    """Removes up to `count` single items of the labels with the most from `groups`; every label keeps one item."""
    left = Counter(label for numbers in groups for number in numbers for label in classes[number])
    spared: list[list[int]] = []
    for level in range(max(left.values(), default=0), 1, -1):
        kept: list[list[int]] = []
        for numbers in groups:
            own = classes[numbers[0]]
            if len(numbers) == 1 and len(spared) < count and min(left[label] for label in own) == level:
                left.subtract(own)
                spared.append(numbers)
            else:
                kept.append(numbers)
        groups[:] = kept
    return spared
