"""A progress bar in a notebook, which needs nothing but the notebook."""

import html
import sys
import time
from typing import Any, final

from echoic.loggers.describing import describe
from echoic.training import Progress

_INTERVAL_S = 0.2
"""Between updates: a notebook that gets more of them falls behind."""


def in_notebook() -> bool:
    """Whether the program runs in the kernel of a notebook (Jupyter, Colab, VS Code)."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return hasattr(shell, "kernel")


@final
class NotebookBar:
    """A bar below the cell, with epoch, losses and speed; each stage of training has its own."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._stage = ""
        self._last = 0.0

    def __call__(self, at: Progress) -> None:
        """Shows the progress, if it is time to."""
        is_new = at.stage != self._stage
        now = time.monotonic()
        if not is_new and at.fraction < 1 and now - self._last < _INTERVAL_S:
            return
        self._last, content = now, _content(at)
        if is_new:
            self._stage = at.stage
            self._handle = sys.modules["IPython"].display.display(content, raw=True, display_id=True)
        elif self._handle is not None:
            self._handle.update(content, raw=True)


def _content(at: Progress) -> dict[str, str]:
    """The bar as HTML, and as text for what shows no HTML."""
    text = describe(at)
    bar = f'<progress value="{at.fraction:.4f}" max="1" style="width: 16em"></progress>'
    return {"text/html": f"{bar} {html.escape(text)}", "text/plain": text}
