/// Small runs, written by hand.
#pragma once

#include "verdict.hpp"

namespace report {

/// A machine of 100 GFLOP/s that reads 10 GB/s from DRAM, 50 GB/s from L3, and copies 8 GB/s there and 40 GB/s.
inline run small_machine() {
    run r;
    r.context["cache_sizes"] = "1000 100000 10000000";
    r.rates = {{"fma", "", "float", 0, 1, {90e9, 100e9, 110e9}}, {"fma", "", "double", 0, 1, {500e9}},
               {"read", "L3", "loop", 5000000, 1, {50e9}},       {"read", "DRAM", "loop", 50000000, 1, {10e9}},
               {"copy", "L3", "loop", 5000000, 1, {40e9}},       {"copy", "L3", "nontemporal", 5000000, 1, {20e9}},
               {"copy", "DRAM", "loop", 50000000, 1, {5e9}},     {"copy", "DRAM", "nontemporal", 50000000, 1, {8e9}},
               {"scale", "DRAM", "loop", 50000000, 1, {16e9}}};
    return r;
}

/// 1 ms of multiply-adds on the small machine: 100 MFLOP.
inline measurement row_of(const std::string& who, std::vector<double> seconds) {
    measurement m;
    m.goal = "cosine_large", m.who = who, m.shape = "2x3x4", m.type = "f32";
    m.seconds = seconds;
    m.flops = 100e6, m.bytes_read = 1000, m.bytes_written = 1000, m.error = 1e-7;
    return m;
}

inline goal goal_of(double fraction, std::vector<against> peers = {}) {
    return {"cosine_large", "2x3x4", "f32", fraction, {}, peers};
}

}  // namespace report
