/** One class: its name, ways to give it examples, and the examples. */

import { asked } from "./dialog.js";
import { button, element, whenDropped } from "./dom.js";
import { droppedFiles } from "./droppedfiles.js";
import { ExampleView } from "./exampleview.js";
import { FOLDER, SOUNDS, fileButton } from "./filebutton.js";
import { KeyedList } from "./keyedlist.js";
import { TakeControl } from "./takecontrol.js";
import { openTrimmer } from "./trimmer.js";

const ENOUGH = 5;

const counted = (number) => `${number || "no"} example${number === 1 ? "" : "s"}`;

export class ClassCard {
  /** `teacher` is the page, which has what all classes share: see `ClassList`. */
  constructor(name, isBackground, teacher) {
    Object.assign(this, { name, isBackground, teacher });
    this.heading = element("h3", {}, name);
    this.count = element("span", { className: "note" });
    const rename = { className: "rename", "aria-label": `Rename ${name}` };
    this.renameButton = button("Rename", () => this.beginRename(), rename);
    const remove = button("Delete", () => this.remove(), { className: "remove", "aria-label": `Delete ${name}` });
    this.title = element("div", { className: "row title" }, this.heading, this.count, this.renameButton, remove);
    this.message = element("p", { role: "status", className: "status" });
    this.take = new TakeControl(this);
    const list = element("ul", { className: "examples", "aria-label": `Examples of ${name}` });
    this.examples = new KeyedList(list, (one) => one.name, (one) => new ExampleView(name, one.name, this));
    const upload = (files) => teacher.upload(files, name);
    const what = isBackground ? "The room when nothing happens: what is not one of your sounds." : "";
    this.root = element(
      "section",
      { className: "card class", "aria-label": name },
      this.title,
      ...(what ? [element("p", { className: "note" }, what)] : []),
      element(
        "div",
        { className: "row" },
        ...this.take.buttons,
        fileButton("Files …", `Add files or a zip to ${name}`, SOUNDS, upload),
        fileButton("Folder …", `Add a folder to ${name}`, FOLDER, upload),
      ),
      this.take.root,
      this.message,
      list,
    );
    whenDropped(this.root, (transfer) => upload(droppedFiles(transfer)));
  }

  show({ examples }) {
    this.number = examples.length;
    const more = this.number < ENOUGH ? `, ${ENOUGH - this.number} more would help` : "";
    this.count.textContent = counted(this.number) + more;
    this.examples.show(examples);
  }

  close() {
    this.take.cancel();
    this.examples.close();
  }

  /** Shows a sentence, with buttons after it. */
  say(text, { isFault = false, buttons = [] } = {}) {
    this.message.replaceChildren(text, ...buttons);
    this.message.dataset.kind = isFault ? "failed" : "";
  }

  beginRename() {
    const input = element("input", { type: "text", maxLength: 40, "aria-label": `New name of ${this.name}` });
    input.value = this.name;
    const end = () => {
      form.replaceWith(this.title);
      this.renameButton.focus();
    };
    const buttons = [element("button", {}, "Rename"), button("Cancel", end)];
    const form = element("form", { className: "row title" }, input, ...buttons);
    form.onsubmit = (event) => {
      event.preventDefault();
      end();
      if (input.value.trim() !== this.name) this.teacher.rename(this, input.value.trim());
    };
    form.onkeydown = (event) => {
      if (event.key === "Escape") end();
    };
    this.title.replaceWith(form);
    input.select();
  }

  async remove() {
    const what = `“${this.name}” and its ${counted(this.number)}`;
    if (!this.number || (await asked(`Delete ${what}?`, "Delete", "Keep"))) this.teacher.removeClass(this);
  }

  // Actions of examples.

  load(name) {
    return this.teacher.load(this, name);
  }

  play(sound) {
    this.teacher.play(sound);
  }

  trim(name, sound) {
    const trim = (begin_s, end_s) => this.teacher.trim(this, name, { begin_s, end_s });
    const remove = () => this.removeExample(name);
    openTrimmer(`${name} of ${this.name}`, sound, { play: (part) => this.play(part), trim, remove });
  }

  removeExample(name) {
    this.teacher.removeExample(this, name);
  }
}
