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

  template <class Cell>
  static Index saved_size(const Layout& layout) {
    if (!layout.in_lanes)
      return layout.batch * layout.steps * group_count(layout.hidden, V::width) * Cell::slots * V::width;
    const Index rows = layout.batch / layout.blocks, larger = layout.batch % layout.blocks;
    const Index lanes = larger * lanes_of<V>(rows + 1) + (layout.blocks - larger) * lanes_of<V>(rows);
    return lanes * Lanes<Cell>(layout).saved_per_row(layout.steps);
  }

  static Index saved_size(echoic::CellKind kind, const Layout& layout) {
    return kind == echoic::CellKind::lstm ? saved_size<Lstm<V>>(layout) : saved_size<Gru<V>>(layout);
  }

  template <class Cell>
  static void forward(const Forward<Real>& call, int threads) {
    if (call.layout.in_lanes) return run_pass<LanesForward<Cell>>(call, threads);
    call.layout.rounded ? run_pass<ForwardPass<Cell, RoundedFloats<V>>>(call, threads) : run_pass<ForwardPass<Cell, AsTheyAre<V>>>(call, threads);
  }

  template <class Cell>
  static void backward(const Backward<Real>& call, int threads) {
    if (call.layout.in_lanes) return run_pass<LanesBackward<Cell>>(call, threads);
    call.layout.rounded ? run_pass<BackwardPass<Cell, RoundedFloats<V>>>(call, threads) : run_pass<BackwardPass<Cell, AsTheyAre<V>>>(call, threads);
  }

  static void forward(echoic::CellKind kind, const Forward<Real>& call, int threads) {
    kind == echoic::CellKind::lstm ? forward<Lstm<V>>(call, threads) : forward<Gru<V>>(call, threads);
  }

  static void backward(echoic::CellKind kind, const Backward<Real>& call, int threads) {
    kind == echoic::CellKind::lstm ? backward<Lstm<V>>(call, threads) : backward<Gru<V>>(call, threads);
  }

  static constexpr echoic::Sequence<Real> table{V::width, saved_size, forward, backward};
};

}  // namespace
