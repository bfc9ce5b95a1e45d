// Everything that a body under test needs.
#ifndef TASKLEAK_TASKLEAK_H_
#define TASKLEAK_TASKLEAK_H_

#include "taskleak/chan.h"
#include "taskleak/clock.h"
#include "taskleak/context.h"
#include "taskleak/error.h"
#include "taskleak/fault.h"
#include "taskleak/registry.h"
#include "taskleak/select.h"
#include "taskleak/site.h"
#include "taskleak/stop_token.h"
#include "taskleak/sync.h"
#include "taskleak/task.h"
#include "taskleak/time.h"

#endif  // TASKLEAK_TASKLEAK_H_
