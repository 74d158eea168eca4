"""The constant delay between inputs and targets, by cross-correlation of the train split."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SEGMENT, _MIN_SEGMENT = 1 << 14, 64
"""Steps of a segment whose spectra are averaged; delays up to half of it are found."""

_FLOOR = 1e-3
"""Of the mean power, added to that of every frequency of the input before division."""

_NOISE, _LEAST = 8.0, 5e-3
"""A response begins where it exceeds so many standard deviations of its noise, and this fraction of its peak."""

_MARGIN, _SHORTEST = 2, 4
"""Steps before the beginning of a response that are kept, and the shortest delay that is taken out."""


def find_delay(pairs: Sequence[tuple[Floats, Floats]], *, may_lead: bool) -> int:
    """Steps by which all targets come after all inputs; 0 where it is not clear.

    With `may_lead` also below 0, for targets that come first: recordings are shifted against each other by their
    devices. Where a controller answers to a target, its reaction comes first, too, but must not be predicted from.

    `pairs` are inputs `(steps, inputs)` and targets `(steps, targets)` of each sequence of train, NaN where missing.
    The cross-correlation is divided by the power of the input (a Wiener filter), so that the delay is the beginning of
    the response to an impulse, not its middle: what comes before it carries nothing.
    """
    segment = _segment(pairs)
    if segment < _MIN_SEGMENT:
        return 0
    inputs, targets = pairs[0][0].shape[1], pairs[0][1].shape[1]
    responses = [_response(pairs, one, other, segment) for one in range(inputs) for other in range(targets)]
    found = [lag for response in responses if (lag := _lag(response, may_lead=may_lead)) is not None]
    if not found:
        return 0
    return min(found) if abs(min(found)) >= _SHORTEST else 0


def _segment(pairs: Sequence[tuple[Floats, Floats]]) -> int:
    """A power of two of which the longest sequence has at least four."""
    longest = max(len(inputs) for inputs, _ in pairs)
    return 0 if longest < 4 else min(_SEGMENT, 1 << (longest // 4).bit_length() - 1)


def _response(pairs: Sequence[tuple[Floats, Floats]], one: int, other: int, segment: int) -> Floats:
    """The response of a target to an input, `(2 * segment,)`; negative lags are at the end."""
    power, cross = np.zeros(segment + 1), np.zeros(segment + 1, complex)
    for inputs, targets in pairs:
        values, targeted = _centred(inputs[:, one]), _centred(targets[:, other])
        for begin in range(0, len(values) - segment + 1, segment):
            spectra = [np.fft.rfft(signal[begin : begin + segment], 2 * segment) for signal in (values, targeted)]
            power += np.abs(spectra[0]) ** 2
            cross += np.conj(spectra[0]) * spectra[1]
    if not power.any():
        return np.zeros(2 * segment)
    return np.fft.irfft(cross / (power + _FLOOR * power.mean()))


def _centred(values: Floats) -> Floats:
    return np.nan_to_num(values - np.nanmean(values)) if np.isfinite(values).any() else np.zeros(len(values))


def _lag(response: Floats, *, may_lead: bool) -> int | None:
    """The delay of a response: its beginning, or its peak if that comes before the input; None if it is not clear."""
    half = len(response) // 4
    lags = np.arange(-half, half + 1)
    size = np.abs(response[lags])
    noise = 1.4826 * float(np.median(size))
    peak = float(size.max())
    if not peak or peak <= _NOISE * noise:
        return None
    at = int(lags[size.argmax()])
    if at < 0:
        return at if may_lead else 0
    clear = size > max(_NOISE * noise, _LEAST * peak)
    begin = int(lags[clear & (lags >= 0)][0])
    return max(0, begin - _MARGIN)
