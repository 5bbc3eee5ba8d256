// Kernels of fake devices: the text that the fake compiler stored, compiled as C++ behind cuda_emulation.h
// with an entry for each kernel that tells its parameters and runs a grid.
#pragma once
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <regex>

#include "fake_common.h"

#ifndef FAKE_CUDA_COMPILER
#define FAKE_CUDA_COMPILER "clang++"
#endif

extern char **environ;

namespace fake {

inline const char imageMark[] = "FAKE CUBIN ";

struct Kernel {
  std::string name;
  /// A letter a parameter: `w` a pointer, `r` a pointer to const, `v` a value.
  const char *parameters;
  const char *(*run)(void **arguments, const unsigned *extents, size_t sharedBytes);
  int dynamicShared = 48 << 10;
};

struct Module {
  void *library = nullptr;
  std::map<std::string, Kernel> kernels;
};

inline std::string folderOfSources() {
#ifdef FAKE_CUDA_SOURCES
  return FAKE_CUDA_SOURCES;
#else
  return ".";
#endif
}

/// Names of the kernels of a text.
inline std::vector<std::string> kernelNames(const std::string &text) {
  const std::string bounds = R"re((?:__launch_bounds__\([^)]*\)\s*)?)re";
  static const std::regex pattern(
      R"re(extern\s+"C"\s+__global__\s+)re" + bounds + R"re(void\s+)re" + bounds + R"re((\w+)\s*\()re");
  std::vector<std::string> names;
  for (std::sregex_iterator found(text.begin(), text.end(), pattern), end; found != end; ++found)
    names.push_back((*found)[1]);
  return names;
}

inline std::string asProgram(const std::string &text) {
  std::string program = "#include \"cuda_emulation.h\"\n#include <type_traits>\n#include <utility>\n"
    "#line 1 \"text\"\n" + text + R"(
namespace emulated_entry {
template <auto kernel> struct Entry;
template <class... P, void (*kernel)(P...)> struct Entry<kernel> {
  template <size_t... i> static void call(void **a, std::index_sequence<i...>) {
    kernel(*static_cast<std::remove_cv_t<P> *>(a[i])...);
  }
  static void body(void **a) { call(a, std::index_sequence_for<P...>{}); }
  template <class T> static constexpr char kind() {
    if constexpr (!std::is_pointer_v<T>) return 'v';
    else return std::is_const_v<std::remove_pointer_t<T>> ? 'r' : 'w';
  }
  static constexpr char parameters[] = {kind<P>()..., 0};
};
}
)";
  for (const std::string &name : kernelNames(text))
    program += "extern \"C\" __attribute__((visibility(\"default\"))) const char *emulated_parameters_" + name
      + "() { return emulated_entry::Entry<" + name + ">::parameters; }\n"
      + "extern \"C\" __attribute__((visibility(\"default\"))) const char *emulated_run_" + name
      + "(void **a, const unsigned *e, size_t s) { return emulated_run(emulated_entry::Entry<" + name
      + ">::body, a, dim3{e[0], e[1], e[2]}, dim3{e[3], e[4], e[5]}, s); }\n";
  return program;
}

inline unsigned long long hash(const std::string &text, unsigned long long start = 0xCBF29CE484222325) {
  for (unsigned char each : text) start = (start ^ each) * 0x100000001B3;
  return start;
}

inline std::string contents(const std::string &path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline bool spawned(const std::vector<std::string> &words) {
  std::vector<char *> arguments;
  for (const std::string &word : words) arguments.push_back(const_cast<char *>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child;
  if (posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0) return false;
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return false;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// The library of a program, made once for all processes that ask for the same; empty where it cannot be
/// compiled.
inline std::string compiled(const std::string &program) {
  std::string sources = folderOfSources(), key = program;
  for (const char *file : {"cuda_emulation.h", "emulated_language.h", "emulated_instructions.h"})
    key += contents(sources + "/" + file);
  const char *temporary = getenv("TMPDIR");
  std::string folder =
    std::string(temporary && *temporary ? temporary : "/tmp") + "/fake-cuda-" + std::to_string(getuid());
  mkdir(folder.c_str(), 0700);
  char name[32];
  snprintf(name, sizeof name, "/%016llx", hash(key));
  std::string library = folder + name + ".so";
  if (access(library.c_str(), R_OK) == 0) return library;
  std::string own = folder + name + "." + std::to_string(getpid()) + "." + std::to_string(size_t(&lock));
  std::ofstream(own + ".cpp") << program;
  bool isMade = spawned(
      {FAKE_CUDA_COMPILER, "-std=c++20", "-O2", "-w", "-shared", "-fPIC", "-fvisibility=hidden", "-I" + sources, "-o",
       own + ".so", own + ".cpp"});
  unlink((own + ".cpp").c_str());
  if (!isMade || rename((own + ".so").c_str(), library.c_str()) != 0) return "";
  return library;
}

/// Loads a copy of its own, since the emulation keeps its state in the library. Null where it cannot.
inline Module *load(const std::string &text) {
  std::string library = compiled(asProgram(text));
  if (library.empty()) return nullptr;
  std::string pattern = library + "-XXXXXX";
  std::vector<char> path(pattern.begin(), pattern.end());
  path.push_back(0);
  int file = mkstemp(path.data());
  if (file < 0) return nullptr;
  close(file);
  std::ofstream(path.data(), std::ios::binary) << std::ifstream(library, std::ios::binary).rdbuf();
  void *handle = dlopen(path.data(), RTLD_NOW | RTLD_LOCAL);
  unlink(path.data());
  if (!handle) return nullptr;
  Module *module = new Module;
  module->library = handle;
  for (const std::string &name : kernelNames(text)) {
    auto parameters = reinterpret_cast<const char *(*)()>(dlsym(handle, ("emulated_parameters_" + name).c_str()));
    auto run = reinterpret_cast<const char *(*)(void **, const unsigned *, size_t)>(
        dlsym(handle, ("emulated_run_" + name).c_str()));
    if (parameters && run) module->kernels[name] = {name, parameters(), run};
  }
  return module;
}

}  // namespace fake
