// Where NVIDIA's libraries are looked for. A host may have them from its distribution, from the vendor's
// installer, or only from Python packages that PyTorch brought along.
#include "CCUDA.h"

#include <dlfcn.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// Opens a file. The loader's words are kept for the first name, and for a file that is there but no library.
static void *open_file(const char *path, ccuda_opening *opening) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  const char *words = library ? NULL : dlerror();
  opening->outcome = library ? CCUDA_OPENED : CCUDA_NO_LIBRARY;
  if (library) snprintf(opening->path, sizeof opening->path, "%s", path);
  if (words && (!*opening->text || *path == '/')) {
    snprintf(opening->text, sizeof opening->text, "%s", words);
  }
  return library;
}

/// The files that a pattern names, tried in the order of their names.
static void *open_pattern(const char *pattern, ccuda_opening *opening) {
  glob_t found;
  void *library = NULL;
  if (glob(pattern, 0, NULL, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc && !library; i++) library = open_file(found.gl_pathv[i], opening);
    globfree(&found);
  }
  return library;
}

/// `file` in the folders of a toolkit and of Python's packages; `package` is the folder of the wheel before
/// CUDA 13.
static void *open_in_folders(const char *package, const char *file, ccuda_opening *opening) {
  static const char *const roots[] = {"CUDA_HOME", "CUDA_PATH", NULL};
  static const char *const inside[] = {"lib64", "lib", "targets/x86_64-linux/lib", "targets/sbsa-linux/lib"};
  static const char *const pythons[] = {"VIRTUAL_ENV", "CONDA_PREFIX", "HOME", "/usr/local", "/usr", "/opt/conda"};
  static const char *const packages[] = {
      "lib/python3*/site-packages", "lib/python3*/dist-packages", "lib/python3/dist-packages",
      ".local/lib/python3*/site-packages"};
  char path[2048];
  for (unsigned i = 0; i < sizeof roots / sizeof *roots; i++) {
    const char *root = roots[i] ? getenv(roots[i]) : "/usr/local/cuda";
    for (unsigned j = 0; root && *root && j < sizeof inside / sizeof *inside; j++) {
      snprintf(path, sizeof path, "%s/%s/%s", root, inside[j], file);
      void *library = open_pattern(path, opening);
      if (library) return library;
    }
  }
  for (unsigned i = 0; i < sizeof pythons / sizeof *pythons; i++) {
    const char *root = *pythons[i] == '/' ? pythons[i] : getenv(pythons[i]);
    for (unsigned j = 0; root && *root && j < sizeof packages / sizeof *packages; j++) {
      for (unsigned k = 0; k < 2; k++) {
        snprintf(path, sizeof path, "%s/%s/nvidia/%s/lib/%s", root, packages[j], k ? "cu1*" : package, file);
        void *library = open_pattern(path, opening);
        if (library) return library;
      }
    }
  }
  return NULL;
}

/// The library that the caller or the environment names; `*is_named` tells whether one did.
static void *open_named(const char *path, const char *variable, int *is_named, ccuda_opening *opening) {
  const char *named = path ? path : getenv(variable);
  *is_named = named && *named;
  return *is_named ? open_file(named, opening) : NULL;
}

/// Stores the address of each function; nonzero where all are there.
static int find(void *library, const char *const *names, void **functions, size_t count, ccuda_opening *opening) {
  for (size_t i = 0; i < count; i++) {
    functions[i] = dlsym(library, names[i]);
    if (functions[i]) continue;
    opening->outcome = CCUDA_NO_FUNCTION;
    snprintf(opening->text, sizeof opening->text, "%s", names[i]);
    return 0;
  }
  return 1;
}

#define NAME(name, parameters) #name,
#define TYPED_NAME(type, name, parameters) #name,

void ccuda_open_driver(const char *path, int oldest, struct ccuda_driver *table, ccuda_opening *opening) {
  static const char *const names[] = {CCUDA_DRIVER_CALLS(NAME)};
  _Static_assert(sizeof names == sizeof *table, "one name a function");
  *opening = (ccuda_opening){0};
  int is_named;
  void *library = open_named(path, "PLIMSOLL_CUDA_DRIVER", &is_named, opening);
  if (!is_named) library = open_file("libcuda.so.1", opening);
  // Windows' subsystem for Linux keeps the driver outside the loader's folders.
  if (!is_named && !library) library = open_pattern("/usr/lib/wsl/lib/libcuda.so.1", opening);
  if (!library) return;
  void *function;
  if (!find(library, names, &function, 1, opening)) return;
  int (*version)(int *);
  memcpy(&version, &function, sizeof version);
  if (version(&opening->version) == 0 && opening->version < oldest) {
    opening->outcome = CCUDA_TOO_OLD;
    return;
  }
  find(library, names, (void **)table, sizeof names / sizeof *names, opening);
}

void ccuda_open_compiler(
    const char *path, int newest_major, struct ccuda_compiler *table, ccuda_opening *opening) {
  static const char *const names[] = {CCUDA_COMPILER_CALLS(TYPED_NAME)};
  _Static_assert(sizeof names == sizeof *table, "one name a function");
  static const struct {
    int major;
    const char *file;
  } files[] = {{13, "libnvrtc.so.13"}, {12, "libnvrtc.so.12"}, {11, "libnvrtc.so.11.2"}};
  *opening = (ccuda_opening){0};
  int is_named;
  void *library = open_named(path, "PLIMSOLL_CUDA_NVRTC", &is_named, opening);
  for (unsigned i = 0; !is_named && !library && i < sizeof files / sizeof *files; i++) {
    if (files[i].major > newest_major) continue;
    library = open_file(files[i].file, opening);
    if (!library) library = open_in_folders("cuda_nvrtc", files[i].file, opening);
  }
  if (library) find(library, names, (void **)table, sizeof names / sizeof *names, opening);
}

void ccuda_open_blas(const char *path, int newest_major, struct ccuda_blas *table, ccuda_opening *opening) {
  static const char *const names[] = {CCUDA_BLAS_CALLS(TYPED_NAME)};
  _Static_assert(sizeof names == sizeof *table, "one name a function");
  *opening = (ccuda_opening){0};
  int is_named;
  void *library = open_named(path, "PLIMSOLL_CUDA_CUBLASLT", &is_named, opening);
  for (int major = newest_major < 13 ? newest_major : 13; !is_named && !library && major >= 11; major--) {
    char file[32];
    snprintf(file, sizeof file, "libcublasLt.so.%d", major);
    library = open_file(file, opening);
    if (!library) library = open_in_folders("cublas", file, opening);
  }
  if (library) find(library, names, (void **)table, sizeof names / sizeof *names, opening);
}

void ccuda_open_management(const char *path, struct ccuda_management *table, ccuda_opening *opening) {
  static const char *const names[] = {CCUDA_MANAGEMENT_CALLS(TYPED_NAME)};
  _Static_assert(sizeof names == sizeof *table, "one name a function");
  *opening = (ccuda_opening){0};
  int is_named;
  void *library = open_named(path, "PLIMSOLL_CUDA_NVML", &is_named, opening);
  if (!is_named) library = open_file("libnvidia-ml.so.1", opening);
  if (!is_named && !library) library = open_pattern("/usr/lib/wsl/lib/libnvidia-ml.so.1", opening);
  if (library) find(library, names, (void **)table, sizeof names / sizeof *names, opening);
}
