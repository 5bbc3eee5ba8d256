// What the four fake libraries share: settings, and failures that a test asks for.
//
// Settings come from the file `<library>.settings` beside the library (lines KEY=VALUE), so that tests of one
// process do not disturb one another, else from the environment:
//   FAKE_CUDA_DEVICES     devices (1)                    FAKE_CUDA_NAME         name of each (Fake H200)
//   FAKE_CUDA_DRIVER      driver version (12080)         FAKE_CUDA_CAPABILITY   e.g. 9.0
//   FAKE_CUDA_MEMORY      bytes of each (1 GiB)          FAKE_CUDA_PEERS        0 = none reaches another
//   FAKE_CUDA_FAIL        call:n:code, comma-separated: the n-th call answers with the code (n = 0: every call)
//   FAKE_CUDA_LOST        launches after which the device is lost (each later call answers 719)
//   FAKE_CUDA_WRONG       kernels, or cublasLtMatmul, whose first result is made wrong, comma-separated
//   FAKE_CUDA_MIG         1 = the device is divided
//   FAKE_CUDA_NVRTC_LOG   what the compiler says where its compiling fails
#pragma once
#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace fake {

/// Held by each call of a library: kernels run in it, one after the other.
inline std::recursive_mutex lock;

inline std::vector<std::string> split(const std::string &text, char separator) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);)
    if (!part.empty()) parts.push_back(part);
  return parts;
}

inline std::map<std::string, std::string> readSettings() {
  std::map<std::string, std::string> settings;
  Dl_info own{};
  if (!dladdr(reinterpret_cast<void *>(&readSettings), &own)) return settings;
  std::ifstream file(std::string(own.dli_fname) + ".settings");
  for (std::string line; std::getline(file, line);) {
    size_t place = line.find('=');
    if (place != std::string::npos) settings[line.substr(0, place)] = line.substr(place + 1);
  }
  return settings;
}

inline std::string setting(const char *name, const char *otherwise) {
  static const std::map<std::string, std::string> file = readSettings();
  auto found = file.find(std::string("FAKE_CUDA_") + name);
  if (found != file.end()) return found->second;
  const char *value = getenv((std::string("FAKE_CUDA_") + name).c_str());
  return value && *value ? value : otherwise;
}

inline long long number(const char *name, long long otherwise) {
  std::string text = setting(name, "");
  return text.empty() ? otherwise : atoll(text.c_str());
}

inline bool lists(const char *name, const std::string &member) {
  for (const std::string &each : split(setting(name, ""), ','))
    if (each == member) return true;
  return false;
}

/// Counts the call; the code that the settings want for it, else 0.
inline int failure(const char *call) {
  static std::map<std::string, long long> counts;
  long long count = ++counts[call];
  for (const std::string &each : split(setting("FAIL", ""), ',')) {
    std::vector<std::string> parts = split(each, ':');
    if (parts.size() != 3 || parts[0] != call) continue;
    long long place = atoll(parts[1].c_str());
    if (place == 0 || place == count) return atoi(parts[2].c_str());
  }
  return 0;
}

/// Place of a device on the PCI bus, as the driver writes it.
inline std::string busID(int ordinal) {
  char text[32];
  snprintf(text, sizeof text, "0000:%02X:00.0", 0x1B + 0x10 * ordinal);
  return text;
}

/// What a stream of the fake driver offers other fake libraries: work goes through it, so that captures
/// record it.
struct Stream {
  unsigned long long magic;
  int device;
  /// Does the work, or records it; the driver's code.
  int (*submit)(Stream *stream, std::function<int()> work);
  /// True where all these bytes lie in one buffer of the stream's device.
  bool (*holds)(Stream *stream, const void *address, size_t bytes);
};
inline constexpr unsigned long long streamMagic = 0x46414B4553545245;

}  // namespace fake
