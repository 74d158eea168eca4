/** A button that is held down while something goes on. */

import { button } from "./dom.js";

/**
 * Calls `press` and `release`: of a mouse, a finger, or a key (space or Enter). What presses without holding, such as a
 * screen reader, presses again to let go.
 */
export function heldButton(label, press, release, properties = {}) {
  const made = button(label, undefined, { "aria-pressed": "false", ...properties });
  made.classList.add("held");
  let isDown = false;
  const begin = () => {
    if (isDown) return;
    isDown = true;
    press();
  };
  const end = () => {
    if (!isDown) return;
    isDown = false;
    release();
  };
  made.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    made.setPointerCapture(event.pointerId); // the finger may slip off
    begin();
  });
  const onKey = (act) => (event) => {
    if (![" ", "Enter"].includes(event.key)) return;
    event.preventDefault(); // no click
    if (!event.repeat) act();
  };
  made.addEventListener("keydown", onKey(begin));
  made.addEventListener("keyup", onKey(end));
  made.addEventListener("click", ({ detail }) => detail || (isDown ? end() : begin()));
  made.addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch
  for (const name of ["lostpointercapture", "blur"]) made.addEventListener(name, end);
  return made;
}
