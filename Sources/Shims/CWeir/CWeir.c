// SPDX-License-Identifier: Apache-2.0
// The headers of include/weir/ have no code of their own; this makes a module of them.
#include "../../../include/weir/stage.h"
#include "../../../include/weir/table.h"
