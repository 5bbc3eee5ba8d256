// The CUDA texts as bytes of the binary; `#embed` is C23.
#include "CUDATexts.h"

#include <string.h>

// clang-format off
static const unsigned char instructions[] = {
#embed "instructions.cuh"
};
static const unsigned char fill[] = {
#embed "fill.cu"
};
static const unsigned char memory[] = {
#embed "memory.cu"
};
static const unsigned char elementwise[] = {
#embed "elementwise.cu"
};
static const unsigned char decode_header[] = {
#embed "decode.cuh"
};
static const unsigned char decode[] = {
#embed "decode.cu"
};
static const unsigned char prefill[] = {
#embed "prefill.cu"
};
static const unsigned char prefill_sm90_header[] = {
#embed "prefill_sm90.cuh"
};
static const unsigned char prefill_sm90[] = {
#embed "prefill_sm90.cu"
};
static const unsigned char peaks[] = {
#embed "peaks.cu"
};
static const unsigned char grouped[] = {
#embed "grouped.cu"
};
// clang-format on

static const struct {
  const char *name;
  const unsigned char *bytes;
  size_t count;
} texts[] = {
    {"instructions.cuh", instructions, sizeof instructions},
    {"fill.cu", fill, sizeof fill},
    {"memory.cu", memory, sizeof memory},
    {"elementwise.cu", elementwise, sizeof elementwise},
    {"decode.cuh", decode_header, sizeof decode_header},
    {"decode.cu", decode, sizeof decode},
    {"prefill.cu", prefill, sizeof prefill},
    {"prefill_sm90.cuh", prefill_sm90_header, sizeof prefill_sm90_header},
    {"prefill_sm90.cu", prefill_sm90, sizeof prefill_sm90},
    {"peaks.cu", peaks, sizeof peaks},
    {"grouped.cu", grouped, sizeof grouped},
};

const unsigned char *cuda_text(const char *name, size_t *count) {
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; ++i) {
    if (strcmp(texts[i].name, name) == 0) {
      *count = texts[i].count;
      return texts[i].bytes;
    }
  }
  *count = 0;
  return NULL;
}
