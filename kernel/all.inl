// All the arithmetic, for the vectors that the including file chose: what makes a target.
#pragma once
#include "cpu.h"
#include "half.h"
#include "plan.h"
// In the order in which they build on each other.
#include "math.inl"
#include "product.inl"
#include "cells.inl"
#include "pack.inl"
#include "rows.inl"
#include "forward.inl"
#include "backward.inl"
#include "sequence.inl"
#include "live.inl"
#include "samples.inl"
#include "peak.inl"
