"""A network of the user's own in every job, and a network without a state where the job has whole sequences."""

from pathlib import Path
from typing import Any

import pytest
import torch
from setting_changes import DATA, TINY
from torch import Tensor, nn

import echoic
from echoic.config import StackSettings
from echoic.errors import ConfigError
from echoic.jobs import JOBS

OF_LAYERS = StackSettings.model_fields.keys()


def gru(input_size: int) -> nn.Module:
    return nn.GRU(input_size, 8, batch_first=True)


class Smoothed(nn.Module):
    """A module as people write them: no state, a mean over time beside each step."""

    def __init__(self, input_size: int) -> None:
        super().__init__()
        self.layer = nn.Linear(2 * input_size, 8)

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(1, keepdim=True).expand_as(x)
        return torch.tanh(self.layer(torch.cat([x, mean], -1)))


def config(job: str) -> dict[str, Any]:
    return {name: value for name, value in TINY[job].items() if name not in OF_LAYERS}


@pytest.mark.parametrize("job", JOBS)
def test_every_job_trains_a_recurrent_module_of_torch(tmp_path: Path, job: str) -> None:
    data, components = DATA[job](tmp_path), {"network": gru}
    run = echoic.train(job, data, out=tmp_path / "run", config=config(job), components=components)
    assert any(isinstance(module, nn.GRU) for module in run.model.modules())
    again = echoic.load(run.path, data=data, components=components)
    assert again.evaluate().scores == run.evaluate().scores


@pytest.mark.parametrize(("job", "settings"), [("classify", {}), ("forecast", {"strategy": "direct"})])
def test_a_module_without_a_state_serves_whole_sequences(tmp_path: Path, job: str, settings: dict[str, Any]) -> None:
    data, chosen = DATA[job](tmp_path), config(job) | settings
    run = echoic.train(job, data, config=chosen, components={"network": Smoothed})
    assert any(isinstance(module, Smoothed) for module in run.model.modules())


@pytest.mark.parametrize("job", ["music", "text", "audio", "detect"])
def test_a_job_that_runs_step_by_step_says_what_a_module_lacks(tmp_path: Path, job: str) -> None:
    with pytest.raises(ConfigError, match=r"must take and return a state, as `y, state = network\(x, state\)`"):
        echoic.train(job, DATA[job](tmp_path), config=config(job), components={"network": Smoothed})
