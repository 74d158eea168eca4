// Claims about chords: every choice is the one at which a plain loop in double precision, going on from the notes chosen
// before it, finds its share of the distribution; and a network in a loop is fed with them.
#pragma once
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "test_live.h"

namespace {

// Float32 sums of another order move the bounds between choices by so much at most.
constexpr double choice_error = 1e-5;

struct PlainChords {
  long notes, per_pitch, hidden;
  bool has_input;
  Numbers from_input, from_chosen, from_last, w_logits, b_logits;

  PlainChords(long notes, long per_pitch, long hidden, bool has_input)
      : notes(notes), per_pitch(per_pitch), hidden(hidden), has_input(has_input),
        from_input(wide(notes * hidden, 103)), from_chosen(wide(notes * hidden, 107)),
        from_last(wide((notes + 1) * hidden, 109)), w_logits(wide((notes + 1) * hidden, 113)), b_logits(wide(notes + 1, 127)) {
    b_logits[notes] = -1;  // or chords of many notes end at once
  }

  // Wide enough for choices that depend on each other.
  static Numbers wide(long count, unsigned seed) {
    Numbers made = PlainNetwork::random_row(count, seed);
    for (double& one : made) one *= 2;
    return made;
  }

  std::unique_ptr<echoic::ChordHead> packed(const echoic::Kernels& target) const {
    const Array<float> input(from_input), chosen(from_chosen), last(from_last), w(w_logits), b(b_logits);
    return std::unique_ptr<echoic::ChordHead>(target.chord_head(
        {notes, per_pitch, hidden, has_input ? input.data() : nullptr, chosen.data(), last.data(), w.data(), b.data()}));
  }

  // Logits of the choices that may follow `last`, and of the end, which comes last.
  Numbers logits(const Numbers& sums, long last) const {
    const long end = last == notes ? notes : last / per_pitch * per_pitch;
    Numbers found;
    for (long n = 0; n <= notes; ++n) {
      if (n >= end && n < notes) continue;
      double logit = b_logits[n];
      for (long k = 0; k < hidden; ++k)
        logit += w_logits[n * hidden + k] * std::fmax(sums[k] + from_last[last * hidden + k], 0);
      found.push_back(logit);
    }
    return found;
  }

  void add(const Numbers& rows, long note, double* to) const {
    for (long k = 0; k < hidden; ++k) to[k] += rows[note * hidden + k];
  }

  // Whether choice number `place` of the logits is the one at `uniform`; at temperature 0 the best.
  static bool is_drawn(const Numbers& logits, long place, double temperature, double uniform) {
    const double top = *std::max_element(logits.begin(), logits.end());
    if (temperature == 0) return logits[place] > top - choice_error;
    double total = 0, before = 0;
    for (double one : logits) total += std::exp((one - top) / temperature);
    for (long n = 0; n < place; ++n) before += std::exp((logits[n] - top) / temperature);
    const double share = uniform * total, own = std::exp((logits[place] - top) / temperature);
    return before - choice_error * total <= share && share <= before + own + choice_error * total;
  }
};

// Steps of a network whose outputs are the contexts of chords, and whose inputs are the chords drawn.
void check_chord_loop(const PlainChords& chords, CellKind kind, const echoic::Kernels& target, float temperature, int threads) {
  constexpr long rows = 4, steps = 6;
  const PlainNetwork network({kind}, {chords.notes, 9}, chords.hidden, Storage::f32);
  const long notes = chords.notes, hidden = chords.hidden, size = network.state_size;
  Numbers wanted_states = PlainNetwork::random_row(rows * size, 131), context = PlainNetwork::random_row(rows * hidden, 137);
  Numbers uniforms = PlainNetwork::random_row(steps * rows * (notes + 1), 139);
  for (double& one : uniforms) one = std::fabs(one) * 0.999;
  Array<float> states(wanted_states), out(context), found(steps * rows * notes);
  const Array<float> given(uniforms);
  const auto head = chords.packed(target);
  echoic::Index choices = 0;
  network.packed(target, threads)->loop({rows, nullptr, states.data(), nullptr, out.data()},
                                        {steps, Distribution::chord, temperature, 0, temperature > 0 ? given.data() : nullptr,
                                         nullptr, found.data(), head.get(), &choices});
  const std::string where = std::string(target.name) + " chords of " + std::to_string(notes) + " notes, hidden " +
                            std::to_string(hidden) + ", temperature " + text_of(temperature) + ", threads " + std::to_string(threads);
  long drawn = 0, sounding = 0;
  bool are_drawn = true;
  for (long step = 0; step < steps; ++step) {
    // The choices of each row: its notes from above, and the end.
    std::vector<std::vector<long>> chosen(rows);
    std::size_t rounds = 0;
    for (long row = 0; row < rows; ++row) {
      for (long note = notes - 1; note >= 0; --note)
        if (found.data()[(step * rows + row) * notes + note] != 0) chosen[row].push_back(note);
      sounding += static_cast<long>(chosen[row].size());
      chosen[row].push_back(notes);
      rounds = std::max(rounds, chosen[row].size());
    }
    std::vector<Numbers> sums(rows);
    for (long row = 0; row < rows; ++row) sums[row].assign(&context[row * hidden], &context[row * hidden] + hidden);
    for (std::size_t round = 0; round < rounds; ++round)
      for (long row = 0; row < rows; ++row) {
        if (round >= chosen[row].size()) continue;
        const long last = round ? chosen[row][round - 1] : notes, note = chosen[row][round];
        const Numbers logits = chords.logits(sums[row], last);
        const long place = note == notes ? static_cast<long>(logits.size()) - 1 : note;
        are_drawn = are_drawn && place < static_cast<long>(logits.size()) && (note == notes || place + 1 < static_cast<long>(logits.size())) &&
                    PlainChords::is_drawn(logits, place, temperature, uniforms[drawn]);
        ++drawn;
        if (note < notes) chords.add(chords.from_chosen, note, sums[row].data());
      }
    for (long row = 0; row < rows; ++row) {
      const float* chord = found.data() + (step * rows + row) * notes;
      const Numbers made = network.step(Numbers(chord, chord + notes), &wanted_states[row * size]);
      std::copy(made.begin(), made.end(), &context[row * hidden]);
      for (std::size_t n = 0; chords.has_input && n + 1 < chosen[row].size(); ++n)
        chords.add(chords.from_input, chosen[row][n], &context[row * hidden]);
    }
  }
  check(are_drawn, "notes are those at their numbers: " + where);
  check(choices == drawn, "a number for each choice: " + where);
  check(notes < 3 || (sounding > 0 && sounding < steps * rows * notes), "some notes sound: " + where);
  check_near(states, wanted_states, false, "states after chords: " + where);
  check_near(out, context, false, "contexts after chords: " + where);
}

// Where nothing is a number, chords end.
void check_chords_without_numbers(const echoic::Kernels& target) {
  const auto head = PlainChords(5, 1, 3, false).packed(target);
  const Array<float> context(Numbers(48, nan)), uniforms(Numbers(12, 0.5));
  for (float temperature : {0.0f, 1.0f}) {
    Array<float> chords(10);
    Numbers workspace(head->workspace_bytes(2) / sizeof(double) + 8);
    auto* bytes = reinterpret_cast<char*>((reinterpret_cast<std::uintptr_t>(workspace.data()) + 63) / 64 * 64);
    const echoic::Index choices = head->draw({2, context.data(), 16, temperature, uniforms.data(), chords.data(), bytes});
    check(choices <= 12, std::string(target.name) + " chords of what is no number end");
  }
}

void check_chords(bool quick) {
  for (int i = 0; i < echoic::target_count; ++i) {
    const echoic::Kernels& target = *echoic::targets[i];
    if (!is_checked(target)) continue;
    check_chords_without_numbers(target);
    for (int threads : quick ? std::vector<int>{2} : std::vector<int>{1, 3})
      for (float temperature : {0.0f, 0.75f, 1.5f}) {
        check_chord_loop({88, 1, 20, true}, CellKind::lstm, target, temperature, threads);
        check_chord_loop({10, 2, 7, false}, CellKind::gru, target, temperature, threads);
        check_chord_loop({1, 1, 33, true}, CellKind::gru, target, temperature, threads);
      }
  }
}

}  // namespace
