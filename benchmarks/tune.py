"""Studies of `echoic tune`: what tuning by dev gains on test, what a study costs, and what a second worker gains.

Parts: etth1: ETTh1 at look-back 96 and four horizons, against the defaults in the same run. vowels: JapaneseVowels,
tuned on the training file alone. esc10: ESC-10, tuned inside the training folds of each outer fold. defaults: each job,
its defaults against a study. costs: the part of a study that is not training, and several workers against one.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from common import arguments, parse, publish
from studies import add_options
from tune_clips import esc10, vowels
from tune_costs import costs
from tune_defaults import defaults
from tune_forecasts import etth1

PARTS: dict[str, tuple[str, Callable[..., str]]] = {
    "etth1": ("ETTh1 at look-back 96, tuned by dev", etth1),
    "vowels": ("JapaneseVowels, tuned on the training part", vowels),
    "esc10": ("ESC-10, tuned inside the training folds", esc10),
    "defaults": ("Defaults against a study", defaults),
    "costs": ("What a study costs beside training, and what workers gain", costs),
}


def main() -> None:
    """Carries out the parts, and prints a table for each."""
    parser = arguments(__doc__ or "")
    add_options(parser, minutes=60)
    parser.add_argument("--only", default="", help="parts, separated by commas; default: all")
    parser.add_argument("--horizons", type=int, nargs="+", default=[96, 192, 336, 720], help="etth1: forecast steps")
    parser.add_argument("--folds", default="1,2,3,4,5", help="esc10: outer folds, separated by commas")
    parser.add_argument("--sets", default="", help="defaults: data sets, separated by commas; default: all")
    parser.add_argument("--trials", type=int, default=12, help="costs: trials of each study")
    parser.add_argument("--epochs", type=int, default=20, help="costs: epochs of each trial")
    parser.add_argument("--repeats", type=int, default=3, help="costs: studies of each kind")
    sets = [
        "ett_h1", "uea_japanesevowels", "esc10_16k", "music_bl2012", "text_tinyshakespeare", "ucr_small", "fsdd",
        "sed_birdsong_bird0", "speech_allison_16k", "forecast_small", "wiener_hammerstein",
    ]  # fmt: skip
    options = parse(parser, *sets)
    options.threads = options.threads or 1
    options.scratch = Path(tempfile.mkdtemp(prefix="echoic-tune-"))
    try:
        parts = "vowels" if options.smoke else ",".join(PARTS)
        for name in (options.only or parts).split(","):
            title, part = PARTS[name]
            publish(f"tune-{name}", title, part(options), write=options.write)
    finally:
        shutil.rmtree(options.scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
