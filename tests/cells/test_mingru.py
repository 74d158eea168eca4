import torch

from echoic.cells import MinGRU

EXACT = 1e-12  # float64


def test_mingru_equals_a_plain_loop() -> None:
    """The equations of Feng 2024, one step at a time."""
    torch.manual_seed(0)
    cell, x = MinGRU(2, 5).double(), torch.randn(3, 7, 2).double()
    torch.nn.init.normal_(cell.bias)
    h = torch.randn(3, 5).double()
    y, _ = cell(x, (h,))
    for step, x_t in enumerate(x.unbind(1)):
        z = torch.sigmoid(x_t @ cell.w_in[:5].T + cell.bias[:5])
        candidate = x_t @ cell.w_in[5:].T + cell.bias[5:]
        h = (1 - z) * h + z * candidate
        torch.testing.assert_close(y[:, step], h, atol=EXACT, rtol=0)


def test_there_are_no_recurrent_weights() -> None:
    assert [name for name, _ in MinGRU(3, 4).named_parameters()] == ["w_in", "bias"]


def test_a_sequence_without_steps_leaves_the_state_as_it_is() -> None:
    h = torch.randn(2, 4)
    y, (after,) = MinGRU(3, 4)(torch.zeros(2, 0, 3), (h,))
    assert y.shape == (2, 0, 4)
    assert torch.equal(after, h)
