"""Scores as an HTML table, for notebooks."""

import html
from collections.abc import Mapping

from echoic.metrics.goals import best_value


def scores_html(rows: Mapping[str, Mapping[str, float]], caption: str, note: str = "") -> str:
    """A row per method and a column per score, the best value of each column in bold; all text is escaped."""
    names = list(dict.fromkeys(name for scores in rows.values() for name in scores))
    best = {
        name: best_value(name, [scores[name] for scores in rows.values() if scores.get(name) is not None])
        for name in names
    }
    head = "".join(f"<th>{html.escape(name.replace('_', ' '))}</th>" for name in names)
    body = "".join(
        f"<tr><th>{html.escape(row)}</th>{''.join(_cell(scores.get(name), best[name]) for name in names)}</tr>"
        for row, scores in rows.items()
    )
    below = f"<p>{html.escape(note)}</p>" if note else ""
    return (
        f"<table><caption>{html.escape(caption)}</caption><thead><tr><th></th>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>{below}"
    )


def _cell(value: float | None, best: float | None) -> str:
    if value is None:
        return "<td></td>"
    return f"<td><b>{value:.4g}</b></td>" if value == best else f"<td>{value:.4g}</td>"
