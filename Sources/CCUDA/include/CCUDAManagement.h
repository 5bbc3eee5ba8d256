// The calls of NVML (libnvidia-ml.so.1): what a device's sensors say. Only reading calls stand here; none
// changes a setting of a card. Source: NVML API reference, https://docs.nvidia.com/deploy/nvml-api/.
#pragma once

typedef struct nvmlDevice_st *ccuda_management_device;

/// X(type of the answer, name, parameters) for each call.
#define CCUDA_MANAGEMENT_CALLS(X)                                                                                 \
  X(int, nvmlInit_v2, (void))                                                                                     \
  X(int, nvmlShutdown, (void))                                                                                    \
  X(const char *, nvmlErrorString, (int error))                                                                   \
  X(int, nvmlSystemGetDriverVersion, (char *text, unsigned length))                                               \
  X(int, nvmlDeviceGetHandleByPciBusId_v2, (const char *bus, ccuda_management_device *device))                    \
  X(int, nvmlDeviceGetClockInfo, (ccuda_management_device device, int clock, unsigned *megahertz))                \
  X(int, nvmlDeviceGetMaxClockInfo, (ccuda_management_device device, int clock, unsigned *megahertz))             \
  X(int, nvmlDeviceGetPowerUsage, (ccuda_management_device device, unsigned *milliwatts))                         \
  X(int, nvmlDeviceGetEnforcedPowerLimit, (ccuda_management_device device, unsigned *milliwatts))                 \
  X(int, nvmlDeviceGetTemperature, (ccuda_management_device device, int sensor, unsigned *celsius))               \
  X(int, nvmlDeviceGetCurrentClocksThrottleReasons, (ccuda_management_device device, unsigned long long *bits))   \
  X(int, nvmlDeviceGetCurrPcieLinkGeneration, (ccuda_management_device device, unsigned *generation))             \
  X(int, nvmlDeviceGetMaxPcieLinkGeneration, (ccuda_management_device device, unsigned *generation))              \
  X(int, nvmlDeviceGetCurrPcieLinkWidth, (ccuda_management_device device, unsigned *lanes))                       \
  X(int, nvmlDeviceGetMaxPcieLinkWidth, (ccuda_management_device device, unsigned *lanes))                        \
  X(int, nvmlDeviceGetTotalEnergyConsumption, (ccuda_management_device device, unsigned long long *millijoules))  \
  X(int, nvmlDeviceGetMigMode, (ccuda_management_device device, unsigned *current, unsigned *pending))

#ifndef CCUDA_TYPED_FIELD
#define CCUDA_TYPED_FIELD(type, name, parameters) type(*name) parameters;
#endif

/// The library's functions; none is null after opening.
struct ccuda_management {
  CCUDA_MANAGEMENT_CALLS(CCUDA_TYPED_FIELD)
};

/// Numbers of the library's interface (nvmlClockType_t, nvmlTemperatureSensors_t).
enum {
  CCUDA_CLOCK_SM = 1,
  CCUDA_CLOCK_MEMORY = 2,
  CCUDA_SENSOR_GPU = 0,
};
