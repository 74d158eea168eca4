"""Training in the kernel of a notebook, not in an imitation of one."""

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

TRAINING = """
import numpy as np, echoic
run = echoic.train("forecast", np.sin(np.arange(400) / 5), horizon=4, layers=(4,), epochs=2)
run
"""
CELLS = (
    TRAINING,
    "run.evaluate()",
    "run.predict(on_error='stop')['mean'].shape",
)


@pytest.mark.slow
def test_a_notebook_shows_one_bar_that_ends_full_and_tables_and_nothing_on_standard_error() -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    training, evaluation, prediction = (cell["outputs"] for cell in notebook["cells"])
    assert [one["output_type"] for one in training] == ["display_data", "execute_result"]
    assert '<progress value="1.0000" max="1"' in training[0]["data"]["text/html"]
    assert training[0]["data"]["text/plain"].startswith("training 100%")
    assert "<table>" in training[1]["data"]["text/html"]
    assert training[1]["data"]["text/plain"].startswith("Run(job='forecast'")
    assert "<th>persistence</th>" in evaluation[0]["data"]["text/html"]
    assert [one["data"]["text/plain"] for one in prediction] == ["(4,)"]
