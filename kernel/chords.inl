// Chords, note after note from the highest to the lowest: each choice is a softmax over the notes below the last one and
// the end of the chord, made by one hidden layer (NADE's, over the notes that sound).
//
// A hidden vector sums what the network says and what each chosen note adds, so that a choice costs one product.
#pragma once
#include <float.h>

namespace {

using echoic::ChordDraw;
using echoic::ChordWeights;

template <class V>
class ChordHeadImpl final : public echoic::ChordHead {
  static constexpr Index W = V::width;

  Index notes_, per_pitch_, hidden_, hidden_row_, logits_row_;
  bool has_input_;
  float *from_input_, *from_chosen_, *from_last_, *b_logits_;  // rows `hidden_row_` apart
  Panels<V> logits_;
  char* memory_;

 public:
  explicit ChordHeadImpl(const ChordWeights& from)
      : notes_(from.notes), per_pitch_(from.per_pitch), hidden_(from.hidden), hidden_row_(group_count(from.hidden, W) * W),
        logits_row_(group_count(from.notes + 1, W) * W), has_input_(from.from_input != nullptr) {
    Arena counter;
    allocate_buffers(counter);
    memory_ = echoic::allocate_aligned(counter.used);
    Arena arena{memory_, 0};
    allocate_buffers(arena);
    if (has_input_) copy_rows(from.from_input, notes_, from_input_);
    copy_rows(from.from_chosen, notes_, from_chosen_);
    copy_rows(from.from_last, notes_ + 1, from_last_);
    copy_padded<V>(from.b_logits, notes_ + 1, b_logits_);
    logits_.pack(from.w_logits, notes_ + 1);
  }

  ~ChordHeadImpl() override { echoic::free_aligned(memory_); }

  std::size_t workspace_bytes(Index rows) const override {
    Arena counter;
    allocate_workspace(counter, rows);
    return counter.used;
  }

  void add_input(Index rows, const float* chords, float* context, Index context_row) const override {
    for (Index row = 0; has_input_ && row < rows; ++row)
      for (Index note = 0; note < notes_; ++note)
        if (chords[row * notes_ + note] != 0) add(from_input_ + note * hidden_row_, context + row * context_row);
  }

  Index draw(const ChordDraw& call) const override {
    Arena arena{call.workspace, 0};
    const Workspace work = allocate_workspace(arena, call.rows);
    for (Index n = 0; n < call.rows * notes_; ++n) call.chords[n] = 0;
    for (Index row = 0; row < call.rows; ++row) {
      copy_padded<V>(call.context + row * call.context_row, hidden_, work.sums + row * hidden_row_);
      work.last[row] = notes_;
      work.active[row] = row;
    }
    Index choices = 0;
    for (Index active = call.rows; active > 0;) {
      set_logits(work, active);
      Index going_on = 0;
      for (Index i = 0; i < active; ++i) {
        const Index row = work.active[i];
        const Index note = choose(work.logits + i * logits_row_, work.last[row], call, choices + i);
        if (note == notes_) continue;
        call.chords[row * notes_ + note] = 1;
        add(from_chosen_ + note * hidden_row_, work.sums + row * hidden_row_);
        work.last[row] = note;
        work.active[going_on++] = row;
      }
      choices += active;
      active = going_on;
    }
    return choices;
  }

 private:
  struct Workspace {
    float *sums, *hidden, *logits;
    Index *last, *active;  // the last note of each row, or the number of notes; rows whose chords go on
  };

  void allocate_buffers(Arena& arena) {
    from_input_ = arena.allocate<float>(has_input_ ? notes_ * hidden_row_ : 0);
    from_chosen_ = arena.allocate<float>(notes_ * hidden_row_);
    from_last_ = arena.allocate<float>((notes_ + 1) * hidden_row_);
    b_logits_ = arena.allocate<float>(logits_row_);
    logits_.allocate(arena, notes_ + 1, hidden_);
  }

  Workspace allocate_workspace(Arena& arena, Index rows) const {
    return {arena.allocate<float>(rows * hidden_row_), arena.allocate<float>(rows * hidden_row_),
            arena.allocate<float>(rows * logits_row_), arena.allocate<Index>(rows), arena.allocate<Index>(rows)};
  }

  void copy_rows(const float* from, Index rows, float* to) const {
    for (Index row = 0; row < rows; ++row) copy_padded<V>(from + row * hidden_, hidden_, to + row * hidden_row_);
  }

  void add(const float* from, float* to) const {
    for (Index n = 0; n < hidden_row_; n += W) (V::load(to + n) + V::load(from + n)).store(to + n);
  }

  void set_logits(const Workspace& work, Index active) const {
    for (Index i = 0; i < active; ++i) {
      const Index row = work.active[i];
      const float* last = from_last_ + work.last[row] * hidden_row_;
      const float* sums = work.sums + row * hidden_row_;
      for (Index n = 0; n < hidden_row_; n += W)
        clamp(V::load(sums + n) + V::load(last + n), 0.0f, FLT_MAX).store(work.hidden + i * hidden_row_ + n);
    }
    logits_.multiply_by(work.hidden, hidden_row_, b_logits_, 0, work.logits, logits_row_, active);
  }

  // Replaces the logits of notes that may not follow the last one.
  Index choose(float* logits, Index last, const ChordDraw& call, Index place) const {
    const Index end = last == notes_ ? notes_ : last / per_pitch_ * per_pitch_;
    for (Index n = end; n < notes_; ++n) logits[n] = -INFINITY;
    const Index found = call.temperature > 0 ? sample_class(logits, notes_ + 1, call.temperature, call.uniforms[place])
                                             : argmax(logits, notes_ + 1);
    return found < end ? found : notes_;  // so that chords end even where logits are not numbers
  }
};

template <class V>
echoic::ChordHead* make_chord_head(const ChordWeights& weights) {
  return new ChordHeadImpl<V>(weights);
}

}  // namespace
