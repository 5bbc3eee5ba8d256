# Sourced by run and test: finds the toolchain and installs the Debian packages that are missing.
# shellcheck shell=bash

packages=(libhwloc-dev libopenblas-dev libxlsxwriter-dev pkg-config)

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$1" >&2
  exit 1
}

check_swift() {
  command -v swift >/dev/null 2>&1 || fail "Swift is not on the PATH; install Swift 6.2 or newer from swift.org and try again."
  local version
  version=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+)\.([0-9]+).*/\1 \2/p' | head -1)
  local major=${version% *} minor=${version#* }
  [ -n "$version" ] || fail "'swift --version' prints no version; reinstall the toolchain from swift.org."
  if [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 2 ]; }; then
    fail "Swift $major.$minor is too old; install Swift 6.2 or newer from swift.org."
  fi
}

# install_packages PACKAGE...: installs what dpkg does not know as installed.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "${install:-yes}" = no ]; then
    fail "these packages are missing and --no-install was given: ${missing[*]}"
  fi
  command -v apt-get >/dev/null 2>&1 || fail "apt-get is not here; install these packages by hand: ${missing[*]}"
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || fail "not root and no sudo; install these packages by hand: ${missing[*]}"
    root=(sudo)
  fi
  printf 'Installing %s\n' "${missing[*]}" >&2
  export DEBIAN_FRONTEND=noninteractive
  "${root[@]}" apt-get update -qq >/dev/null 2>&1 || true
  "${root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 \
    || fail "apt-get could not install ${missing[*]}; is there a network? Install them by hand and try again."
}
