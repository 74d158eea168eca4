"""Texts as numbers of symbols and back."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoic.codecs import Characters
from echoic.errors import ConfigError, DataError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def fitted(text: str, unknown: str | None = None) -> Characters:
    return Characters.fit(Characters(()).code_points(text), unknown)


@given(TEXTS)
def test_a_text_survives_its_own_vocabulary(text: str) -> None:
    codec = fitted(text)
    numbers = codec.encode(codec.code_points(text), "here")
    assert codec.decode(numbers) == text
    assert len(codec) == len(set(text)) == numbers.max() + 1


@given(TEXTS)
def test_a_text_survives_as_bytes(text: str) -> None:
    codec = Characters.byte_level()
    assert codec.decode(codec.encode(codec.code_points(text), "here")) == text


@given(TEXTS)
def test_the_vocabulary_survives_json(text: str) -> None:
    codec = fitted(text)
    assert Characters.from_json(json.loads(json.dumps(codec.to_json()))) == codec


def test_an_unknown_character_is_named_with_its_place() -> None:
    codec = fitted("abc\U0001f600")
    with pytest.raises(DataError, match=r"^essay.txt: the character 'ß' at position 2 is not in the train split"):
        codec.encode(codec.code_points("caß"), "essay.txt")


def test_an_unknown_character_can_be_read_as_another() -> None:
    codec = fitted("ab ", unknown=" ")
    assert codec.decode(codec.encode(codec.code_points("aéb"), "here")) == "a b"


@pytest.mark.parametrize("unknown", ["", "ab", "x"])
def test_the_replacement_must_be_a_known_character(unknown: str) -> None:
    with pytest.raises(ConfigError, match="`unknown` must be one character of the train split"):
        fitted("abc", unknown)


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert Characters.byte_level().decode(np.array([0x61, 0xFF, 0x62])) == "a�b"
