/** Magnitudes of the spectrum of a frame of sound: a Hann window and a radix-2 Fourier transform. */

export class Spectrum {
  /** `size` is a power of two. */
  constructor(size) {
    this.size = size;
    this.window = Float32Array.from({ length: size }, (_, at) => 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / size));
    this.cos = Float32Array.from({ length: size / 2 }, (_, at) => Math.cos((2 * Math.PI * at) / size));
    this.sin = Float32Array.from({ length: size / 2 }, (_, at) => Math.sin((2 * Math.PI * at) / size));
    this.order = reversedBits(size);
    this.real = new Float32Array(size);
    this.imaginary = new Float32Array(size);
  }

  /** Magnitudes `(size / 2 + 1,)`: a sine of full scale has about 1 at its peak. */
  of(frame) {
    const { size, real, imaginary, order, window } = this;
    for (let at = 0; at < size; at++) real[at] = frame[order[at]] * window[order[at]];
    imaginary.fill(0);
    for (let half = 1; half < size; half *= 2) this.combine(half);
    return Float32Array.from({ length: size / 2 + 1 }, (_, at) => (4 / size) * Math.hypot(real[at], imaginary[at]));
  }

  combine(half) {
    const { size, real, imaginary, cos, sin } = this;
    const stride = size / (2 * half);
    for (let first = 0; first < size; first += 2 * half) {
      for (let place = 0; place < half; place++) {
        const [one, other] = [first + place, first + place + half];
        const [c, s] = [cos[place * stride], sin[place * stride]];
        const re = real[other] * c + imaginary[other] * s;
        const im = imaginary[other] * c - real[other] * s;
        real[other] = real[one] - re;
        imaginary[other] = imaginary[one] - im;
        real[one] += re;
        imaginary[one] += im;
      }
    }
  }
}

function reversedBits(size) {
  const order = new Uint32Array(size);
  for (let at = 1, bits = Math.log2(size); at < size; at++) order[at] = (order[at >> 1] >> 1) | ((at & 1) << (bits - 1));
  return order;
}
