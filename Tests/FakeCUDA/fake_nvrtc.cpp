// A compiler of CUDA texts for the fake driver: it stores the text, which the driver then compiles as C++.
#include <CCUDACompiler.h>

#include <type_traits>

#include "fake_common.h"

namespace fake {

struct Program {
  std::string text, target;
  bool isCompiled = false, isReal = true;
  std::string log;
};

Program *own(ccuda_program program) { return reinterpret_cast<Program *>(program); }
std::string image(const Program &program) {
  return program.isCompiled && program.isReal ? "FAKE CUBIN " + program.target + "\n" + program.text : "";
}
const int targets[] = {80, 86, 89, 90, 100, 120};

}  // namespace fake

using namespace fake;
#define ENTER(call)                                 \
  std::lock_guard<std::recursive_mutex> hold(lock); \
  if (int code = failure(#call)) return code;

EXPORT const char *nvrtcGetErrorString(int error) {
  return error == 6 ? "NVRTC_ERROR_COMPILATION" : error == 5 ? "NVRTC_ERROR_INVALID_OPTION" : "NVRTC_ERROR_UNKNOWN";
}
EXPORT int nvrtcVersion(int *major, int *minor) {
  ENTER(nvrtcVersion)
  *major = 12;
  *minor = 8;
  return 0;
}
EXPORT int nvrtcGetNumSupportedArchs(int *count) {
  ENTER(nvrtcGetNumSupportedArchs)
  *count = sizeof targets / sizeof *targets;
  return 0;
}
EXPORT int nvrtcGetSupportedArchs(int *architectures) {
  ENTER(nvrtcGetSupportedArchs)
  memcpy(architectures, targets, sizeof targets);
  return 0;
}
EXPORT int nvrtcCreateProgram(
    ccuda_program *program, const char *text, const char *, int headers, const char *const *, const char *const *) {
  ENTER(nvrtcCreateProgram)
  if (headers != 0) return 3;
  Program *made = new Program;
  made->text = text;
  *program = reinterpret_cast<ccuda_program>(made);
  return 0;
}
EXPORT int nvrtcDestroyProgram(ccuda_program *program) {
  ENTER(nvrtcDestroyProgram)
  delete own(*program);
  *program = nullptr;
  return 0;
}
EXPORT int nvrtcCompileProgram(ccuda_program handle, int count, const char *const *options) {
  Program &program = *own(handle);
  std::lock_guard<std::recursive_mutex> hold(lock);
  if (int code = failure("nvrtcCompileProgram")) {
    program.log = setting("NVRTC_LOG", "text(7): warning: odd\ntext(9): error: expected a \";\"\n");
    return code;
  }
  const std::string option = "--gpu-architecture=";
  for (int i = 0; i < count; ++i) {
    std::string word = options[i];
    if (word.compare(0, option.size(), option) != 0) continue;
    program.target = word.substr(option.size());
    program.isReal = program.target.compare(0, 3, "sm_") == 0;
    bool isKnown = false;
    int number = atoi(program.target.c_str() + program.target.find('_') + 1);
    for (int each : targets) isKnown = isKnown || each == number;
    if (!isKnown) return 5;
  }
  program.isCompiled = true;
  return 0;
}
EXPORT int nvrtcGetProgramLogSize(ccuda_program program, size_t *bytes) {
  ENTER(nvrtcGetProgramLogSize)
  *bytes = own(program)->log.size() + 1;
  return 0;
}
EXPORT int nvrtcGetProgramLog(ccuda_program program, char *log) {
  ENTER(nvrtcGetProgramLog)
  strcpy(log, own(program)->log.c_str());
  return 0;
}
EXPORT int nvrtcGetCUBINSize(ccuda_program program, size_t *bytes) {
  ENTER(nvrtcGetCUBINSize)
  std::string made = image(*own(program));
  *bytes = made.empty() ? 0 : made.size() + 1;
  return 0;
}
EXPORT int nvrtcGetCUBIN(ccuda_program program, char *text) {
  ENTER(nvrtcGetCUBIN)
  strcpy(text, image(*own(program)).c_str());
  return 0;
}

#define IS_DECLARED_ALIKE(type, name, parameters) \
  static_assert(std::is_same_v<decltype(&name), decltype(ccuda_compiler::name)>);
CCUDA_COMPILER_CALLS(IS_DECLARED_ALIKE)
