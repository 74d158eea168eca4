// AVX-512 with products of bfloat16: its own layers and live networks with rounded operands, and all else of the target
// without them.
#include "vec_avx512.h"
//
#include "all.inl"

#if !defined(__AVX512BF16__)
#error "compile this target with AVX512_BF16"
#endif

extern const echoic::Kernels avx512_kernels;

namespace {

using Vector = Avx512;
using echoic::CellKind;

Index saved_size(CellKind kind, const Layout& layout) { return avx512_kernels.f32->saved_size(kind, layout); }

void forward(CellKind kind, const Forward<float>& call, int threads) {
  if (!call.layout.rounded) return avx512_kernels.f32->forward(kind, call, threads);
  kind == CellKind::lstm ? run_pass<ForwardPass<Lstm<Vector>, Pairs<Vector>>>(call, threads)
                         : run_pass<ForwardPass<Gru<Vector>, Pairs<Vector>>>(call, threads);
}

void backward(CellKind kind, const Backward<float>& call, int threads) {
  if (!call.layout.rounded) return avx512_kernels.f32->backward(kind, call, threads);
  kind == CellKind::lstm ? run_pass<BackwardPass<Lstm<Vector>, Pairs<Vector>>>(call, threads)
                         : run_pass<BackwardPass<Gru<Vector>, Pairs<Vector>>>(call, threads);
}

echoic::Network* network(const LiveNetwork& given) {
  if (given.storage != Storage::bf16) return avx512_kernels.network(given);
  return new LiveNetworkImpl<StoredPairs<Pairs<Vector>>>(given);
}
echoic::SampleTier* sample_tier(const echoic::SampleWeights& given) { return avx512_kernels.sample_tier(given); }
echoic::ChordHead* chord_head(const echoic::ChordWeights& given) { return avx512_kernels.chord_head(given); }
double operations(Index rounds, float* sink) { return avx512_kernels.multiply_add(rounds, sink); }

constexpr echoic::Sequence<float> sequence{Vector::width, saved_size, forward, backward};

}  // namespace

extern const echoic::Kernels avx512_bf16_kernels;
const echoic::Kernels avx512_bf16_kernels{"avx512_bf16", echoic::cpu_has_avx512_bf16, &sequence,  nullptr,
                                          network,       sample_tier,                 chord_head, operations};
