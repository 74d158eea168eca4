"""Texts of a report in which some pieces are marked."""

from echoic.metrics.texts import differences
from echoic.report.tables import Marked, Table, table_html


def test_pieces_are_those_that_the_other_text_lacks() -> None:
    true, found = differences("acbc <b>", "cxc <b>")
    assert true == [("a", True), ("c", False), ("b", True), ("c <b>", False)]
    assert found == [("c", False), ("x", True), ("c <b>", False)]
    assert differences("", "a") == ([], [("a", True)])


def test_marked_pieces_are_shown_and_escaped() -> None:
    page = table_html(Table("Texts", ["file", "text"], [("a.wav", Marked([("x<", False), ("&y", True)]))]))
    assert "<td>x&lt;<mark>&amp;y</mark></td>" in page
