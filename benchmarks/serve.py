"""The live server under load: latencies, streams of a detector, memory of connections, and completions of text.

Clients are processes of their own (`pacing.py`) that pace blocks of sound in real time over loopback. The detector is
a GRU of 2 x 128 units over 64 mel bands without convolutions, 100 frames a second.
"""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile
import torch
from websockets.asyncio.client import connect

import common
import echoic
import pacing

RATE_HZ = 16_000
TOKEN = "the token of a benchmark"  # noqa: S105
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
BLOCK_S = 0.08


def detector(folder: Path, layers: tuple[int, ...]) -> Path:
    """Trains the detector on tones in noise for a moment: its size matters, not its scores."""
    draws, rows = np.random.default_rng(0), ["file,onset_s,offset_s,label,split"]
    for split in ("train", "dev", "test"):
        sound = 0.02 * draws.standard_normal(4 * RATE_HZ)
        for number, at in enumerate(range(2000, len(sound) - 4000, 5000)):
            sound[at : at + 2500] += 0.4 * np.sin(np.arange(2500) * (0.2 if number % 2 else 0.6))
            rows.append(f"{split}.wav,{at / RATE_HZ},{(at + 2500) / RATE_HZ},{'ab'[number % 2]},{split}")
        soundfile.write(folder / f"{split}.wav", sound, RATE_HZ)
    (folder / "events.csv").write_text("\n".join(rows))
    settings: dict[str, Any] = {"hop_ms": 10, "n_mels": 64, "conv_channels": (), "layers": layers}
    echoic.train("detect", folder / "events.csv", out=folder / "detector", epochs=2, threads=1, **settings)
    return folder / "detector"


def writer(folder: Path, layers: tuple[int, ...]) -> Path:
    """Trains a text network on this file."""
    text = Path(__file__).read_text("utf-8") * 4
    (folder / "text.txt").write_text(text)
    echoic.train("text", folder / "text.txt", out=folder / "writer", epochs=1, threads=1, layers=layers)
    return folder / "writer"


@contextmanager
def served(*runs: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`echoic serve` as a process, and its port."""
    command = [sys.executable, "-m", "echoic", "serve", *map(str, runs), "--no-browser", "--port", str(port)]
    environment = os.environ | {"ECHOIC_TOKEN": TOKEN, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([*command, "--connections", "4000"], stderr=subprocess.PIPE, text=True, env=environment)
    try:
        line = process.stderr.readline() if process.stderr else ""
        yield process, int(re.findall(r":(\d+)/\?token=", line)[0])
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


class Loaded(NamedTuple):
    """What came of a load: latencies in seconds, clients dropped, and CPU seconds per block of server and clients."""

    latencies: np.ndarray
    dropped: int
    server_s: float
    clients_s: float


def load(server: subprocess.Popen[str], port: int, count: int, seconds: float, block_s: float) -> Loaded:
    """Runs `count` clients in two processes."""
    command = [sys.executable, "-c", "import pacing; pacing.main()"]
    halves = [(0, count // 2), (count // 2, count - count // 2)]
    before = _cpu_s(server.pid)
    running = [
        subprocess.Popen(
            [*command, json.dumps(pacing.Load(port, TOKEN, "/ws/detector", first, own, seconds, block_s))],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent,
        )
        for first, own in halves
    ]
    parts = [pacing.Measured(*json.loads(one.communicate()[0])) for one in running]
    latencies = np.concatenate([part.latencies for part in parts])
    own_s = (_cpu_s(server.pid) - before, sum(part.cpu_s for part in parts))
    return Loaded(latencies, sum(part.dropped for part in parts), *(one / len(latencies) for one in own_s))


def _cpu_s(process: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def in_process(run: Path, count: int, ticks: int) -> float:
    """Real-time streams that one core carries through `push_many`."""
    torch.set_num_threads(1)
    live = echoic.load(run).stream()
    draws = np.random.default_rng(0)
    blocks = [0.1 * draws.standard_normal(round(BLOCK_S * RATE_HZ)).astype(np.float32) for _ in range(count)]
    states = [live.start() for _ in range(count)]
    for _ in range(3):
        _, states = live.push_many(blocks, states)
    times = []
    for _ in range(ticks):
        began = time.process_time()
        _, states = live.push_many(blocks, states)
        times.append(time.process_time() - began)
    return count * BLOCK_S / float(np.median(times))


def hour(run: Path, seconds: float) -> tuple[float, float, float]:
    """An hour of sound block by block: CPU time of a block at first and at last, in ms, and growth of memory in MB."""
    torch.set_num_threads(1)
    live = echoic.load(run).stream()
    draws, samples = np.random.default_rng(0), round(BLOCK_S * RATE_HZ)
    sound = (0.1 * draws.standard_normal(60 * RATE_HZ)).astype(np.float32)
    state, times, blocks = live.start(), [], round(seconds / BLOCK_S)
    part = max(1, blocks // 12)
    for number in range(blocks):
        at = number * samples % (len(sound) - samples)
        began = time.process_time()
        _, state = live.push(sound[at : at + samples], state)
        times.append(time.process_time() - began)
        if number == part:
            before = _resident_bytes(os.getpid())
    first, last = (1000 * float(np.median(some)) for some in (times[:part], times[-part:]))
    return first, last, (_resident_bytes(os.getpid()) - before) / 1e6


async def idle_memory(process: subprocess.Popen[str], port: int, count: int) -> float:
    """Bytes of the server for each connection that has sent one block and waits."""

    async def opened() -> Any:
        socket = await connect(f"ws://127.0.0.1:{port}/ws/detector", additional_headers=HEADERS, compression=None)
        await socket.recv()
        await socket.send(bytes(4 * 1280))
        await socket.recv()
        return socket

    first = [await opened() for _ in range(10)]
    before = _resident_bytes(process.pid)
    sockets = [await opened() for _ in range(count)]
    per_connection = (_resident_bytes(process.pid) - before) / count
    for socket in [*first, *sockets]:
        await socket.close()
    return per_connection


def _resident_bytes(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return 1024 * int(re.findall(r"VmRSS:\s+(\d+)", status)[0])


async def completions(port: int, count: int) -> list[float]:
    """Seconds from a key press to all of the 40 characters of its completion."""
    latencies = []
    async with connect(f"ws://127.0.0.1:{port}/ws/writer", additional_headers=HEADERS, compression=None) as socket:
        await socket.recv()
        for number in range(count):
            sent = time.perf_counter()
            await socket.send(json.dumps({"type": "push", "text": "abcde "[number % 6]}))
            await socket.send(json.dumps({"type": "generate", "length": 40}))
            while not json.loads(await socket.recv()).get("done"):
                pass
            latencies.append(time.perf_counter() - sent)
            await asyncio.sleep(0.02)
    return latencies


def measure(options: Namespace, folder: Path) -> list[list[object]]:
    """The rows of the table."""
    small = options.smoke
    layers = (8,) if small else (128, 128)
    run, text = detector(folder, layers), writer(folder, (8,) if small else (512,))
    rows: list[list[object]] = []
    with served(run, text) as (process, port):
        # First: memory that other connections have left would be used again.
        per_connection = asyncio.run(idle_memory(process, port, 20 if small else 400))
        rows.append(["memory per idle connection with its state, kB", f"{per_connection / 1000:.0f}", "<= 200"])
        one = load(process, port, 2, 2 if small else 20, 0.02).latencies
        rows.append(["1 stream a client process, blocks of 20 ms: latency p99, ms", f"{_ms(one, 99):.1f}", "<= 20"])
        for count in options.streams:
            found = load(process, port, count, 2 if small else options.seconds, BLOCK_S)
            name = f"{count} streams, blocks of 80 ms: latency p50, p99, ms; dropped; CPU us a block, server + clients"
            times = f"{_ms(found.latencies, 50):.1f}, {_ms(found.latencies, 99):.1f}"
            shares = f"{1e6 * found.server_s:.0f} + {1e6 * found.clients_s:.0f}"
            rows.append([name, f"{times}; {found.dropped}; {shares}", "<= 50 at 300; 0"])
        typed = np.array(asyncio.run(completions(port, 5 if small else 200)))
        rows.append(["40 characters after a key press, p95, ms", f"{_ms(typed, 95):.1f}", "<= 60"])
    first, last, growth = hour(run, 10 if small else 3600)
    name = "an hour block by block: CPU ms of one in the first and the last five minutes; MB more"
    rows.append([name, f"{first:.2f}, {last:.2f}; {growth:.1f}", "no drift"])
    carried = in_process(run, 50 if small else 1000, 3 if small else 21)
    rows.append(["streams of one core through push_many, 80 ms of sound each", f"{carried:.0f}", ">= 1,000"])
    return rows


def _ms(seconds: np.ndarray, percent: float) -> float:
    return 1000 * float(np.percentile(seconds, percent))


def main() -> None:
    """Measures and prints the table."""
    parser = common.arguments(__doc__.splitlines()[0], seeds=1)
    parser.add_argument("--streams", type=int, nargs="+", default=[100, 300], help="numbers of clients at once")
    parser.add_argument("--seconds", type=float, default=30, help="duration of each load")
    options = common.parse(parser)
    if options.smoke:
        options.streams = [4]
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(options, Path(folder))
    body = common.table(["", "measured", "bar"], rows)
    common.publish("serve", "The live server", body, write=options.write)


if __name__ == "__main__":
    main()
