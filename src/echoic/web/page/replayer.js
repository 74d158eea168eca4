/** Plays one sound at a time, of any rate. */

import { Player } from "./player.js";

export class Replayer {
  play({ samples, rate_hz }) {
    if (this.player?.rate_hz !== rate_hz) {
      this.close();
      this.player = new Player(rate_hz);
    }
    this.player.stop();
    this.player.play(samples);
  }

  close() {
    this.player?.close();
    this.player = undefined;
  }
}
