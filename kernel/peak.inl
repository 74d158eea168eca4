// The most that one core can do: multiply-adds that touch no memory. What benchmarks measure the kernels against.
#pragma once

namespace {



// Runs `rounds` rounds and gives the number of operations (a multiply-add counts as two); `sink` keeps them alive.
template <class V>
double multiply_add(Index rounds, float* sink) {
  V sum[V::tile_rows][4];  // as many as a tile has, so that no sum waits for itself
  typename V::Real start = 0;
  for (auto& row : sum)
    for (V& one : row) one = V::all(start += 1);
  const V factor = V::all(0.999f), summand = V::all(0.001f);
  for (Index round = 0; round < rounds; ++round)
    for (auto& row : sum)
      for (V& one : row) one = fma(one, factor, summand);
  V total = V::all(0);
  for (auto& row : sum)
    for (V& one : row) total = total + one;
  total.store(sink);
  return 2.0 * static_cast<double>(rounds) * 4 * V::tile_rows * V::width;
}

}  // namespace
