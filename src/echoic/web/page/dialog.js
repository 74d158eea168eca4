/** Dialogs over the page: the focus stays in them, Escape closes them, then it returns to where it was. */

import { button, element } from "./dom.js";

/** Opens a dialog; `onClose` is called when it is closed in any way. */
export function opened(label, children, onClose) {
  const dialog = element("dialog", { "aria-label": label }, ...children);
  dialog.addEventListener("close", () => {
    dialog.remove();
    onClose?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Asks a question; resolves to whether the answer was `yes`. */
export function asked(question, yes, no) {
  return new Promise((resolve) => {
    let answer = false;
    const close = (value) => () => {
      answer = value;
      dialog.close();
    };
    const buttons = [button(no, close(false), { autofocus: true }), button(yes, close(true), { className: "warm" })];
    const row = element("div", { className: "row" }, ...buttons);
    const dialog = opened(question, [element("p", {}, question), row], () => resolve(answer));
  });
}
