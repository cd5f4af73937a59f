/* SPDX-License-Identifier: Apache-2.0 */
/* Exports nothing that is a plugin's entry. */
#define PLAIN_ENTRY something_else
#include "plain.h"
