"""How well a receiver reads Morse code in noise that knows what no receiver does.

It knows pitch, fading and level of the tone, the level of the noise, the speed, how lengths deviate, and how frequent
letters are. What it does not know are the text and when marks begin. Of all divisions of a recording into marks and
gaps it takes the most probable (Viterbi), on a grid of an eighth of a dot. "Coherent" knows the tone's phase, too; the
other one takes the phase of each mark as unknown, as one must who sees powers of spectra. It is a measure for networks
and no bound: it knows nothing of the soft edges of marks, and the most probable text is not that with the fewest
errors.
Recordings are those of the test of `transcribe.py`.
"""

import math
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.signal import hilbert
from scipy.special import i0e

from common import arguments, parse, publish, spread, table
from echoic.metrics.texts import error_rate
from echoic.sources.morse import CODES, RATE_HZ, Keyed, Morse, clip

SNRS_DB = (-6, -12)
PARTS = 8  # of a dot
JITTER = Morse().jitter / 2  # the mean over recordings
DIGITS = 0.15  # of all letters
IMPOSSIBLE = -1e9
LETTER_GAP, WORD_GAP = 3, 7

NODES = sorted({code[:size] for code in CODES.values() for size in range(len(code) + 1)}, key=len)
"""Beginnings of letters, the empty one first."""

LETTERS = {code: letter for letter, code in CODES.items()}


def frequency(node: str) -> float:
    """The logarithm of how frequent a letter is."""
    if node not in LETTERS:
        return IMPOSSIBLE
    return math.log(DIGITS / 10 if LETTERS[node].isdigit() else (1 - DIGITS) / 26)


FREQUENCIES = np.array([frequency(node) for node in NODES])
PARENTS = {mark: [NODES.index(node[:-1]) for node in NODES if node.endswith(mark)] for mark in ".-"}
CHILDREN = {mark: np.array([at for at, node in enumerate(NODES) if node.endswith(mark)]) for mark in ".-"}


class Evidence(NamedTuple):
    """Sums up to each place of the grid `(places,)`: of the product with the tone, and of the tone's square."""

    product: np.ndarray
    square: np.ndarray
    variance: float
    is_coherent: bool

    def of_mark(self, begin: int, end: int) -> float:
        """The logarithm of how much more probable the sound is with a key that is down."""
        product = (self.product[end] - self.product[begin]) / self.variance
        energy = (self.square[end] - self.square[begin]) / (2 * self.variance)
        if self.is_coherent:
            return float(product.real - energy)
        size = abs(product)
        return float(np.log(i0e(size)) + size - energy)


def evidence(keyed: Keyed, *, is_coherent: bool) -> Evidence:
    """The evidence of a recording on the grid."""
    count = int(len(keyed.sound) / (keyed.dot_s / PARTS * RATE_HZ)) + 1
    places = np.minimum(np.round(np.arange(count + 1) * keyed.dot_s / PARTS * RATE_HZ).astype(int), len(keyed.sound))
    tone = keyed.tone.astype(complex) if is_coherent else hilbert(keyed.tone.astype(float))

    def summed(values: np.ndarray) -> np.ndarray:
        sums: np.ndarray = np.concatenate([[0], np.cumsum(values)])[places]
        return sums

    return Evidence(summed(keyed.sound * tone), summed(keyed.tone**2), keyed.noise_std**2, is_coherent)


@cache
def lengths(dots: int) -> list[tuple[int, float]]:
    """Lengths on the grid for so many dots, and the logarithms of their probabilities."""
    # Both ends of a mark are on the grid.
    variance = JITTER**2 * dots + 2 / 12 / PARTS**2
    sizes = np.arange(max(1, PARTS * dots // 2), PARTS * dots * 17 // 10 + 1)
    scores = -0.5 * (sizes / PARTS - dots) ** 2 / variance
    log_probs = scores - np.log(np.exp(scores).sum())
    return list(zip(sizes.tolist(), log_probs.tolist(), strict=True))


class Search:
    """The most probable marks and gaps up to each place of the grid."""

    def __init__(self, found: Evidence) -> None:
        self.found = found
        places, nodes = len(found.product), len(NODES)
        self.marks = np.full((places, nodes), IMPOSSIBLE)  # a mark that makes this node ends here
        self.before = np.full((places, nodes), IMPOSSIBLE)  # the next mark after this node may begin here
        self.letters = np.full(places, IMPOSSIBLE)
        self.begins = np.zeros((places, nodes), int)  # where a mark that ends here began
        self.gaps = np.zeros((places, nodes), int)  # the length of the gap before this place; 0: none

    def text(self) -> str:
        """The most probable text."""
        for end in range(len(self.letters)):
            self._end_marks(end)
            self._end_gaps(end)
        return self._traced()

    def _end_marks(self, end: int) -> None:
        for mark, dots in ((".", 1), ("-", 3)):
            for size, log_prob in lengths(dots):
                if size > end:
                    break
                scores = self.before[end - size, PARENTS[mark]] + self.found.of_mark(end - size, end) + log_prob
                better = scores > self.marks[end, CHILDREN[mark]]
                nodes = CHILDREN[mark][better]
                self.marks[end, nodes], self.begins[end, nodes] = scores[better], end - size
        self.letters[end] = (self.marks[end] + FREQUENCIES).max()

    def _end_gaps(self, end: int) -> None:
        for size, log_prob in lengths(1):
            if size <= end:
                scores = self.marks[end - size] + log_prob
                better = scores > self.before[end]
                self.before[end, better], self.gaps[end, better] = scores[better], size
        # The first letter may begin anywhere.
        self.before[end, 0], self.gaps[end, 0] = 0.0, 0
        for dots in (LETTER_GAP, WORD_GAP):
            for size, log_prob in lengths(dots):
                if size <= end and (score := self.letters[end - size] + log_prob) > self.before[end, 0]:
                    self.before[end, 0], self.gaps[end, 0] = score, size

    def _traced(self) -> str:
        place, text = int(self.letters.argmax()), ""
        while True:
            node = int((self.marks[place] + FREQUENCIES).argmax())
            text = LETTERS[NODES[node]] + text
            place = int(self.begins[place, node])
            while node := NODES.index(NODES[node][:-1]):
                place -= int(self.gaps[place, node])
                place = int(self.begins[place, node])
            size = int(self.gaps[place, 0])
            if not size:
                return text
            text = (" " if size > PARTS * (LETTER_GAP + WORD_GAP) / 2 else "") + text
            place -= size


def read(keyed: Keyed, *, is_coherent: bool) -> str:
    """The most probable text of a recording."""
    return Search(evidence(keyed, is_coherent=is_coherent)).text()


def main() -> None:
    """Reads the recordings of all seeds, and prints the table."""
    options = parse(arguments(__doc__ or ""))
    clips = 4 if options.smoke else 400
    rows = []
    for snr_db in SNRS_DB:
        row = [f"{snr_db:+d} dB"]
        for is_coherent in (True, False):
            rates = []
            for seed in range(options.seeds):
                morse = Morse(clips=clips, min_snr_db=snr_db, max_snr_db=snr_db, seed=1000 + seed)
                keyed = [clip(morse, number) for number in range(clips)]
                texts = [read(one, is_coherent=is_coherent) for one in keyed]
                rates.append(100 * error_rate([one.text for one in keyed], texts))
            row.append(spread(rates, 2))
        rows.append(row)
    headers = ["noise", "coherent", "phase of each mark unknown"]
    title = f"Character errors in Morse code of a receiver that knows the tone, %, {options.seeds} seeds"
    publish("morse-receiver", title, table(headers, rows), write=options.write)


if __name__ == "__main__":
    main()
