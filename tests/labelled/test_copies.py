"""Clips that occur more than once."""

from typing import Any

import numpy as np

from echoic.labelled.copies import copy_notes
from echoic.types import Annotations, Series

NO_SPLITS: dict[str, list[int]] = {"train": [], "dev": [], "test": []}


def clip(name: str, seed: int, *labels: str) -> Series:
    values = np.random.default_rng(seed).standard_normal((5, 1)).astype(np.float32)
    return Series(name, values, ("sample",), annotations=Annotations(labels=labels))


def found(clips: list[Series], **splits: Any) -> list[str]:
    return copy_notes(clips, NO_SPLITS | splits, "clip")


def test_different_clips_have_no_note() -> None:
    assert found([clip("a", 0, "x"), clip("b", 1, "x")], train=[0], test=[1]) == []


def test_copies_in_one_split_are_counted() -> None:
    clips = [clip("a", 0, "x"), clip("b", 0, "x"), clip("c", 0, "x"), clip("d", 1, "x")]
    assert found(clips, train=[0, 1, 2, 3]) == [
        "With the same content as another clip: 2 clips, such as b like a.",
    ]


def test_copies_with_different_labels_are_named() -> None:
    clips = [clip("a", 0, "x"), clip("b", 0, "y"), clip("c", 1, "x")]
    assert found(clips, train=[0, 1, 2])[1] == (
        "With the same content as another clip, but different labels: 1 clip (b like a)."
    )


def test_copies_in_two_splits_are_named() -> None:
    clips = [clip("a", 0, "x"), clip("b", 0, "x"), clip("c", 1, "x"), clip("d", 1, "x"), clip("e", 1, "x")]
    wanted = "With the same content in two of train, dev and test, so that scores are too good: "
    assert found(clips, train=[1, 2], test=[0, 3], dev=[4])[-1] == wanted + "3 clips, such as a like b."
    assert found(clips, dev=[0], test=[1], train=[2, 3, 4])[-1] == wanted + "1 clip (b like a)."


def test_equal_numbers_in_another_shape_are_another_clip() -> None:
    flat = clip("a", 0, "x")
    wide = Series("b", flat.values.reshape(1, 5), tuple("abcde"), annotations=flat.annotations)
    assert found([flat, wide], train=[0, 1]) == []
