/** The pause that ends a clip or a line of text. */

import { slider } from "./dom.js";

/** A slider that sets `view.pause_s`, and restarts the stream with it if sound has begun. */
export function pauseSlider(view, what) {
  const range = { min: 0.1, max: 2, step: 0.1, value: view.pause_s };
  return slider(`Pause in seconds that ends a ${what}`, range, (pause_s) => {
    view.pause_s = pause_s;
    const { options } = view.channel.start;
    if (options) view.channel.begin({ ...view.start(options.rate_hz) });
  });
}
