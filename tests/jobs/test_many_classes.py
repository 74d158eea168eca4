"""Charts and tables of evaluations with many classes."""

import numpy as np

from echoic.jobs.classify.labelling.one import MAX_SHOWN, OneLabel
from echoic.jobs.classify.labelling.several import MAX_SHOWN as MAX_LABELS
from echoic.jobs.classify.labelling.several import SeveralLabels

NAMES = tuple(f"class {number}" for number in range(200))


def one_hot(classes: list[int]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.eye(len(NAMES))[classes]


def test_the_confusion_matrix_has_the_classes_with_the_most_errors() -> None:
    labelling = OneLabel(NAMES, (1,) * len(NAMES))
    true = [*range(200), *([150] * 9), *([7] * 5)]
    predicted = [*range(200), *([151] * 9), *([8] * 4), 7]
    charts = labelling.charts(np.array(true)[:, None], one_hot(predicted))
    chart = next(one for one in charts if one.key == "confusion")
    (heatmap,) = chart.heatmaps
    assert heatmap.names is not None
    across, down = heatmap.names
    assert len(across) == len(down) == MAX_SHOWN
    assert {"class 150", "class 151", "class 7", "class 8"} <= set(across)
    assert list(down) == list(across)[::-1]
    at = heatmap.values[list(down).index("class 150"), list(across).index("class 151")]
    assert at == 0.9
    assert f"The {MAX_SHOWN} of 200 classes with the most errors" in chart.caption
    confusions = labelling.confusions(np.array(true)[:, None], one_hot(predicted))
    assert [(one.label, one.predicted, one.clips, one.of) for one in confusions] == [
        ("class 150", "class 151", 9, 10),
        ("class 7", "class 8", 4, 6),
    ]
    by_class = labelling.by_class(np.array(true)[:, None], one_hot(predicted))
    assert len(by_class) == 200
    assert next(iter(by_class)) == "class 150"


def test_few_classes_are_all_in_the_matrix() -> None:
    labelling = OneLabel(NAMES[:3], (1, 1, 1))
    charts = labelling.charts(np.array([[0], [1], [2]]), np.eye(3))
    (heatmap,) = charts[0].heatmaps
    np.testing.assert_array_equal(heatmap.values, np.eye(3)[::-1])
    assert charts[0].caption == ""


def test_the_labels_with_the_lowest_f1_are_drawn() -> None:
    labelling = SeveralLabels(NAMES, (1,) * len(NAMES), ";")
    true = np.ones((2, len(NAMES)), np.int64)
    probabilities = np.ones((2, len(NAMES)))
    probabilities[:, 100:110] = 0
    (chart,) = labelling.charts(true, probabilities)
    (bars,) = chart.bars
    assert bars.names is not None
    assert len(bars.names) == MAX_LABELS
    assert {f"class {number}" for number in range(100, 110)} <= set(bars.names)
    assert labelling.confusions(true, probabilities) == []
    assert labelling.by_class(true, probabilities)["class 105"].recall == 0
