/**
 * What the page asks of the server to teach it: one request after the other, in their order. While the server does not
 * answer, they wait and are sent again, so that nothing is lost.
 */

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5000;

export class TeachClient {
  /** `onAnswer` gets the state after each answer; `onStatus` a kind and a sentence. */
  constructor(onAnswer, onStatus) {
    Object.assign(this, { onAnswer, onStatus, isClosed: false, waiting: 0 });
    this.last = Promise.resolve();
  }

  close() {
    this.isClosed = true;
  }

  /** Asks for the state, unless something is asked anyway. */
  look() {
    if (!this.waiting) this.ask("GET", "/teach").catch(() => undefined); // the status says it
  }

  /** A change; the answer is the new state. Throws an Error with the sentence of the server where it refuses. */
  ask(method, path, body) {
    return this.next(async () => {
      const response = await this.attempt(method, path, body);
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.error);
      if (!this.isClosed) this.onAnswer(answer); // before the next request, so that no older state is shown last
      return answer;
    });
  }

  /** Adds a file of sound; `cut` is "trim" or "split", or nothing. Without a class, the folders of a zip name them. */
  addExample(className, name, body, cut) {
    const fields = { name, ...(className && { class: className }), ...(cut && { [cut]: 1 }) };
    return this.ask("POST", `/teach/examples?${new URLSearchParams(fields)}`, body);
  }

  changeExample(className, name, fields) {
    return this.ask("PATCH", exampleAddress(className, name), fields);
  }

  removeExample(className, name) {
    return this.ask("DELETE", exampleAddress(className, name));
  }

  /** The bytes of an example. */
  async example(className, name) {
    const response = await this.attempt("GET", exampleAddress(className, name));
    if (!response.ok) throw new Error(`${name} is no longer there.`);
    return response.arrayBuffer();
  }

  /** The run as it is now, as `/runs` presents it. */
  async run(name) {
    const runs = await (await this.next(() => this.attempt("GET", "/runs"))).json();
    return { runs, run: runs.find((one) => one.run === name) };
  }

  next(act) {
    this.waiting++;
    const answer = this.last.then(act);
    this.last = answer.catch(() => undefined).finally(() => this.waiting--);
    return answer;
  }

  async attempt(method, path, body) {
    const isPlain = body?.constructor === Object;
    const content = isPlain ? { body: JSON.stringify(body), headers: { "content-type": "application/json" } } : { body };
    for (let wait_ms = FIRST_WAIT_MS; !this.isClosed; wait_ms = Math.min(LONGEST_WAIT_MS, 2 * wait_ms)) {
      try {
        const response = await fetch(path, { method, ...content });
        if (response.status === 401) break;
        this.onStatus("connected", "");
        return response;
      } catch {
        this.onStatus("lost", "The server does not answer; trying again … What you do meanwhile is kept and sent then.");
      }
      await new Promise((wake) => setTimeout(wake, wait_ms));
    }
    this.onStatus("lost", "The server was restarted: open the address that it has printed.");
    throw new Error("This page is not connected any more.");
  }
}

const exampleAddress = (className, name) => `/teach/examples/${[className, name].map(encodeURIComponent).join("/")}`;

/** The address of a class. */
export const classAddress = (name) => `/teach/classes/${encodeURIComponent(name)}`;
