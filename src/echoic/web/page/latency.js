/** Latencies of the last results: from the time at which sound was captured to that at which its result is here. */

const KEPT = 500;

export class Latency {
  constructor() {
    this.values_s = [];
  }

  add(seconds) {
    this.values_s.push(seconds);
    if (this.values_s.length > KEPT) this.values_s.shift();
  }

  clear() {
    this.values_s = [];
  }

  /** The value below which this share of them lies, in seconds. */
  quantile(share) {
    const sorted = [...this.values_s].sort((one, other) => one - other);
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  }

  get text() {
    if (!this.values_s.length) return "latency: –";
    const [p50, p95] = [0.5, 0.95].map((share) => Math.round(1000 * this.quantile(share)));
    return `latency: p50 ${p50} ms, p95 ${p95} ms`;
  }
}
