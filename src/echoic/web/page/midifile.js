/** Steps of music as a MIDI file of two tracks: what was played, and what the network answered. */

const TICKS_PER_BEAT = 480;
const VELOCITY = 80;

/** The bytes of a file of steps on a grid. */
export function midiOf(steps, grid) {
  const tempo = Math.round(60_000_000 / grid.beats_per_minute);
  const first = [0, 0xff, 0x51, 3, ...bigEndian(tempo, 3), ...END];
  const tracks = [first, ...["you", "network"].map((by, channel) => trackOf(steps, by, channel, grid))];
  const header = [...text("MThd"), ...bigEndian(6, 4), 0, 1, 0, tracks.length, ...bigEndian(TICKS_PER_BEAT, 2)];
  return Uint8Array.from([header, ...tracks.map((one) => [...text("MTrk"), ...bigEndian(one.length, 4), ...one])].flat());
}

const END = [0, 0xff, 0x2f, 0];

function trackOf(steps, by, channel, grid) {
  const bytes = [0, 0xff, 0x03, by.length, ...text(by)];
  let sounding = [];
  let last = 0;
  const add = (step, status, pitch, velocity) => {
    const ticks = Math.round(step * grid.beats * TICKS_PER_BEAT);
    bytes.push(...variable(ticks - last), status | channel, pitch, velocity);
    last = ticks;
  };
  [...steps, { pitches: [], onsets: [] }].forEach((step, place) => {
    const own = step.by === by ? step : { pitches: [], onsets: [] };
    const goesOn = (pitch) => own.pitches.includes(pitch) && !own.onsets.includes(pitch);
    for (const pitch of sounding.filter((one) => !goesOn(one))) add(place, 0x80, pitch, 0);
    const begun = own.pitches.filter((pitch) => !(sounding.includes(pitch) && goesOn(pitch)));
    for (const pitch of begun) add(place, 0x90, pitch, VELOCITY);
    sounding = own.pitches;
  });
  return [...bytes, ...END];
}

const text = (letters) => [...letters].map((one) => one.charCodeAt(0));
const bigEndian = (value, bytes) => Array.from({ length: bytes }, (_, at) => (value >> (8 * (bytes - 1 - at))) & 0xff);

/** A number in groups of seven bits, all but the last with the highest bit set. */
function variable(value) {
  const groups = [value & 0x7f];
  for (let rest = value >> 7; rest; rest >>= 7) groups.unshift((rest & 0x7f) | 0x80);
  return groups;
}
