import torch

from echoic.readouts import Last, ReadoutInputs


def test_last_is_the_last_vector_then_the_future_covariates_step_by_step() -> None:
    encoded, hidden, covariates = torch.zeros(2, 3, 1), torch.randn(2, 3, 4), torch.randn(2, 5, 2)
    assert torch.equal(Last(4)(ReadoutInputs(encoded, hidden, (), None, None, None)), hidden[:, 2:])
    readout = Last(4, 5, 2)
    wanted = [torch.cat([hidden[row, 2], *covariates[row]]) for row in range(2)]
    assert torch.equal(readout(ReadoutInputs(encoded, hidden, (), None, None, covariates))[:, 0], torch.stack(wanted))
    assert readout.output_size == 14
