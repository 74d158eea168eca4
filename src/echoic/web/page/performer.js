/** Plays steps that the network has made, and shows them on the keyboard. */

const SOFTER = 0.7;

export class Performer {
  constructor(synth, keyboard) {
    this.synth = synth;
    this.keyboard = keyboard;
    this.sounding = [];
  }

  /** Plays a step after the one before. */
  play({ pitches, onsets }) {
    this.sounding.filter((one) => !pitches.includes(one)).forEach((pitch) => this.end(pitch));
    for (const pitch of pitches.filter((one) => onsets.includes(one) || !this.sounding.includes(one))) {
      this.synth.noteOn(pitch, SOFTER);
      this.keyboard.light(pitch, "answer", true);
    }
    this.sounding = pitches;
  }

  hush() {
    this.sounding.forEach((pitch) => this.end(pitch));
    this.sounding = [];
  }

  end(pitch) {
    this.synth.noteOff(pitch);
    this.keyboard.light(pitch, "answer", false);
  }
}
