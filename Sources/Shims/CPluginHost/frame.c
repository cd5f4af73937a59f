// SPDX-License-Identifier: Apache-2.0
#include "CPluginHost.h"

_Thread_local void *cpluginhost_frame;
