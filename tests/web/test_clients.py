"""The clients in docs/serve.md do what the page says."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest
import soundfile
from served_runs import TOKEN, Served

from echoic.api.run import Run
from echoic.web.messages import Generate, Push, Simple, Start

PAGE = (Path(__file__).parents[2] / "docs" / "serve.md").read_text("utf-8")

NODE = r"""
globalThis.location = { host: "127.0.0.1:PORT" };
globalThis.WebSocket = class {
  // As in a page with the cookie: node has no cookies of its own.
  constructor(address) {
    const [, host, port, path] = address.match(/^ws:\/\/([^:]+):(\d+)(.*)$/);
    const request = require("http").request({ host, port, path, headers: {
      Connection: "Upgrade", Upgrade: "websocket", Cookie: "echoic_session=a session",
      "Sec-WebSocket-Version": 13, "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==" } });
    request.on("upgrade", (response, socket, head) => {
      this.socket = socket;
      let rest = head;
      const read = (data) => {
        rest = Buffer.concat([rest, data]);
        while (rest.length >= 2) {
          const short = rest[1] & 127, at = short === 126 ? 4 : 2;
          const length = short === 126 ? rest.readUInt16BE(2) : short;
          if (rest.length < at + length) return;
          if ((rest[0] & 15) === 1) this.onmessage({ data: rest.subarray(at, at + length).toString() });
          rest = rest.subarray(at + length);
        }
      };
      socket.on("data", read);
      read(Buffer.alloc(0));
      this.onopen();
    });
    request.end();
  }
  send(text) {  // masked with zeros, as a client must
    const data = Buffer.from(text);
    this.socket.write(Buffer.concat([Buffer.from([129, 128 | data.length, 0, 0, 0, 0]), data]));
  }
  close() { this.socket.destroy(); }
};
"""

pytestmark = pytest.mark.slow  # a run of each job that is served is trained for these tests


def block(language: str) -> str:
    (code,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(code)


def test_the_python_client_finds_the_events_of_predict(served: Served, runs: dict[str, Run]) -> None:
    file = next(one for one in sorted(runs["detect"].path.parents[1].glob("detect*/test*.wav")))
    names: dict[str, Any] = {}
    exec(block("python"), names)  # noqa: S102 (code of our own page)
    sound = soundfile.read(file, dtype="float32")[0]
    found = list(names["events"](f"ws://127.0.0.1:{served.port}/ws/detect", TOKEN, sound))
    table = runs["detect"].predict(file)
    assert len(found) > 3
    assert [one["onset_s"] for one in found] == table["onset_s"].tolist()


@pytest.mark.skipif(shutil.which("node") is None, reason="SKIPPED: node is not installed")
def test_the_javascript_client_completes_a_text(served: Served, runs: dict[str, Run]) -> None:
    code = NODE.replace("PORT", str(served.port)) + block("javascript")
    code += 'complete("text", "abc").then((made) => console.log(JSON.stringify(made)));'
    found = subprocess.run(["node", "-e", code], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(found.stdout) == runs["text"].generate(20, prime="abc")


def test_every_message_is_on_the_page() -> None:
    for message in (Start, Push, Generate):
        for name in message.model_fields:
            assert f"`{name}`" in PAGE, name
    for name in get_args(Simple.model_fields["type"].annotation):
        assert f"| `{name}` |" in PAGE
