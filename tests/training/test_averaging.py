import numpy as np
import torch

from echoic.training.averaging import EMA


def test_averaged_weights_are_those_that_numpy_computes() -> None:
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 2)
    ema = EMA(model, 0.9)
    expected = {name: weight.detach().numpy().astype(np.float64) for name, weight in model.named_parameters()}
    for step in range(1, 200):
        decay = min(0.9, (1 + step) / (10 + step))
        for name, weight in model.named_parameters():
            weight.data.add_(torch.randn_like(weight))
            expected[name] = decay * expected[name] + (1 - decay) * weight.detach().numpy()
        ema.update()
    for name, averaged in ema.weights.items():
        np.testing.assert_allclose(averaged.numpy(), expected[name], rtol=1e-5, atol=1e-5)
