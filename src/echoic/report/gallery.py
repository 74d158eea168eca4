"""Charts as figures of matplotlib, to show in notebooks and to change before saving."""

import base64
import html
from collections.abc import Iterable
from typing import TYPE_CHECKING, final

from echoic.report.charts import Chart, decimated
from echoic.report.figures import draw, figure_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@final
class Gallery(dict[str, "Figure"]):
    """Figures by the key of their chart; notebooks show all of them."""

    @classmethod
    def of(cls, charts: Iterable[Chart]) -> "Gallery":
        """A figure of each chart."""
        return cls({chart.key: draw(decimated(chart)) for chart in charts})

    def _repr_html_(self) -> str:
        images = (
            f'<img alt="{html.escape(key)}" style="max-width: 100%" '
            f'src="data:image/png;base64,{base64.b64encode(figure_bytes(figure, "png")).decode()}">'
            for key, figure in self.items()
        )
        return "\n".join(images)
