/** Files of sound as samples of one channel. */

const USUAL_HZ = 48_000;
const [LOWEST_HZ, HIGHEST_HZ] = [8000, 96_000]; // what every browser decodes to

/** The samples and the AudioBuffer of a file, at its own rate where the browser can; throws what the browser throws. */
export async function decoded(bytes) {
  const rate_hz = rateOf(new DataView(bytes)) ?? USUAL_HZ;
  const fitting = rate_hz >= LOWEST_HZ && rate_hz <= HIGHEST_HZ ? rate_hz : USUAL_HZ;
  const buffer = await new OfflineAudioContext(1, 1, fitting).decodeAudioData(bytes);
  return { buffer, samples: mixed(buffer), rate_hz: buffer.sampleRate };
}

function mixed(buffer) {
  const samples = new Float32Array(buffer.length);
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    const own = buffer.getChannelData(channel);
    for (let at = 0; at < samples.length; at++) samples[at] += own[at] / buffer.numberOfChannels;
  }
  return samples;
}

/** The rate that a WAV or FLAC file states, so that the browser does not change it; undefined for other files. */
function rateOf(bytes) {
  const text = (at) => String.fromCharCode(...[0, 1, 2, 3].map((place) => bytes.getUint8(at + place)));
  if (bytes.byteLength < 44) return undefined;
  if (text(0) === "fLaC") return bytes.getUint32(18) >>> 12;
  if (text(0) !== "RIFF") return undefined;
  for (let at = 12; at + 16 < bytes.byteLength; at += 8 + bytes.getUint32(at + 4, true) + (bytes.getUint8(at + 4) & 1)) {
    if (text(at) === "fmt ") return bytes.getUint32(at + 12, true);
  }
  return undefined;
}
