"""Labelled pieces dealt to parts: every class by the shares, and what belongs together to one part."""

from collections import Counter
from collections.abc import Sequence

import torch

_NEVER = float("-inf")
_SPLIT_SEED = 0
"""One deal for everyone: runs with other seeds must be comparable."""


def stratified_group_split(
    labels: Sequence[tuple[str, ...]], groups: Sequence[str | None], fractions: Sequence[float]
) -> list[list[int]]:
    """The numbers of the pieces in each part, by `fractions` of every label; those of one group are in one part.

    `labels` has those of each piece; pieces without any are dealt as if that were a label too.

    Groups go one by one, the largest first and equal ones at random, to the part that lacks most of what they bring.
    Pieces whose group is None stand for themselves.
    """
    members: dict[tuple[str, str | int], list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(("piece", index) if group is None else ("group", group), []).append(index)
    group_members = list(members.values())
    sampler = torch.randperm(len(group_members), generator=torch.Generator().manual_seed(_SPLIT_SEED)).tolist()
    ordered = sorted((group_members[at] for at in sampler), key=len, reverse=True)
    assigned: list[list[list[int]]] = [[] for _ in fractions]
    classes = [own_labels or ("",) for own_labels in labels]
    total, assigned_counts = (
        Counter(name for own_labels in classes for name in own_labels),
        [Counter[str]() for _ in fractions],
    )
    for indices in ordered:
        group_counts = Counter(name for index in indices for name in classes[index])
        deficits = [
            sum(count * (fraction - split[label] / total[label]) for label, count in group_counts.items())
            if fraction
            else _NEVER
            for fraction, split in zip(fractions, assigned_counts, strict=True)
        ]
        best = max(range(len(fractions)), key=lambda at: deficits[at])
        assigned_counts[best].update(group_counts)
        assigned[best].append(indices)
    for fraction, split in zip(fractions, assigned, strict=True):
        largest = max(assigned, key=len)
        if fraction and not split and len(largest) > 1 and len(largest[-1]) > 1:
            # A small share of a few large groups would come to nothing.
            split.append(largest.pop())
    return [sorted(index for indices in split for index in indices) for split in assigned]
