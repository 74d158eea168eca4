import subprocess
import sys

import pytest

SCRIPT = """
import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel
from echoic.nn import GRU, LSTM

distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
for kind in (LSTM, GRU):
    layer = kind(3, 5, 2, bidirectional=True)
    x = torch.randn(4, 2, 3)
    wanted = torch.autograd.grad(layer(x)[0].square().sum(), list(layer.parameters()))
    parallel = DistributedDataParallel(layer)
    for _ in range(2):
        parallel.zero_grad()
        parallel(x)[0].square().sum().backward()
    for weights, gradient in zip(layer.parameters(), wanted, strict=True):
        assert torch.equal(weights.grad, gradient)
    print("same")
distributed.destroy_process_group()
"""


@pytest.mark.slow
def test_gradients_go_through_distributed_data_parallel() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=600, check=False)
    assert done.stdout.split() == ["same", "same"], done.stderr
