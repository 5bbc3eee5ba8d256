// The CUDA texts of this folder, embedded byte for byte.
#pragma once
#include <stddef.h>

/// Bytes of a file of this folder by its name, their number in `count`; null for a name that is none.
const unsigned char *_Nullable cuda_text(const char *_Nonnull name, size_t *_Nonnull count);
