"""Texts of sound: Morse code in noise, strings of spoken digits, prompts of one voice, and the delay of live text.

Recipes were chosen on dev. Morse: training and test are generated with different seeds, so that the words of test are
unseen; the noise is white over the band of 4 kHz, and the tone's power that of a key that is down. Digits: recordings
of FSDD one after the other, 1 to 7 of one speaker with pauses between them; "seen": recordings 0 to 4 of each digit and
speaker are test and 5 to 9 dev; "unseen": one speaker is test, another one for each seed. Prompts: a tenth of them is
test, at random.
"""

import csv
import statistics
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import soundfile

import echoic
from common import arguments, parse, publish, spread, table
from echoic.cli.allocator import keep_freed_memory
from echoic.jobs.transcribe.evaluate import TranscribeEvaluation
from echoic.jobs.transcribe.live import TranscribeStream
from echoic.sources.morse import RATE_HZ, Keyed, Morse, clip

SNRS_DB = {10: "1 / 0.2", 0: "2 / 0.5", -6: "5 / 2", -12: "25 / 10"}
"""Required and targeted character error rates in percent, by the ratio of tone and noise."""

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SPEAKERS = ("jackson", "nicolas", "theo", "yweweler", "george", "lucas")
DIGITS_HZ = 8000
LONGEST_STRING = 7
PAUSE_S = (0.0, 0.4)

DIGITS: dict[str, Any] = {
    "units": "words", "ngram_order": 0, "max_stretch": 0.15, "max_band_shift": 4.0, "max_tilt_db": 6.0,
    "min_snr_db": 10.0, "max_gain_db": 10.0, "n_time_masks": 1, "time_mask_param": 10, "n_freq_masks": 1,
}  # fmt: skip
PROMPTS: dict[str, Any] = {
    "bidirectional": True, "cell": "lstm", "layers": (160, 160), "dropout": 0.3, "max_stretch": 0.1,
    "n_time_masks": 2, "time_mask_param": 12, "n_freq_masks": 2, "batch_size": 8,
}  # fmt: skip

BLOCK_S = 0.02


def morse(options: Namespace, seed: int) -> dict[str, Any]:
    """Error rates by noise, and the delays of partial text."""
    clips = ",clips=30,seconds=3" if options.smoke else ""
    settings = {"minutes": options.minutes, "seed": seed, "threads": options.threads} | options.overrides
    run = echoic.train("transcribe", f"synth:morse{clips}", **settings)
    count = 4 if options.smoke else 400
    found = {}
    for snr_db in SNRS_DB:
        noisy = f"min_snr_db={snr_db},max_snr_db={snr_db}"
        evaluation = run.evaluate(f"synth:morse,seed={1000 + seed},clips={count},{noisy}")
        found[snr_db] = evaluation
    keyed = Morse(seed=2000 + seed, min_snr_db=10, max_snr_db=10)
    delays = [delay for number in range(2 if options.smoke else 60) for delay in delays_of(run, clip(keyed, number))]
    return {"by_snr": found, "delays": delays}


def delays_of(run: echoic.Run, keyed: Keyed) -> Iterator[float]:
    """Seconds from the end of each letter until the live text has it, for texts without an error."""
    stream = cast("TranscribeStream", run.stream())
    state, shown = stream.start(), [0.0] * len(keyed.text)
    before, reached = "", 0
    block = round(BLOCK_S * RATE_HZ)
    silence = np.zeros(RATE_HZ, np.float32)
    sound = np.concatenate([keyed.sound, silence])
    for begin in range(0, len(sound), block):
        result, state = stream.push(sound[begin : begin + block], state)
        before = " ".join([before, *(line.text for line in result.ended)]).strip()
        text = " ".join(filter(None, [before, "" if result.current is None else result.current.text]))
        correct = next((at for at, pair in enumerate(zip(text, keyed.text, strict=False)) if pair[0] != pair[1]), None)
        now = min(len(text), len(keyed.text)) if correct is None else correct
        for place in range(min(reached, now), max(reached, now)):
            shown[place] = (begin + block) / RATE_HZ
        reached = now
    if text == keyed.text:
        yield from (at - end for at, end, one in zip(shown, keyed.end_s, keyed.text, strict=True) if one != " ")


def digits(options: Namespace, seed: int, *, unseen: bool) -> TranscribeEvaluation:
    """Scores on strings of digits by speakers of training, or by another one."""
    with tempfile.TemporaryDirectory() as place:
        path = write_strings(options, Path(place), seed, unseen=unseen)
        settings = DIGITS | {"minutes": options.digit_minutes, "seed": seed, "threads": options.threads}
        return cast(
            "TranscribeEvaluation", echoic.train("transcribe", path, **(settings | options.overrides)).evaluate()
        )


def write_strings(options: Namespace, folder: Path, seed: int, *, unseen: bool) -> Path:
    """Strings of digits with their table of texts and splits."""
    draws = np.random.default_rng([seed, unseen])
    recordings = options.data / "fsdd" / "recordings"
    pools = dict[str, dict[str, list[tuple[int, Path]]]]()
    for path in sorted(recordings.glob("*.wav")):
        digit, speaker, number = path.stem.split("_")
        other = unseen and speaker == SPEAKERS[seed % len(SPEAKERS)]
        split = "test" if other or (not unseen and int(number) < 5) else "dev" if int(number) < 10 else "train"
        pools.setdefault(split, {}).setdefault(speaker, []).append((int(digit), path))
    sizes = {"train": 12, "dev": 6, "test": 6} if options.smoke else {"train": 3000, "dev": 200, "test": 400}
    rows = [["file", "text", "split"]]
    for split, count in sizes.items():
        for number in range(count):
            text, sound = string_of(draws, pools[split])
            name = f"{split}-{number}.wav"
            soundfile.write(folder / name, sound, DIGITS_HZ)
            rows.append([name, text, split])
    path = folder / "text.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def string_of(draws: np.random.Generator, speakers: dict[str, list[tuple[int, Path]]]) -> tuple[str, np.ndarray]:
    """A random string of digits by one speaker, and its sound."""
    pool = speakers[sorted(speakers)[int(draws.integers(len(speakers)))]]
    chosen = [pool[int(place)] for place in draws.integers(len(pool), size=int(draws.integers(1, LONGEST_STRING + 1)))]
    parts = [pause(draws)]
    for _, path in chosen:
        parts += [soundfile.read(path, dtype="float32")[0], pause(draws)]
    return " ".join(NAMES[digit] for digit, _ in chosen), np.concatenate(parts)


def pause(draws: np.random.Generator) -> np.ndarray:
    """Silence with faint noise."""
    return 1e-4 * draws.standard_normal(round(draws.uniform(*PAUSE_S) * DIGITS_HZ) + 1)


def prompts(options: Namespace, seed: int) -> TranscribeEvaluation:
    """Scores on held-out prompts."""
    place = options.data / "speech_allison_16k"
    settings = PROMPTS | {
        "audio": str(place / "audio"),
        "minutes": options.prompt_minutes,
        "seed": seed,
        "threads": options.threads,
    }
    run = echoic.train("transcribe", place / "text.csv", **(settings | options.overrides))
    return cast("TranscribeEvaluation", run.evaluate())


def rates(evaluations: Sequence[Any], score: str, baseline: str | None = None) -> str:
    """The mean score in percent, and its spread over seeds."""
    rows = [one.scores if baseline is None else one.baselines[baseline] for one in evaluations]
    return spread([100 * row[score] for row in rows], 2)


def main() -> None:
    """Trains and evaluates all tasks, and prints the table."""
    keep_freed_memory()
    parser = arguments(__doc__ or "")
    parser.add_argument("--minutes", type=float, default=10.0, help="minutes of training for Morse")
    parser.add_argument("--digit-minutes", type=float, default=8.0, help="minutes of training for digits")
    parser.add_argument("--prompt-minutes", type=float, default=15.0, help="minutes of training for prompts")
    parser.add_argument("--tasks", default="morse,seen,unseen,prompts", help="tasks, separated by commas")
    options = parse(parser, "fsdd", "speech_allison_16k")
    seeds = range(options.seeds)
    for task in options.tasks.split(","):
        started_at = time.monotonic()
        rows = list(ROWS[task](options, seeds))
        seconds = (time.monotonic() - started_at) / len(seeds)
        title = f"{TITLES[task]}, {len(seeds)} seed{'s' if len(seeds) > 1 else ''}"
        headers = ["", "measured", "required / target"]
        note = f"{seconds:.0f} s for each seed, evaluation included."
        publish(f"transcribe-{task}", title, f"{table(headers, rows)}\n\n{note}", write=options.write)


def morse_rows(options: Namespace, seeds: Sequence[int]) -> Iterator[list[str]]:
    """Error rates by noise, and the delay of live text."""
    found = [morse(options, seed) for seed in seeds]
    for snr_db, bars in SNRS_DB.items():
        runs = [one["by_snr"][snr_db] for one in found]
        yield [f"character error rate at {snr_db:+d} dB, %", rates(runs, "character_error_rate"), bars]
    for name in found[0]["by_snr"][10].baselines:
        runs = [one["by_snr"][10] for one in found]
        yield [f"{name.replace('_', ' ')}, %", rates(runs, "character_error_rate", name), ""]
    delays = [1000 * delay for one in found for delay in one["delays"]] or [float("nan")]
    yield ["median delay of a letter in live text, ms", f"{statistics.median(delays):.0f}", "300 / 120"]
    yield ["nine of ten letters, ms", f"{np.quantile(delays, 0.9):.0f}", ""]


def digit_rows(options: Namespace, seeds: Sequence[int], *, unseen: bool) -> Iterator[list[str]]:
    """Error rates of words, and of the baselines."""
    runs = [digits(options, seed, unseen=unseen) for seed in seeds]
    yield ["word error rate, %", rates(runs, "word_error_rate"), "20 / 10" if unseen else "2 / 0.5"]
    yield ["exact strings, %", rates(runs, "exact_lines"), ""]
    for name in runs[0].baselines:
        yield [f"{name.replace('_', ' ')}, %", rates(runs, "word_error_rate", name), ""]


def prompt_rows(options: Namespace, seeds: Sequence[int]) -> Iterator[list[str]]:
    """Error rates of characters, and of the baselines."""
    runs = [prompts(options, seed) for seed in seeds]
    yield ["character error rate, %", rates(runs, "character_error_rate"), "45 / 25"]
    yield ["word error rate, %", rates(runs, "word_error_rate"), ""]
    for name in runs[0].baselines:
        yield [f"{name.replace('_', ' ')}, %", rates(runs, "character_error_rate", name), ""]


ROWS: dict[str, Any] = {
    "morse": morse_rows,
    "seen": lambda options, seeds: digit_rows(options, seeds, unseen=False),
    "unseen": lambda options, seeds: digit_rows(options, seeds, unseen=True),
    "prompts": prompt_rows,
}
TITLES = {
    "morse": "Morse code at 15 to 40 words per minute, random words",
    "seen": "Strings of spoken digits, one way, known speakers",
    "unseen": "Strings of spoken digits, one way, unknown speakers",
    "prompts": "Prompts of one voice, held out",
}


if __name__ == "__main__":
    main()
