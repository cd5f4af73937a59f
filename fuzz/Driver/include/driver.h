// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stddef.h>
#include <stdint.h>

int weir_fuzz_main(int argc, char **argv);
