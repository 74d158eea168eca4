import torch

from echoic.encoders import Segments

FLOAT32 = 1e-6


def test_a_segment_is_a_linear_map_and_a_relu_of_its_samples() -> None:
    torch.manual_seed(0)
    encoder = Segments(2, 3, 4)
    x = torch.randn(5, 7, 2)
    steps = []
    for last in (1, 4, 7):
        samples = torch.zeros(5, 3, 2)
        samples[:, max(3 - last, 0) :] = x[:, max(last - 3, 0) : last]
        flat = torch.stack([samples[:, at, feature] for at in range(3) for feature in range(2)], -1)
        steps.append((flat @ encoder.linear.weight.T + encoder.linear.bias).clamp(min=0))
    torch.testing.assert_close(encoder(x), torch.stack(steps, 1), atol=FLOAT32, rtol=0)
