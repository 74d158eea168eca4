/** What a detector finds: a roll of events and their list. */

import { element } from "./dom.js";
import { EventList } from "./eventlist.js";
import { EventRoll } from "./roll.js";

export class DetectView {
  constructor(channel, hello) {
    this.channel = channel;
    this.hello = hello;
    this.roll = new EventRoll(hello.labels, hello.hop_s);
    this.list = new EventList(hello.run, "event", hello.rate_hz / 2);
    const delay = `An event is certain ${Math.round(1000 * hello.delay_s)} ms after its end at the latest.`;
    this.root = element("div", {}, this.roll.root, this.list.root, element("p", { className: "note" }, delay));
  }

  /** Fields of the message `start`. */
  start(rate_hz) {
    this.rate_hz = rate_hz;
    return { options: this.hello.takes === "sound" ? { rate_hz } : {}, frames: true };
  }

  onRestart() {
    this.roll.clear();
    this.list.clear();
  }

  remember() {
    return [...this.list.events];
  }

  recall(events = []) {
    this.list.clear();
    events.forEach((event) => this.list.add(event));
  }

  onSent() {
    const step_s = this.hello.takes === "sound" ? 1 / this.rate_hz : this.hello.hop_s;
    this.roll.advance(this.channel.sent * step_s);
  }

  onResult({ records, frames }) {
    if (frames) this.roll.addFrames(frames);
    for (const event of records) {
      this.roll.addEvent(event);
      this.list.add(event);
    }
  }
}
