/** Sends files to the server, one after the other; shows how far it is, and what was skipped and why. */

import { button, element } from "./dom.js";

const isZip = (file) => file.name.toLowerCase().endsWith(".zip");

export class Uploads {
  /** `list` has the `classes` and `limits` that the server knows. */
  constructor(client, list) {
    Object.assign(this, { client, list });
    this.last = Promise.resolve();
    this.progress = element("progress", { "aria-label": "Files sent" });
    this.status = element("p", { role: "status", className: "status" });
    this.skipped = element("ul", { className: "skipped", "aria-label": "Skipped files" });
    const hide = button("×", () => (this.root.hidden = true), { "aria-label": "Hide this list" });
    this.root = element(
      "section",
      { className: "card uploads", "aria-label": "Files", hidden: true },
      element("div", { className: "row" }, this.progress, this.status, hide),
      this.skipped,
    );
  }

  /** Adds files, or a promise of them, to a class; without its name, to those that their folders name. */
  add(files, name) {
    this.last = this.last.then(() => this.send(files, name));
    return this.last;
  }

  async send(files, name) {
    this.begin();
    try {
      const found = await files;
      for (const [at, { file, folder }] of found.entries()) {
        this.status.textContent = `${at + 1} of ${found.length}: ${file.name}`;
        if (found.length > 1) this.progress.value = at / found.length;
        await this.sendOne(file, name ?? folder);
      }
    } catch (error) {
      this.skip(`These files cannot be read: ${error.message}`);
    }
    this.end(name);
  }

  begin() {
    Object.assign(this, { added: 0, refused: new Map() });
    this.root.hidden = this.progress.hidden = false;
    this.progress.removeAttribute("value"); // that of one file is not known
    this.skipped.replaceChildren();
  }

  end(name) {
    const { length } = this.skipped.children;
    this.progress.hidden = true;
    const added = `${this.added} example${this.added === 1 ? "" : "s"} added${name ? ` to ${name}` : ""}`;
    this.status.textContent = length ? `${added}; skipped:` : `${added}.`;
    this.status.dataset.kind = length ? "failed" : "";
  }

  /** Sends a file to a class; the folders in a zip name them where `name` is empty. */
  async sendOne(file, name) {
    try {
      if (!name && !isZip(file)) throw new Error(`${file.name} is in no folder of a class: drop it on a class.`);
      const most = this.list.limits.upload_bytes;
      if (file.size > most) throw new Error(`${file.name} is larger than ${Math.floor(most / 2 ** 20)} MiB.`);
      const known = name && (await this.classOf(name));
      const answer = await this.client.addExample(known?.name, file.name, file, known?.is_background ? undefined : "trim");
      this.added += answer.added;
      answer.skipped.forEach((text) => this.skip(text));
    } catch (error) {
      this.skip(error.message);
    }
  }

  /** The class of this name, whatever its case; it is made if it is new. */
  async classOf(name) {
    if (this.refused.has(name)) throw new Error(this.refused.get(name));
    const find = () => this.list.classes.find((one) => one.name.toLowerCase() === name.toLowerCase());
    try {
      if (!find()) await this.client.ask("POST", "/teach/classes", { name });
    } catch (error) {
      this.refused.set(name, `The folder ${name} was skipped: ${error.message}`);
      throw new Error(this.refused.get(name));
    }
    return find();
  }

  skip(text) {
    const isThere = [...this.skipped.children].some((one) => one.textContent === text);
    if (!isThere) this.skipped.append(element("li", {}, text));
  }
}
