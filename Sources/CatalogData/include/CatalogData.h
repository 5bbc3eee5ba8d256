// The catalogues: CSV files of this folder, embedded byte for byte.
#pragma once
#include <stddef.h>

#include "ScenarioData.h"

/// Bytes of the named file ("accelerators.csv"), or NULL; the length goes to `count`.
const unsigned char *_Nullable catalog_data(const char *_Nonnull name, size_t *_Nonnull count);
