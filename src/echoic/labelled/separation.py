"""Cuts a long recording where post-processing cannot look across, so that it takes constant memory."""

from collections.abc import Iterable, Iterator

import numpy as np

from echoic.labelled.frames import BACKGROUND, Probs
from echoic.labelled.postprocessing import PostProcessing

FEWEST_FRAMES = 1 << 14
"""Frames from which a part is cut off."""

_ROUNDING = 1e-6


def separate(chunks: Iterable[Probs], postprocessing: PostProcessing) -> Iterator[tuple[int, Probs]]:
    """The probabilities of consecutive `chunks` `(frames, classes)` in parts, each after the number of its first frame.

    Parts end in pauses so long that post-processing each alone equals post-processing the whole. Without such a pause,
    what comes is kept until there is one.
    """
    first, pending, frames, fewest = 0, list[Probs](), 0, FEWEST_FRAMES
    for chunk in chunks:
        pending.append(chunk)
        frames += len(chunk)
        if frames < fewest:
            continue
        whole = np.concatenate(pending)
        cut = _last_pause(whole, postprocessing)
        if cut:
            yield first, whole[:cut]
            first += cut
        pending, frames = [whole[cut:].copy()], len(whole) - cut
        fewest = max(FEWEST_FRAMES, 2 * frames)  # so that a recording without pauses is not searched over and over
    if frames:
        yield first, np.concatenate(pending)


def _last_pause(probs: Probs, postprocessing: PostProcessing) -> int:
    """A frame in the middle of the last pause that separates; 0 if there is none."""
    # The median filter moves the ends of a pause by less than its width.
    separating = postprocessing.pause_frames + 2 * postprocessing.median_frames
    quiet = probs[:, BACKGROUND] > 0.5 + postprocessing.hysteresis + _ROUNDING
    edges = np.flatnonzero(np.diff(quiet, prepend=False, append=False))
    begins, ends = edges[::2], edges[1::2]
    long = np.flatnonzero(ends - begins >= separating)
    return int(begins[long[-1]] + ends[long[-1]]) // 2 if len(long) else 0
