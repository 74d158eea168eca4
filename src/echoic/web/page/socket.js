/**
 * The connection to one run. When it is lost, it comes back by itself: from the state that was saved last, with what
 * was sent after it sent again, so that results go on as if nothing had happened.
 */

const SAVE_EVERY_MS = 5000;
const MOST_BUFFERED_BYTES = 64 * 1024;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5000;
const REFUSED = 1008;
const FINISH = "finish";

export class Channel {
  /**
   * `listener` may have onHello(hello), onBegin(position), onResult(message, stamp, samples), onGenerated(message, samples),
   * onState(saved), onSource(source), onShared(message, samples), onStatus(kind, text), onError(text).
   */
  constructor(name, listener) {
    this.name = name;
    this.listener = listener;
    this.start = { type: "start" };
    this.saved = null; // { state, position, bytes }
    this.unsaved = []; // what was sent after it: { message, position, stamp }
    this.asked = []; // of that and FINISH, what has no result on this connection yet, in its order
    this.starting = 0; // starts without an answer: until then come results of the sequence before
    this.sent = 0; // position after all that was sent
    this.received = 0; // position after the last result
    this.dropped = 0; // what could not be sent: samples, rows, characters or steps
    this.waits = []; // for states that were asked for, in their order
    this.wait_ms = FIRST_WAIT_MS;
    this.isReady = false;
    this.connect();
    this.timer = setInterval(() => this.isReady && this.unsaved.length && this.save(), SAVE_EVERY_MS);
  }

  /** Ends the connection for good. */
  close() {
    clearInterval(this.timer);
    this.isClosed = true;
    this.socket.close();
  }

  /** Begins a sequence with these fields of `start`, or goes on from a saved state among them. */
  begin(fields = {}) {
    this.start = { type: "start", ...fields };
    this.saved = null;
    this.unsaved = [];
    this.asked = [];
    this.isFinishing = false;
    this.sent = this.received = fields.position ?? 0;
    if (this.isReady) this.sendStart(this.start);
    this.listener.onBegin?.(this.sent);
  }

  /** Begins again with the same options. */
  reset() {
    const { state: _state, position: _position, ...fields } = this.start;
    this.begin(fields);
  }

  /** Goes on from a saved state. */
  resume({ state, position }) {
    this.begin({ ...this.start, state, position });
  }

  /** Sends data: sound as Float32Array, or the field of a push message. `stamp` comes back with the result. */
  push(data, count, stamp) {
    if (!this.canPush) {
      this.dropped += count;
      return false;
    }
    const message = data instanceof Float32Array ? data : JSON.stringify({ type: "push", ...data });
    this.sent += count;
    this.unsaved.push({ message, position: this.sent, stamp });
    this.asked.push(this.unsaved.at(-1));
    this.socket.send(message);
    return true;
  }

  get canPush() {
    return this.isReady && this.socket.bufferedAmount <= MOST_BUFFERED_BYTES;
  }

  /** Whether something that was sent has no result yet. */
  get isBusy() {
    return this.received < this.sent;
  }

  /** Asks for what follows; the answers come to onGenerated. */
  generate(fields) {
    if (this.isReady) this.send({ type: "generate", ...fields });
    return this.isReady;
  }

  /** The end of the sequence: what is still to come is sent, then a new one begins. */
  finish() {
    this.isFinishing = true;
    if (this.isReady) this.sendFinish();
  }

  sendFinish() {
    this.asked.push(FINISH);
    this.send({ type: "finish" });
  }

  /** Whether what another client of the run shares comes to onSource and onShared. */
  follow(isFollowing) {
    this.isFollowing = isFollowing;
    if (this.isReady) this.send({ type: isFollowing ? "follow" : "unfollow" });
  }

  /** The state now, as the server sends it; while it is away, the state with which it comes back. */
  save() {
    return new Promise((resolve) => {
      this.waits.push(resolve);
      if (this.isReady) this.send({ type: "save" });
    });
  }

  send(message) {
    this.socket.send(JSON.stringify(message));
  }

  sendStart(start) {
    this.starting++;
    this.send(start);
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.listener.onStatus?.("connecting", "connecting …");
    this.socket = new WebSocket(`${scheme}://${location.host}/ws/${encodeURIComponent(this.name)}`);
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) this.made = new Float32Array(data);
      else this.take(JSON.parse(data));
    };
    this.socket.onclose = ({ code }) => this.lost(code);
  }

  take(message) {
    if (message.type === "hello") this.greeted(message);
    else if (message.type === "started") this.starting--;
    else if (message.type === "result") this.starting || this.answered(message);
    else if (message.type === "generated") this.listener.onGenerated?.(message, this.made);
    else if (message.type === "state") this.stored(message);
    else if (message.type === "source") this.listener.onSource?.(message);
    else if (message.type === "shared") this.listener.onShared?.(message, this.made);
    else if (message.type === "error") this.listener.onError?.(message.message);
  }

  greeted(hello) {
    this.isReady = true;
    this.wait_ms = FIRST_WAIT_MS;
    if (this.hello) this.comeBack();
    else this.listener.onHello?.((this.hello = hello));
    if (this.isFollowing) this.follow(true);
    this.listener.onStatus?.("connected", "connected");
  }

  /** Begins from the state that was saved last, with what was sent after it. */
  comeBack() {
    this.sendStart({ ...this.start, ...(this.saved && { state: this.saved.state, position: this.saved.position }) });
    for (const { message } of this.unsaved) this.socket.send(message);
    this.asked = [...this.unsaved];
    this.waits.forEach(() => this.send({ type: "save" }));
    if (this.isFinishing) this.sendFinish();
  }

  answered(message) {
    const asked = this.asked.shift();
    if (asked === FINISH) Object.assign(this, { saved: null, unsaved: [], isFinishing: false });
    // Those that are computed again after a lost connection have been shown already.
    const isNew = message.position > this.received || asked === FINISH;
    this.received = Math.max(this.received, message.position);
    if (isNew) this.listener.onResult?.(message, asked?.stamp, message.samples ? this.made : undefined);
  }

  stored(message) {
    if (!this.starting) {
      this.saved = message;
      this.unsaved = this.unsaved.filter((one) => one.position > message.position);
      this.listener.onState?.(message);
    }
    this.waits.shift()?.(message);
  }

  lost(code) {
    this.isReady = false;
    this.asked = [];
    if (this.isClosed) return;
    if (code !== REFUSED) {
      this.listener.onError?.(""); // coming back mends what it was, such as a limit of time
    } else {
      this.leaveOut();
    }
    this.starting = 0;
    this.listener.onStatus?.("lost", "The connection is lost; trying again …");
    setTimeout(() => this.isClosed || this.checkAndConnect(), this.wait_ms);
    this.wait_ms = Math.min(LONGEST_WAIT_MS, this.wait_ms * 2);
  }

  /** Sending what was refused again would be refused again: a state to go on from, or what has no result. */
  leaveOut() {
    const begin = this.saved?.position ?? this.start.position ?? 0;
    if (!this.starting) {
      Object.assign(this, { unsaved: [], isFinishing: false, sent: begin, received: begin });
      return;
    }
    this.start = { ...this.start, state: null, position: 0 };
    this.saved = null;
    for (const one of this.unsaved) one.position -= begin;
    this.sent -= begin;
    this.received = Math.max(0, this.received - begin);
  }

  async checkAndConnect() {
    try {
      if ((await fetch("/runs")).status === 401) {
        this.listener.onStatus?.("lost", "The server was restarted: open the address that it has printed.");
        return;
      }
    } catch {
      this.lost();
      return;
    }
    this.connect();
  }
}
