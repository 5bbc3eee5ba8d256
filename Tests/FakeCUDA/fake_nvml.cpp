// Sensors of fake devices: each reading is a number of its own, so that a test sees which one was asked for.
#include <CCUDAManagement.h>

#include <strings.h>

#include <type_traits>

#include "fake_common.h"

using namespace fake;
#define ENTER(call)                                 \
  std::lock_guard<std::recursive_mutex> hold(lock); \
  if (int code = failure(#call)) return code;
#define READING(call, type, number)                          \
  EXPORT int call(ccuda_management_device, type *value) { \
    ENTER(call)                                              \
    *value = number;                                         \
    return 0;                                                \
  }

EXPORT int nvmlInit_v2(void) {
  ENTER(nvmlInit_v2)
  return 0;
}
EXPORT int nvmlShutdown(void) {
  ENTER(nvmlShutdown)
  return 0;
}
EXPORT const char *nvmlErrorString(int error) {
  return error == 3 ? "Not Supported" : error == 15 ? "GPU is lost" : error == 6 ? "Not Found" : "Unknown Error";
}
EXPORT int nvmlSystemGetDriverVersion(char *text, unsigned length) {
  ENTER(nvmlSystemGetDriverVersion)
  snprintf(text, length, "570.86.15");
  return 0;
}
EXPORT int nvmlDeviceGetHandleByPciBusId_v2(const char *bus, ccuda_management_device *device) {
  ENTER(nvmlDeviceGetHandleByPciBusId_v2)
  for (int i = 0; i < number("DEVICES", 1); ++i) {
    if (strcasecmp(busID(i).c_str(), bus) != 0) continue;
    *device = reinterpret_cast<ccuda_management_device>(size_t(i + 1));
    return 0;
  }
  return 6;
}
EXPORT int nvmlDeviceGetClockInfo(ccuda_management_device, int clock, unsigned *megahertz) {
  ENTER(nvmlDeviceGetClockInfo)
  *megahertz = clock == CCUDA_CLOCK_SM ? 1755 : clock == CCUDA_CLOCK_MEMORY ? 3201 : 1;
  return 0;
}
EXPORT int nvmlDeviceGetMaxClockInfo(ccuda_management_device, int clock, unsigned *megahertz) {
  ENTER(nvmlDeviceGetMaxClockInfo)
  *megahertz = clock == CCUDA_CLOCK_SM ? 1980 : 1;
  return 0;
}
EXPORT int nvmlDeviceGetTemperature(ccuda_management_device, int sensor, unsigned *celsius) {
  ENTER(nvmlDeviceGetTemperature)
  if (sensor != CCUDA_SENSOR_GPU) return 2;
  *celsius = 54;
  return 0;
}
READING(nvmlDeviceGetPowerUsage, unsigned, 512'250)
READING(nvmlDeviceGetEnforcedPowerLimit, unsigned, 700'000)
READING(nvmlDeviceGetCurrentClocksThrottleReasons, unsigned long long, 0x4 | 0x20)
READING(nvmlDeviceGetCurrPcieLinkGeneration, unsigned, 4)
READING(nvmlDeviceGetMaxPcieLinkGeneration, unsigned, 5)
READING(nvmlDeviceGetCurrPcieLinkWidth, unsigned, 8)
READING(nvmlDeviceGetMaxPcieLinkWidth, unsigned, 16)
READING(nvmlDeviceGetTotalEnergyConsumption, unsigned long long, 1'234'567'000)
EXPORT int nvmlDeviceGetMigMode(ccuda_management_device, unsigned *current, unsigned *pending) {
  ENTER(nvmlDeviceGetMigMode)
  *current = *pending = number("MIG", 0) != 0;
  return 0;
}

#define IS_DECLARED_ALIKE(type, name, parameters) \
  static_assert(std::is_same_v<decltype(&name), decltype(ccuda_management::name)>);
CCUDA_MANAGEMENT_CALLS(IS_DECLARED_ALIKE)
