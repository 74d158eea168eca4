"""Cuts a long recording where post-processing cannot look across, so that it takes constant memory."""

from collections.abc import Iterable, Iterator

import numpy as np

from echoic.labelled.frames import BACKGROUND
from echoic.labelled.postprocessing import PostProcessing
from echoic.labelled.tracks import TrackProbs

FEWEST_FRAMES = 1 << 14
"""Frames from which a part is cut off."""

_ROUNDING = 1e-6


def separate(chunks: Iterable[TrackProbs], postprocessing: PostProcessing) -> Iterator[tuple[int, TrackProbs]]:
    """The probabilities of consecutive `chunks` in parts, each after the number of its first frame.

    Parts end in pauses so long that post-processing each alone equals post-processing the whole. Without such a pause,
    what comes is kept until there is one.
    """
    first, pending, frames, fewest = 0, list[TrackProbs](), 0, FEWEST_FRAMES
    for chunk in chunks:
        pending.append(chunk)
        frames += chunk.shape[1]
        if frames < fewest:
            continue
        whole = np.concatenate(pending, 1)
        cut = _last_pause(whole, postprocessing)
        if cut:
            yield first, whole[:, :cut]
            first += cut
        pending, frames = [whole[:, cut:].copy()], whole.shape[1] - cut
        fewest = max(FEWEST_FRAMES, 2 * frames)  # so that a recording without pauses is not searched over and over
    if frames:
        yield first, np.concatenate(pending, 1)


def _last_pause(probs: TrackProbs, postprocessing: PostProcessing) -> int:
    """A frame in the middle of the last pause of all tracks that separates; 0 if there is none."""
    # The median filter moves the ends of a pause by less than its width.
    separating = postprocessing.pause_frames + 2 * postprocessing.median_frames
    quiet = (probs[..., BACKGROUND] > 0.5 + postprocessing.hysteresis + _ROUNDING).all(0)
    edges = np.flatnonzero(np.diff(quiet, prepend=False, append=False))
    begins, ends = edges[::2], edges[1::2]
    long = np.flatnonzero(ends - begins >= separating)
    return int(begins[long[-1]] + ends[long[-1]]) // 2 if len(long) else 0
