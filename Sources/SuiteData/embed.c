// The tables of shapes as bytes of the binary; `#embed` is C23.
#include "SuiteData.h"

// clang-format off
static const unsigned char shapes[] = {
#embed "shapes.csv"
};
static const unsigned char attention[] = {
#embed "attention.csv"
};
static const unsigned char products[] = {
#embed "products.csv"
};
static const unsigned char accelerator[] = {
#embed "accelerator.csv"
};
// clang-format on

const unsigned char *suite_shapes(size_t *count) {
  *count = sizeof shapes;
  return shapes;
}

const unsigned char *suite_attention(size_t *count) {
  *count = sizeof attention;
  return attention;
}

const unsigned char *suite_products(size_t *count) {
  *count = sizeof products;
  return products;
}

const unsigned char *suite_accelerator(size_t *count) {
  *count = sizeof accelerator;
  return accelerator;
}
