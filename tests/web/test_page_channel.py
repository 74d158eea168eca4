"""The connection of the page of `echoic serve`: answers that come late, and a server that goes at a bad moment."""

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra [serve] is not installed")
pytest.importorskip("playwright", reason="NO TEST OF THE PAGE: playwright is not installed (pip install playwright)")

from browsing import Browsed
from playwright.sync_api import Page

pytestmark = pytest.mark.slow

CHANNEL = """async () => {
  const { Channel } = await import("/files/socket.js");
  window.sockets = [];
  window.WebSocket = class {
    bufferedAmount = 0;
    sent = [];
    constructor() {
      sockets.push(this);
    }
    send(message) {
      this.sent.push(JSON.parse(message));
    }
  };
  window.answer = (message) => sockets.at(-1).onmessage({ data: JSON.stringify(message) });
  window.results = [];
  window.states = [];
  window.channel = new Channel("text", { onHello() {}, onResult: ({ position }) => results.push(position) });
  answer({ type: "hello" });
  channel.begin();
}"""
"""A connection whose server is the test: `answer(message)`."""

LOSE = """async (code) => {
  const { length } = sockets;
  sockets.at(-1).onclose({ code });
  while (sockets.length === length) await new Promise((wake) => setTimeout(wake, 20));
  answer({ type: "hello" });
}"""
"""Loses the connection, and waits until it is back."""


@pytest.fixture
def page(browsed: Browsed) -> Iterator[Page]:
    with browsed.page("text") as one:
        one.evaluate(CHANNEL)
        yield one


def sent(page: Page) -> list[Any]:
    """What has been sent on the newest connection."""
    found: list[Any] = page.evaluate("sockets.at(-1).sent")
    return found


def result(position: int) -> str:
    return f"answer({{ type: 'result', position: {position}, records: [] }});"


STARTED = "answer({ type: 'started' });"


def push(text: str) -> str:
    return f"channel.push({{ text: '{text}' }}, {len(text)});"


def test_results_of_the_sequence_before_are_none_of_this_one(page: Page) -> None:
    page.evaluate(STARTED + push("abc") + "channel.reset();" + push("d"))
    page.evaluate(result(3) + STARTED + result(1) + push("e") + result(2))
    assert page.evaluate("results") == [1, 2]
    page.evaluate("answer({ type: 'state', position: 2, state: 'old' }); channel.reset();")
    page.evaluate("answer({ type: 'state', position: 2, state: 'older' });" + STARTED)
    page.evaluate(LOSE, 1006)
    assert sent(page) == [{"type": "start"}]


def test_an_end_that_a_lost_connection_has_not_answered_is_asked_for_again(page: Page) -> None:
    page.evaluate(STARTED + push("abc") + result(3) + push("d") + "channel.finish();")
    page.evaluate(LOSE, 1006)
    assert [one["type"] for one in sent(page)] == ["start", "push", "push", "finish"]
    page.evaluate(STARTED + result(3) + result(4) + result(4))
    assert page.evaluate("results") == [3, 4, 4]  # once each, and the end
    page.evaluate(LOSE, 1006)
    assert sent(page) == [{"type": "start"}]


def test_a_state_that_is_refused_is_left_out_and_what_came_after_it_is_not(page: Page) -> None:
    page.evaluate(STARTED + "channel.resume({ state: 'damaged', position: 7 });" + push("ab"))
    page.evaluate(LOSE, 1008)
    start, pushed = sent(page)
    assert (start["state"], start["position"]) == (None, 0)
    assert pushed == {"type": "push", "text": "ab"}
    page.evaluate(STARTED + result(2))
    assert page.evaluate("[results, channel.isBusy]") == [[2], False]


def test_what_is_refused_is_not_sent_again(page: Page) -> None:
    page.evaluate(STARTED + "channel.resume({ state: 'good', position: 7 });" + STARTED + push("ab"))
    page.evaluate(LOSE, 1008)
    assert sent(page) == [{"type": "start", "state": "good", "position": 7}]


def test_states_are_given_to_those_that_asked_for_them_in_their_order(page: Page) -> None:
    page.evaluate(STARTED + "[1, 2].forEach(() => channel.save().then(({ position }) => states.push(position)));")
    page.evaluate("answer({ type: 'state', position: 1, state: 'one' })")
    assert page.evaluate("states") == [1]
    page.evaluate(LOSE, 1006)
    assert [one["type"] for one in sent(page)] == ["start", "save"]  # the second one, again
    page.evaluate(STARTED + "answer({ type: 'state', position: 2, state: 'two' })")
    assert page.evaluate("states") == [1, 2]
