"""Runs that continue what they have read: text, music and sound."""

from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from job_data import hum, lines, tunes

import echoic
from echoic.codecs.pianoroll import Roll
from echoic.jobs.music.task import rolls_of
from live_cases.case import COMMON, EXACT, FLOAT32, Case


def text(folder: Path, **settings: Any) -> Case:
    small = {"split": (0.6, 0.2, 0.2), "batch_size": 4, "tbptt_steps": 10} | settings
    run = echoic.train("text", lines(folder), out=folder / "run", **COMMON | small)
    data = "abcdefghij" * 15 + "bad?"

    def offline() -> np.ndarray:
        stream, state = run.stream(), run.stream().start()
        rows = []
        for number in range(len(data)):  # character by character, each from a state of its own
            row, state = stream.push(data[number], state)
            rows.append(row)
        return np.concatenate(rows)

    return Case(run, data, np.concatenate, offline, FLOAT32)


def text_of_bytes(folder: Path) -> Case:
    return text(folder, tokenizer="bytes")


def text_of_a_mixture(folder: Path) -> Case:
    return text(folder, network_weight=0.5)


def music(folder: Path) -> Case:
    run = echoic.train("music", tunes(folder), out=folder / "run", **COMMON)
    roll: Roll = np.concatenate([rolls_of([one])[0] for one in run.fitted.task.songs("train")])

    def offline() -> np.ndarray:
        task, model = run.fitted.task, run.model
        steps = torch.from_numpy(task.codec.encode(roll)).float()[None]
        params, _ = model(steps[:, :-1])
        losses = model.head.loss(params, steps[:, 1:])[0].flatten(1).sum(1)
        return np.concatenate([[np.nan], losses.detach().double().numpy()])

    return Case(run, roll, np.concatenate, offline, 2e-5)


def audio(folder: Path) -> Case:
    small = {"frame_samples": 5, "fast_hidden_size": 16, "batch_size": 4, "tbptt_steps": 16}
    run = echoic.train("audio", hum(folder), out=folder / "run", **COMMON | small)
    data = soundfile.read(folder / "hum.wav", dtype="float32")[0][:603]
    return Case(run, data, lambda counts: np.array([sum(counts)]), lambda: np.array([600]), EXACT)
