/** A sensor as the input: what `echoic live --to` sends to this run, with its state, so that it goes on where it is. */

import { button, element } from "./dom.js";

const WAITING = "Waiting for a sensor: … | echoic live --to 'the address that the server printed'";

export class Follower {
  /**
   * The first of `panels` takes over the state of the sensor, the others begin. `listener` may have onFollow() and
   * onSource(options); it has onShared(message, samples) and onEnd().
   */
  constructor(panels, listener) {
    this.panels = panels;
    this.listener = listener;
    this.isOn = false;
    this.button = button("Follow a sensor", () => this.toggle(), { "aria-pressed": "false" });
    this.status = element("p", { className: "status", role: "status" });
    this.root = element("div", { className: "follower" }, this.button, this.status);
    panels[0].follower = this;
  }

  get channel() {
    return this.panels[0].channel;
  }

  toggle() {
    if (this.isOn) this.stop();
    else this.begin();
  }

  begin() {
    this.listener.onFollow?.();
    this.set(true);
    this.show("waiting", WAITING);
    this.channel.follow(true);
  }

  /** Another input takes over. */
  stop() {
    if (!this.isOn) return;
    this.set(false);
    this.show("ended", "");
    this.channel.follow(false);
  }

  set(isOn) {
    this.isOn = isOn;
    this.hasSource = false;
    this.button.setAttribute("aria-pressed", String(isOn));
  }

  /** Where the sensor is: its options, state, position and last result; without a state there is none now. */
  onSource({ options, state, position, records }) {
    if (!this.isOn) return;
    if (!state) {
      this.show("waiting", this.hasSource ? "The sensor has stopped; waiting for one." : WAITING);
      if (this.hasSource) this.listener.onEnd();
      this.hasSource = false;
      return;
    }
    this.hasSource = true;
    this.listener.onSource?.(options);
    const [first, ...others] = this.panels;
    first.goOn(options, state, position);
    first.view.onJoined?.(records);
    others.forEach((panel) => panel.begin(options.rate_hz ?? panel.run.rate_hz));
    this.show("open", "Following the sensor.");
  }

  onShared(message, samples) {
    if (this.isOn) this.listener.onShared(message, samples);
  }

  show(kind, text) {
    this.status.textContent = text;
    this.status.dataset.kind = kind;
  }
}
