/** Buttons that choose files. */

import { button, element } from "./dom.js";
import { chosenFiles } from "./droppedfiles.js";

export const SOUNDS = { multiple: true, accept: "audio/*,.wav,.flac,.ogg,.mp3,.zip" };
export const ZIP = { accept: ".zip" };
export const FOLDER = { webkitdirectory: true };

/** A button for one of these kinds; `take` is called with the files. `name` says it to screen readers. */
export function fileButton(label, name, kind, take) {
  const input = element("input", { type: "file", hidden: true, "aria-label": name, ...kind });
  input.onchange = () => take(chosenFiles(input));
  return element("span", {}, button(label, () => input.click(), { "aria-label": name }), input);
}
