// The shape tables of the suites `default` and `full`, embedded byte for byte.
#pragma once
#include <stddef.h>

/// Bytes of shapes.csv; their number goes to `count`.
const unsigned char *_Nonnull suite_shapes(size_t *_Nonnull count);

/// Bytes of attention.csv; their number goes to `count`.
const unsigned char *_Nonnull suite_attention(size_t *_Nonnull count);

/// Bytes of products.csv; their number goes to `count`.
const unsigned char *_Nonnull suite_products(size_t *_Nonnull count);

/// Bytes of accelerator.csv; their number goes to `count`.
const unsigned char *_Nonnull suite_accelerator(size_t *_Nonnull count);
