// SPDX-License-Identifier: Apache-2.0
// SwiftPM renames the main of an executable target to NAME_main, which libFuzzer's own main cannot serve:
// each fuzz target's name becomes an alias of the function below. Package.swift defines FUZZERS as E(One) E(Two) ....
#include "driver.h"

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*target)(const uint8_t *, size_t));
int LLVMFuzzerTestOneInput(const uint8_t *start, size_t count);

int weir_fuzz_main(int argc, char **argv) {
  return LLVMFuzzerRunDriver(&argc, &argv, LLVMFuzzerTestOneInput);
}

#define E(name) int Fuzz##name##_main(int argc, char **argv) __attribute__((alias("weir_fuzz_main")));
FUZZERS
