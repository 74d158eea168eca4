"""Labelled pieces dealt to parts: every class by the shares, and what belongs together to one part."""

from collections import Counter
from collections.abc import Sequence

import torch

_NEVER = float("-inf")
_DEAL_SEED = 0
"""One deal for everyone: runs with other seeds must be comparable."""


def deal_labelled(
    labels: Sequence[tuple[str, ...]], groups: Sequence[str | None], shares: Sequence[float]
) -> list[list[int]]:
    """The numbers of the pieces in each part, by `shares` of every label; those of one group are in one part.

    `labels` has those of each piece; pieces without any are dealt as if that were a label too.

    Groups go one by one, the largest first and equal ones at random, to the part that lacks most of what they bring.
    Pieces whose group is None stand for themselves.
    """
    members: dict[tuple[str, str | int], list[int]] = {}
    for number, group in enumerate(groups):
        members.setdefault(("piece", number) if group is None else ("group", group), []).append(number)
    every = list(members.values())
    order = torch.randperm(len(every), generator=torch.Generator().manual_seed(_DEAL_SEED)).tolist()
    ordered = sorted((every[at] for at in order), key=len, reverse=True)
    dealt: list[list[list[int]]] = [[] for _ in shares]
    kinds = [has or ("",) for has in labels]
    total, held = Counter(kind for has in kinds for kind in has), [Counter[str]() for _ in shares]
    for numbers in ordered:
        brought = Counter(kind for number in numbers for kind in kinds[number])
        lacks = [
            sum(count * (share - part[label] / total[label]) for label, count in brought.items()) if share else _NEVER
            for share, part in zip(shares, held, strict=True)
        ]
        best = max(range(len(shares)), key=lambda at: lacks[at])
        held[best].update(brought)
        dealt[best].append(numbers)
    for share, part in zip(shares, dealt, strict=True):
        most = max(dealt, key=len)
        if share and not part and len(most) > 1 and len(most[-1]) > 1:
            # A small share of a few large groups would come to nothing.
            part.append(most.pop())
    return [sorted(number for numbers in part for number in numbers) for part in dealt]
