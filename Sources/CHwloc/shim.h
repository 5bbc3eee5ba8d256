// The door to hwloc 2.x: only what Swift cannot import by itself is wrapped here.
#pragma once
#include <hwloc.h>
