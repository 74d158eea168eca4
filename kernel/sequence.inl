// The table's entries for whole sequences.
#pragma once

namespace {

template <class Pass, class Call>
void run_pass(const Call& call, int threads) {
  Pass pass(call, echoic::make_plan(call.layout));
  Arena counter;
  pass.allocate_buffers(counter);
  Arena memory{echoic::scratch(counter.used), 0};
  pass.allocate_buffers(memory);
  echoic::run_team(threads, [](void* self, const Team& team) { static_cast<Pass*>(self)->run(team); }, &pass);
}

template <class V>
struct SequenceOf {
  using Real = typename V::Real;

  static Index saved_size(echoic::CellKind kind, Index rows, Index hidden) {
    const int slots = kind == echoic::CellKind::lstm ? Lstm<V>::slots : Gru<V>::slots;
    return rows * group_count(hidden, V::width) * slots * V::width;
  }

  static void forward(echoic::CellKind kind, const Forward<Real>& call, int threads) {
    if (kind == echoic::CellKind::lstm)
      run_pass<ForwardPass<Lstm<V>>>(call, threads);
    else
      run_pass<ForwardPass<Gru<V>>>(call, threads);
  }

  static void backward(echoic::CellKind kind, const Backward<Real>& call, int threads) {
    if (kind == echoic::CellKind::lstm)
      run_pass<BackwardPass<Lstm<V>>>(call, threads);
    else
      run_pass<BackwardPass<Gru<V>>>(call, threads);
  }

  static constexpr echoic::Sequence<Real> table{V::width, saved_size, forward, backward};
};

}  // namespace
