// The bundled scenarios: small files of the folder `scenarios`, embedded byte for byte.
#pragma once
#include <stddef.h>

/// Bytes of a scenario file ("openai-aws-38b/scenario.toml"), or NULL; the length goes to `count`.
const unsigned char *_Nullable scenario_data(const char *_Nonnull path, size_t *_Nonnull count);

/// Path of the scenario file with this index, NULL past the last one.
const char *_Nullable scenario_path(size_t index);
