/** The first step: classes and their examples. */

import { ClassCard } from "./classcard.js";
import { decoded } from "./decoding.js";
import { button, element, field } from "./dom.js";
import { FOLDER, ZIP, fileButton } from "./filebutton.js";
import { KeyedList } from "./keyedlist.js";
import { classAddress } from "./teachclient.js";
import { Uploads } from "./uploads.js";

const BACKGROUND = "Background";

export class ClassList {
  /** `studio` is the page: its `recorder`, `replayer`, and the microphone: `isListening` and `listen()`. */
  constructor(client, studio) {
    Object.assign(this, { client, studio, recorder: studio.recorder });
    this.uploads = new Uploads(client, this);
    const grid = element("div", { className: "classes" });
    this.cards = new KeyedList(grid, (one) => one.name, (one) => new ClassCard(one.name, one.is_background, this));
    this.folder = element("code");
    this.root = element(
      "section",
      { className: "step", "aria-label": "Show" },
      element("h2", {}, element("span", { className: "number" }, "1"), " Show"),
      element(
        "p",
        {},
        "Name the sounds to tell apart, and give each one five to twenty examples: record them here, or drop files, " +
          "folders or a zip on it. A zip or a folder that has a folder for each class can be dropped anywhere.",
      ),
      element("p", { className: "note" }, "The examples are ordinary files of this machine, in ", this.folder, "."),
      this.adder(),
      this.uploads.root,
      grid,
    );
  }

  show({ classes, limits, folder }) {
    Object.assign(this, { classes, limits });
    this.folder.textContent = folder;
    this.cards.show(classes);
    this.backgroundButton.hidden = classes.some((one) => one.is_background);
    this.name.placeholder = classes.some((one) => !one.is_background) ? "" : "clap";
  }

  close() {
    this.cards.close();
  }

  /** Makes new classes. */
  adder() {
    this.name = element("input", { type: "text", maxLength: 40, required: true, autocomplete: "off" });
    this.message = element("p", { role: "status", className: "status" });
    this.backgroundButton = button("Add a background", () => this.addClass(BACKGROUND));
    const upload = (files) => this.upload(files);
    const add = element("button", { className: "main" }, "Add it");
    const form = element("form", { className: "row" }, field("Name of a sound", this.name), add);
    form.onsubmit = (event) => {
      event.preventDefault();
      if (this.name.value.trim()) this.addClass(this.name.value.trim());
    };
    const others = element(
      "div",
      { className: "row" },
      this.backgroundButton,
      element("span", {}, "or many at once:"),
      fileButton("Zip …", "Add a zip of class folders", ZIP, upload),
      fileButton("Folder …", "Add a folder of class folders", FOLDER, upload),
    );
    return element("section", { className: "card", "aria-label": "New class" }, form, others, this.message);
  }

  async addClass(name) {
    await this.attempt(this, async () => {
      await this.client.ask("POST", "/teach/classes", { name });
      this.name.value = "";
      this.say(`“${name}” is there: give it examples.`);
    });
  }

  say(text, { isFault = false } = {}) {
    this.message.textContent = text;
    this.message.dataset.kind = isFault ? "failed" : "";
  }

  /** Does something; where the server refuses it, a card or this list says why. */
  async attempt(shower, act) {
    try {
      await act();
    } catch (error) {
      shower.say(error.message, { isFault: true });
    }
  }

  // What the cards ask for.

  get isListening() {
    return this.studio.isListening;
  }

  listen() {
    return this.studio.listen();
  }

  play(sound) {
    this.studio.replayer.play(sound);
  }

  upload(files, name) {
    return this.uploads.add(files, name);
  }

  /** Adds recordings to a class; `cut` is "trim" or "split", or nothing. */
  async addTakes(card, takes, cut) {
    await this.attempt(card, async () => {
      const adding = takes.map((take) => this.client.addExample(card.name, "recording.wav", take, cut));
      const answers = await Promise.all(adding);
      const skipped = answers.flatMap((answer) => answer.skipped);
      const added = answers.reduce((sum, answer) => sum + answer.added, 0);
      if (skipped.length) card.say(skipped.join(" "), { isFault: true });
      else card.say(added === 1 ? "Added." : `Added ${added} examples.`);
    });
  }

  async rename(card, name) {
    await this.attempt(card, async () => {
      await this.client.ask("PATCH", classAddress(card.name), { name });
      this.cards.views.get(name)?.renameButton.focus();
    });
  }

  async removeClass(card) {
    await this.attempt(card, () => this.client.ask("DELETE", classAddress(card.name)));
  }

  async load(card, name) {
    try {
      return await decoded(await this.client.example(card.name, name));
    } catch (error) {
      card.say(`${name} cannot be played: ${error.message}`, { isFault: true });
      return undefined;
    }
  }

  async removeExample(card, name) {
    await this.alter(card, name, `Deleted ${name}.`, () => this.client.removeExample(card.name, name));
  }

  async trim(card, name, part) {
    const undone = () => this.client.removeExample(card.name, name);
    await this.alter(card, name, `Trimmed ${name}.`, () => this.client.changeExample(card.name, name, part), undone);
  }

  /** Changes an example, and offers to undo it: to add what it was, and then what else `undone` does. */
  async alter(card, name, text, change, undone) {
    await this.attempt(card, async () => {
      const before = await this.client.example(card.name, name);
      await change();
      const undo = () =>
        this.attempt(card, async () => {
          await this.client.addExample(card.name, name, before);
          await undone?.();
          card.say("It is as it was.");
        });
      card.say(text, { buttons: [button("Undo", undo)] });
    });
  }
}
