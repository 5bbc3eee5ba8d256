// What the CPU can do and who it says it is.
#include "CProbe.h"

#include <stddef.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

void probe_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t registers[4]) {
  memset(registers, 0, 4 * sizeof *registers);
#if defined(__x86_64__)
  __cpuid_count(leaf, subleaf, registers[0], registers[1], registers[2], registers[3]);
#else
  (void)leaf, (void)subleaf;
#endif
}

#if defined(__x86_64__)
// The compiler's run-time check also asks XGETBV, so a feature counts only if the system saves its registers.
#define FEATURES(X)                                                                                     \
  X("sse4.2") X("avx") X("avx2") X("fma") X("bmi2") X("avx512f") X("avx512dq") X("avx512bw")            \
  X("avx512vl") X("avx512cd") X("avx512ifma") X("avx512vbmi") X("avx512vbmi2") X("avx512vnni")          \
  X("avx512bitalg") X("avx512vpopcntdq") X("avx512bf16") X("gfni") X("vaes") X("vpclmulqdq") X("avxvnni") X("avx512fp16") X("amx-tile") X("amx-bf16")
#define TEST(name) \
  if (index == position++) return __builtin_cpu_supports(name) ? 1 : 0;

static const char *const names[] = {
#define NAME(name) name,
    FEATURES(NAME)};

const char *probe_feature_name(int32_t index) {
  if (index < 0 || (size_t)index >= sizeof names / sizeof *names) return 0;
  return names[index];
}

int32_t probe_feature_supported(int32_t index) {
  __builtin_cpu_init();
  int32_t position = 0;
  FEATURES(TEST)
  return 0;
}

int probe_has_avx512_bf16(void) {
  return probe_has_avx512() && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16");
}

int probe_has_avx512_fp16(void) { return probe_has_avx512_bf16() && __builtin_cpu_supports("avx512fp16"); }
#elif defined(__aarch64__)
static const struct {
  const char *name;
  int type;
  unsigned long bit;
} features[] = {
    {"asimd", AT_HWCAP, HWCAP_ASIMD},     {"asimdhp", AT_HWCAP, HWCAP_ASIMDHP},
    {"asimddp", AT_HWCAP, HWCAP_ASIMDDP}, {"asimdfhm", AT_HWCAP, HWCAP_ASIMDFHM},
    {"sve", AT_HWCAP, HWCAP_SVE},         {"sve2", AT_HWCAP2, HWCAP2_SVE2},
    {"i8mm", AT_HWCAP2, HWCAP2_I8MM},     {"bf16", AT_HWCAP2, HWCAP2_BF16},
};

const char *probe_feature_name(int32_t index) {
  if (index < 0 || (size_t)index >= sizeof features / sizeof *features) return 0;
  return features[index].name;
}

int32_t probe_feature_supported(int32_t index) {
  if (!probe_feature_name(index)) return 0;
  return (getauxval(features[index].type) & features[index].bit) != 0;
}
#else
const char *probe_feature_name(int32_t index) { return (void)index, (const char *)0; }
int32_t probe_feature_supported(int32_t index) { return (void)index, 0; }
#endif

#if !defined(__x86_64__)
int probe_has_avx512_bf16(void) { return 0; }

int probe_has_avx512_fp16(void) { return 0; }
#endif
