/** The microphone at the device's own rate, in blocks; and what is wrong with it, as a sentence. */

const QUIET = 1e-4; // -80 dB: what even a silent room exceeds
const QUIET_S = 3;

const FAILURES = {
  NotAllowedError: "The microphone is not allowed: allow it beside the address of this page, then press Microphone again.",
  NotFoundError: "There is no microphone: plug one in, then press Microphone again. You can also drop a file of sound.",
  NotReadableError: "The microphone is in use by another program, or it does not answer.",
};

export class Microphone {
  /** `onBlock` gets { samples, rate_hz, age }; `onState` a kind and a sentence. */
  constructor(onBlock, onState) {
    this.onBlock = onBlock;
    this.onState = onState;
    this.quiet_s = 0;
  }

  /** Opens it; false if that failed. */
  async open() {
    if (!navigator.mediaDevices) {
      this.onState("failed", "Browsers give a microphone only to pages of this machine or over https.");
      return false;
    }
    this.onState("opening", "Waiting for the microphone …");
    try {
      // All that changes the sound is off: the network hears what it was trained on.
      const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
      this.media = await navigator.mediaDevices.getUserMedia({ audio });
    } catch (error) {
      if (this.isClosed) return false;
      this.onState("failed", FAILURES[error.name] ?? `The microphone cannot be opened: ${error.message}`);
      return false;
    }
    try {
      if (this.isClosed) this.close(); // while the browser asked
      else await this.connect();
    } catch (error) {
      if (!this.isClosed) throw error;
    }
    return !this.isClosed;
  }

  async connect() {
    this.context = new AudioContext();
    await this.context.audioWorklet.addModule("/files/worklet.js");
    if (this.isClosed) return;
    const node = new AudioWorkletNode(this.context, "capture", { numberOfOutputs: 0 });
    node.port.onmessage = ({ data }) => this.heard(data);
    this.context.createMediaStreamSource(this.media).connect(node);
    await this.context.resume();
    if (this.isClosed) return;
    this.watch(this.media.getAudioTracks()[0]);
    this.onState("open", "The microphone is on.");
  }

  close() {
    this.isClosed = true;
    if (this.onDevices) navigator.mediaDevices.removeEventListener("devicechange", this.onDevices);
    this.media?.getTracks().forEach((track) => track.stop());
    this.context?.close();
  }

  watch(track) {
    const end = () => {
      if (this.isClosed) return;
      this.close();
      this.onState("failed", "The microphone was unplugged or taken away: plug it in, then press Microphone again.");
    };
    track.onended = end;
    // Some browsers only say that the devices are other ones now.
    this.onDevices = () => track.readyState === "ended" && end();
    navigator.mediaDevices.addEventListener("devicechange", this.onDevices);
    track.onmute = () => this.onState("quiet", "The microphone is muted by the system or by a switch on it.");
    track.onunmute = () => this.onState("open", "The microphone is on.");
  }

  heard({ samples, end_s }) {
    if (this.isClosed) return;
    const { sampleRate: rate_hz } = this.context;
    this.noteQuiet(peak(samples), samples.length / rate_hz);
    const came_ms = performance.now();
    // The clock of the sound moves in steps of some milliseconds.
    const age = () => Math.max(this.context.currentTime - end_s, (performance.now() - came_ms) / 1000);
    this.onBlock({ samples, rate_hz, age });
  }

  noteQuiet(level, seconds) {
    const wasQuiet = this.quiet_s >= QUIET_S;
    this.quiet_s = level < QUIET ? this.quiet_s + seconds : 0;
    const isQuiet = this.quiet_s >= QUIET_S;
    if (isQuiet && !wasQuiet) this.onState("quiet", "The microphone is on, but silent: is it muted, or the wrong one?");
    if (wasQuiet && !isQuiet) this.onState("open", "The microphone is on.");
  }
}

/** The largest deviation from zero. */
export function peak(samples) {
  let most = 0;
  for (const sample of samples) most = Math.max(most, Math.abs(sample));
  return most;
}
