"""A set of notes per step, each note conditioned on the past and on the notes chosen before it."""

from typing import final

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from echoic.heads.base import SymbolHead
from echoic.heads.chord_loss import ChordWeights, Kept, Slots, chord_nll
from echoic.heads.sampling import DEFAULT_SAMPLING, Sampling, draw_uniforms, sample_class
from echoic.nn import Dropout
from echoic.ops import in_float32

Context = Float[Tensor, "batch steps 1 hidden"]
Chords = Float[Tensor, "batch steps notes"]
"""1 for each note that sounds, from the lowest pitch up."""


@final
class Joint(SymbolHead):
    """A chord as a sequence of its notes from the highest to the lowest and an end symbol, with one softmax for each.

    Notes at or above the last one are masked, so every chord has exactly one order and the likelihood is exact: a
    product of conditional probabilities as in NADE (Larochelle and Murray 2011), but over sounding notes only. Each
    softmax is conditioned on the hidden vector, the notes chosen so far and the last of them, through one hidden layer
    of size `hidden`. Targets are 0 or 1, from the lowest pitch up; with `per_pitch` = 2
    each pitch has two features (sustained, onset), at most one of which is on.
    """

    def __init__(self, width: int, features: int, hidden: int, dropout: float, per_pitch: int = 1) -> None:
        super().__init__(width, 1, 1, hidden)
        self.notes = features
        self.per_pitch = per_pitch
        self.chosen = nn.Linear(features, hidden, bias=False)
        self.last = nn.Embedding(features + 1, hidden)
        self.dropout = Dropout(dropout)
        self.logits = nn.Linear(hidden, features + 1)
        for weights in (self.chosen.weight, self.last.weight):
            nn.init.normal_(weights, std=0.1)

    def loss(self, params: Context, target: Chords) -> Float[Tensor, "batch steps 1"]:
        flat = params.flatten(0, 2)
        slots = self._slots(target.flatten(0, 1))
        units = self.dropout.kept(torch.Size([len(slots.step), flat.shape[1]]), flat.device)
        weights = ChordWeights(self.chosen.weight, self.last.weight, self.logits.weight, self.logits.bias)
        nll = chord_nll(flat, slots, weights, Kept(units, self.dropout.scale), self._forbidden())
        return nll.view(*target.shape[:2], 1)

    def mode(self, params: Context) -> Chords:
        """The chord of the most probable choices in turn, which is not always the most probable chord."""
        return self.sample(params, torch.Generator(), Sampling(temperature=0))

    def sample(self, params: Context, generator: torch.Generator, sampling: Sampling = DEFAULT_SAMPLING) -> Chords:
        flat = params.flatten(0, 2)
        chord = flat.new_zeros(len(flat), self.notes)
        last = torch.full((len(flat),), self.notes, device=flat.device)
        active = torch.arange(len(flat), device=flat.device)
        while len(active):
            logits = self._next_logits(flat[active], chord[active], last[active])
            choice = sample_class(logits, draw_uniforms(logits.shape[:-1], generator), sampling)
            active, choice = active[choice < self.notes], choice[choice < self.notes]
            chord[active, choice] = 1
            last[active] = choice
        return chord.view(*params.shape[:2], self.notes)

    def _next_logits(
        self, context: Float[Tensor, "slots hidden"], chosen: Float[Tensor, "slots notes"], last: Int[Tensor, "slots"]
    ) -> Float[Tensor, "slots notes+1"]:
        """Logits of each note and of the end, minus infinity for masked notes."""
        hidden = torch.relu(context + self.chosen(chosen) + self.last(last))
        logits = in_float32(self.logits, self.dropout(hidden))
        return logits.masked_fill(self._forbidden()[last], -torch.inf)

    def _forbidden(self) -> Bool[Tensor, "choices choices"]:
        """Mask of the choices that must not follow each last note."""
        pitch = torch.arange(self.notes + 1, device=self.logits.weight.device) // self.per_pitch
        forbidden = pitch[None] >= pitch[:, None]
        forbidden[self.notes] = False  # no note chosen yet
        forbidden[:, self.notes] = False  # the end is always allowed
        return forbidden

    def _slots(self, chords: Float[Tensor, "chords notes"]) -> Slots:
        """`chords` as choices, grouped by step, the highest note first."""
        steps, note = chords.flip(1).nonzero(as_tuple=True)
        note = self.notes - 1 - note
        counts = torch.bincount(steps, minlength=len(chords))
        ends = (counts + 1).cumsum(0) - 1
        step = torch.repeat_interleave(torch.arange(len(chords), device=chords.device), counts + 1)
        is_note = torch.ones(len(step), dtype=torch.bool, device=chords.device).index_fill(0, ends, value=False)
        choice = torch.full((len(step),), self.notes, device=chords.device).masked_scatter(is_note, note)
        first = torch.cat([ends.new_zeros(1), ends + 1])[:-1]
        last = torch.roll(choice, 1).index_fill(0, first, self.notes)
        place = torch.arange(len(step), device=chords.device) - first[step]
        return Slots(step, place, last, choice)
