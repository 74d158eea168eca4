import json
import os
from pathlib import Path
from typing import Any

import pytest

from echoic.errors import RunError
from echoic.run.sealed import read_json, sealed, unsealed, write_json

VALUE: dict[str, Any] = {"text": "ä", "number": 0.1 + 0.2, "list": [1, None, True], "inner": {"9": 1, "10": 2}}


def test_json_comes_back_as_written(tmp_path: Path) -> None:
    path = tmp_path / "value.json"
    write_json(path, VALUE)
    assert unsealed(path, read_json(path), required=True) == VALUE


def test_the_digest_is_of_the_sorted_compact_json(tmp_path: Path) -> None:
    write_json(tmp_path / "value.json", {"b": 1, "a": [2.5]})
    # sha256 of {"a":[2.5],"b":1}, computed by sha256sum
    assert json.loads((tmp_path / "value.json").read_text())["sha256"] == (
        "11cf70519f8728b23d43074ee65eaa0627c70a30bee4176227f66c95ba1af4dd"
    )


def test_numbers_as_keys_are_digested_as_the_texts_that_json_makes_of_them(tmp_path: Path) -> None:
    value = sealed({"counts": {10: 1, 9: 2}})
    assert unsealed(tmp_path, json.loads(json.dumps(value)), required=True) == {"counts": {"10": 1, "9": 2}}


def test_the_order_of_keys_and_space_between_them_do_not_matter(tmp_path: Path) -> None:
    whole = sealed(VALUE)
    turned = json.loads(json.dumps(dict(reversed(whole.items())), indent=7))
    assert unsealed(tmp_path, turned, required=True) == VALUE


def test_every_flipped_bit_is_an_error_or_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "value.json"
    write_json(path, VALUE)
    whole, refused = path.read_bytes(), 0
    for bit in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            assert unsealed(path, read_json(path), required=True) == VALUE
        except RunError:
            refused += 1
    assert refused > 4 * len(whole)


@pytest.mark.parametrize("content", [VALUE, VALUE | {"sha256": None}, VALUE | {"sha256": "0" * 64}])
def test_a_missing_or_wrong_digest_is_an_error(tmp_path: Path, content: dict[str, Any]) -> None:
    with pytest.raises(RunError, match=r"is damaged \((it has no checksum|its checksum does not match)\); restore"):
        unsealed(tmp_path / "value.json", content, required=True)


def test_files_of_format_1_need_no_digest_but_one_that_is_there_has_to_match(tmp_path: Path) -> None:
    assert unsealed(tmp_path, VALUE, required=False) == VALUE
    with pytest.raises(RunError, match="does not match"):
        unsealed(tmp_path, VALUE | {"sha256": "0" * 64}, required=False)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", r"cannot be read \(Expecting value"),
        (b'{"a": 1', "cannot be read"),
        (b'{"a": "\xff"}', r"cannot be read \('utf-8' codec"),
        (b"[1]", "must hold a JSON object"),
        (b'{"a": NaN}', r"cannot be read \(NaN is not a finite number"),
        (b'{"a": -Infinity}', r"cannot be read \(-Infinity is not a finite number"),
        (b'{"a": ' + b"[" * 100_000, r"cannot be read \(it is nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", r"cannot be read \(Exceeds the limit"),
    ],
    ids=["empty", "cut short", "not UTF-8", "a list", "NaN", "infinite", "nested", "long number"],
)
def test_json_that_is_damaged_is_a_run_error_with_its_path(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "value.json"
    path.write_bytes(content)
    with pytest.raises(RunError, match=f"value.json {reason}"):
        read_json(path)


def test_json_that_is_missing_is_a_run_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"value.json cannot be read .*No such file"):
        read_json(tmp_path / "value.json")


def test_a_pipe_in_the_place_of_a_file_is_an_error_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "value.json")
    with pytest.raises(RunError, match=r"value.json cannot be read \(value.json is not a regular file"):
        read_json(tmp_path / "value.json")
