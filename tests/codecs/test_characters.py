"""Texts as numbers of symbols and back."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoic.codecs import Characters
from echoic.errors import DataError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def fitted(text: str) -> Characters:
    return Characters.fit(Characters(()).code_points(text))


@given(TEXTS)
def test_a_text_survives_its_own_vocabulary(text: str) -> None:
    codec = fitted(text)
    numbers = codec.encode(codec.code_points(text))
    assert codec.decode(numbers) == text
    assert len(codec) == len(set(text)) + 1 == numbers.max() + 2


@given(TEXTS)
def test_a_text_survives_as_bytes(text: str) -> None:
    codec = Characters.byte_level()
    assert codec.decode(codec.encode(codec.code_points(text))) == text


@given(TEXTS)
def test_the_vocabulary_survives_json(text: str) -> None:
    codec = fitted(text)
    assert Characters.from_json(json.loads(json.dumps(codec.to_json()))) == codec


@given(TEXTS, TEXTS)
def test_all_other_characters_are_the_unknown_symbol(text: str, other: str) -> None:
    codec = fitted(text)
    assert codec.unknown == len(codec) - 1
    numbers = codec.encode(codec.code_points(other))
    assert (numbers == codec.unknown).tolist() == [character not in text for character in other]
    assert codec.decode(numbers) == "".join(one if one in text else "\ufffd" for one in other)


def test_no_byte_is_unknown() -> None:
    assert Characters.byte_level().unknown is None
    assert len(Characters.byte_level()) == 256


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert Characters.byte_level().decode(np.array([0x61, 0xFF, 0x62])) == "a�b"


def test_half_a_character_has_no_bytes() -> None:
    codec = Characters(tuple(range(256)), is_bytes=True)
    assert codec.code_points("a\udce4").tolist() == [97, 0xE4]
    with pytest.raises(DataError, match=r"half a character \(U\+D800\) at 1; leave it out"):
        codec.code_points("a\ud800")
