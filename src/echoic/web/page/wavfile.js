/** The bytes of a WAV file of one channel with 16 bits. */

export function wavOf(samples, rate_hz) {
  const bytes = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, letters) => [...letters].forEach((one, place) => bytes.setUint8(at + place, one.charCodeAt(0)));
  text(0, "RIFF");
  bytes.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true);
  [1, 1].forEach((value, place) => bytes.setUint16(20 + 2 * place, value, true)); // PCM, one channel
  [rate_hz, 2 * rate_hz].forEach((value, place) => bytes.setUint32(24 + 4 * place, value, true));
  [2, 16].forEach((value, place) => bytes.setUint16(32 + 2 * place, value, true)); // bytes and bits of a sample
  text(36, "data");
  bytes.setUint32(40, 2 * samples.length, true);
  samples.forEach((value, at) => bytes.setInt16(44 + 2 * at, Math.max(-32768, Math.min(32767, 32768 * value)), true));
  return bytes;
}
