// AVX-512 with products of bfloat16 in the tiles of AMX: its own layers and live networks with rounded operands, and all else
// of the target without.
#include "vec_avx512.h"
//
#include "all.inl"
//
#include "tiles.inl"

#if !defined(__AVX512BF16__) || !defined(__AMX_BF16__)
#error "compile this target with AVX512_BF16, AMX_TILE and AMX_BF16"
#endif

extern const echoic::Kernels avx512_bf16_kernels;

namespace {

using Vector = Avx512;
using echoic::CellKind;

bool has_tiles(const Layout& layout) { return layout.rounded && echoic::tiles_are_permitted(); }

Index saved_size(CellKind kind, const Layout& layout) { return avx512_bf16_kernels.f32->saved_size(kind, layout); }

void forward(CellKind kind, const Forward<float>& call, int threads) {
  // Weights' gradients sum over rows and steps, but here a few rows gain nothing.
  if (!has_tiles(call.layout) || call.layout.batch < fewest_tile_rows * call.layout.blocks)
    return avx512_bf16_kernels.f32->forward(kind, call, threads);
  kind == CellKind::lstm ? run_pass<ForwardPass<Lstm<Vector>, TilePairs<Vector>>>(call, threads)
                         : run_pass<ForwardPass<Gru<Vector>, TilePairs<Vector>>>(call, threads);
}

void backward(CellKind kind, const Backward<float>& call, int threads) {
  if (!has_tiles(call.layout)) return avx512_bf16_kernels.f32->backward(kind, call, threads);
  kind == CellKind::lstm ? run_pass<BackwardPass<Lstm<Vector>, TilePairs<Vector>>>(call, threads)
                         : run_pass<BackwardPass<Gru<Vector>, TilePairs<Vector>>>(call, threads);
}

echoic::Network* network(const LiveNetwork& given) {
  if (given.storage != Storage::bf16 || !echoic::tiles_are_permitted()) return avx512_bf16_kernels.network(given);
  return new LiveNetworkImpl<StoredPairs<TilePairs<Vector>>>(given);
}
echoic::SampleTier* sample_tier(const echoic::SampleWeights& given) { return avx512_bf16_kernels.sample_tier(given); }
echoic::ChordHead* chord_head(const echoic::ChordWeights& given) { return avx512_bf16_kernels.chord_head(given); }
double operations(Index rounds, float* sink) { return avx512_bf16_kernels.multiply_add(rounds, sink); }

constexpr echoic::Sequence<float> sequence{Vector::width, saved_size, forward, backward};

}  // namespace

extern const echoic::Kernels amx_kernels;
const echoic::Kernels amx_kernels{"amx", echoic::cpu_has_amx_bf16, &sequence, nullptr, network, sample_tier, chord_head, operations};
