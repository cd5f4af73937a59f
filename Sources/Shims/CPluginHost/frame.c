// SPDX-License-Identifier: Apache-2.0
#include "CPluginHost.h"

_Thread_local void *cpluginhost_frame;
_Thread_local void *cpluginhost_memo;
_Thread_local int cpluginhost_failure;
