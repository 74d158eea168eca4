/** What a classifier takes a clip for: a bar for each class, and the clips that have ended. */

import { element } from "./dom.js";
import { EventList } from "./eventlist.js";
import { pauseSlider } from "./pauseslider.js";

const MOST_BARS = 12;

export class ClassifyView {
  constructor(channel, hello) {
    this.channel = channel;
    this.hello = hello;
    this.pause_s = 0.4;
    this.bars = new Map(hello.classes.map((name) => [name, new Bar(name)]));
    this.box = element("div", { className: "bars" });
    this.show([...this.bars.keys()].slice(0, MOST_BARS));
    this.list = new EventList(hello.run, "clip", hello.rate_hz / 2);
    this.root = element("div", {}, this.box, this.list.root);
    if (hello.takes === "sound") this.root.append(pauseSlider(this, "clip"));
  }

  start(rate_hz) {
    return { options: this.hello.takes === "sound" ? { rate_hz, pause_s: this.pause_s } : {} };
  }

  remember() {
    return [...this.list.events];
  }

  recall(clips = []) {
    this.list.clear();
    clips.forEach((clip) => this.list.add(clip));
  }

  onRestart() {
    this.list.clear();
    this.bars.forEach((bar) => bar.set(0, false, false));
  }

  onResult({ records }) {
    for (const clip of records.filter((one) => one.ended)) this.list.add(clip);
    const last = records.at(-1);
    if (last) this.rank(last.probs);
    for (const [name, bar] of this.bars) if (last) bar.set(last.probs[name], name === last.label, last.ended);
  }

  /** With many classes, the most probable ones. */
  rank(probs) {
    if (this.bars.size <= MOST_BARS) return;
    const best = Object.entries(probs).sort(([, one], [, other]) => other - one);
    this.show(best.slice(0, MOST_BARS).map(([name]) => name));
  }

  show(names) {
    this.box.replaceChildren(...names.map((name) => this.bars.get(name).root));
  }
}

class Bar {
  constructor(name) {
    this.fill = element("div", { className: "fill" });
    this.percent = element("span", { className: "percent" }, "–");
    this.track = element("div", { className: "track", role: "meter", "aria-label": name }, this.fill);
    this.track.ariaValueMin = "0";
    this.track.ariaValueMax = "100";
    this.root = element("div", { className: "bar" }, element("span", { className: "name" }, name), this.track, this.percent);
    this.set(0, false, false);
  }

  set(prob, isBest, isEnded) {
    const percent = Math.round(100 * prob);
    this.fill.style.width = `${100 * prob}%`;
    this.track.ariaValueNow = String(percent);
    this.percent.textContent = `${percent} %`;
    this.root.classList.toggle("best", isBest);
    this.root.classList.toggle("ended", isEnded);
  }
}
