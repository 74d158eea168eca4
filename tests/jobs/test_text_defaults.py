"""Defaults of text by its length and by the time budget."""

from typing import Any

import pytest

from echoic.config import TextSettings
from echoic.jobs.text.defaults import with_defaults


def chosen(train_symbols: int, **given: Any) -> tuple[Any, ...]:
    settings = with_defaults(TextSettings.build(given), train_symbols)
    return settings.stack.layers, settings.train.batch_size, settings.train.epochs, settings.stack.dropout


@pytest.mark.parametrize(
    ("symbols", "wanted"),
    [
        (1, ((256,), 4, 100, 0.5)),
        (5_000, ((256,), 4, 100, 0.5)),
        (50_000, ((256,), 16, 45, 0.5)),
        (200_000, ((256,), 16, 22, 0.5)),
        (1_000_000, ((512,), 32, 10, 0.5)),
        (3_000_000, ((512,), 32, 6, 0.0)),
        (10**9, ((512,), 32, 2, 0.0)),
    ],
)
def test_the_table_of_the_guide(symbols: int, wanted: tuple[Any, ...]) -> None:
    assert chosen(symbols) == wanted


def test_what_is_given_stands() -> None:
    given: dict[str, Any] = {"layers": (300, 200), "batch_size": 7, "epochs": 3, "dropout": 0.1}
    assert chosen(50_000, **given) == ((300, 200), 7, 3, 0.1)
    assert chosen(50_000, epochs=3)[3] == 0  # few passes
    assert chosen(50_000, layers=(64,))[3] == 0  # narrow layers


def test_a_time_budget_allows_dropout_where_it_holds_many_passes() -> None:
    assert chosen(50_000, minutes=1.0)[3] == 0.5
    assert chosen(1_000_000, minutes=3.0)[3] == 0
    assert chosen(1_000_000, minutes=60.0)[3] == 0.5
    assert "epochs" not in with_defaults(TextSettings.build({"minutes": 1.0}), 50_000).given()


def test_a_number_of_steps_allows_dropout_where_it_makes_many_passes() -> None:
    assert chosen(50_000, steps=400)[3] == 0.5  # 400 batches of 16 streams of 64 symbols: 8 passes
    assert chosen(50_000, steps=300)[3] == 0


def test_resolved_settings_stay_as_they_are() -> None:
    settings = with_defaults(TextSettings.build(), 50_000)
    assert with_defaults(settings, 5_000_000) == settings
