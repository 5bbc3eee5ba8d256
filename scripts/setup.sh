# Sourced by run and test: finds the toolchain, installs the Debian packages that are missing, builds.
# Every failure is one sentence and exit status 1.
# shellcheck shell=bash

packages=(libhwloc-dev libopenblas-dev libxlsxwriter-dev pkg-config)
# The solver of portfolios, opened while the program runs; without it plans are greedy ones.
solver_packages=(coinor-libcbc-dev)
# Only tests need these: a second program that recalculates the workbook, and one that draws its pages.
test_packages=(binutils libreoffice-calc-nogui poppler-utils "${solver_packages[@]}")
# A cluster on one machine, for scripts/fleet-rig; without them it is skipped.
rig_packages=(slurm-wlm munge openmpi-bin iproute2 procps)

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$1" >&2
  exit 1
}

check_swift() {
  command -v swift >/dev/null 2>&1 ||
    fail "Swift is not on the PATH; install Swift 6.2 or newer from swift.org and try again."
  local version major minor
  version=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+)\.([0-9]+).*/\1 \2/p' | head -1)
  [ -n "$version" ] || fail "'swift --version' prints no version; reinstall the toolchain from swift.org."
  major=${version% *} minor=${version#* }
  if [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 2 ]; }; then
    fail "Swift $major.$minor is too old; install Swift 6.2 or newer from swift.org."
  fi
}

# install_packages PACKAGE...: installs what is not installed yet.
install_packages() {
  local missing=() package root=()
  command -v dpkg-query >/dev/null 2>&1 ||
    fail "this is not a Debian system (no dpkg-query); install by hand what matches: $*"
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "${install:-yes}" = yes ] || fail "missing packages, and --no-install was given: ${missing[*]}"
  command -v apt-get >/dev/null 2>&1 || fail "apt-get is not here; install by hand: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || fail "not root and no sudo; install by hand: ${missing[*]}"
    root=(sudo env DEBIAN_FRONTEND=noninteractive)
  fi
  printf 'Installing %s\n' "${missing[*]}" >&2
  export DEBIAN_FRONTEND=noninteractive
  "${root[@]}" apt-get update -qq >/dev/null 2>&1 || true
  "${root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
    fail "apt-get could not install ${missing[*]}; is there a network? Install them by hand and try again."
}

# fetch_dependencies: the Swift packages that Package.swift names, at their exact versions.
fetch_dependencies() {
  local log
  log=$(swift package resolve 2>&1) || {
    printf "%s\n" "$log" | grep -i error | head -3 >&2 || true
    fail "the Swift packages of Package.swift could not be fetched; is there a network?"
  }
}

# source_revision: the commit, with + where sources differ from it; nothing where git or its folder is missing.
source_revision() {
  local commit
  commit=$(git rev-parse --short=12 HEAD 2>/dev/null) || return 0
  [ -z "$(git status --porcelain 2>/dev/null)" ] || commit+=+
  printf '%s' "$commit"
}

# build [ARGUMENT...]: a release build; the kernels without optimisation are neither fast nor the ones that run.
build() {
  PLIMSOLL_COMMIT=${PLIMSOLL_COMMIT-$(source_revision)}
  export PLIMSOLL_COMMIT
  swift build -c release "$@" || fail "the build failed; the first error above says where."
}
