// shapes.csv as bytes of the binary; `#embed` is C23.
#include "SuiteData.h"

// clang-format off
static const unsigned char shapes[] = {
#embed "shapes.csv"
};
// clang-format on

const unsigned char *suite_shapes(size_t *count) {
  *count = sizeof shapes;
  return shapes;
}
