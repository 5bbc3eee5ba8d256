# Sourced by scripts/bench-estimators: puts the estimators into a private Python, at exact versions. Nothing is
# installed into the system, and nobody needs to be root.
# shellcheck shell=bash

# install_estimators FOLDER: fills it once; a change of the list of packages fills it again. About 1.3 GB.
install_estimators() {
  local home=$1 stamp list=scripts/estimators/requirements.txt
  stamp=$(cksum <"$list")
  [ "$(cat "$home/stamp" 2>/dev/null)" != "$stamp" ] || return 0
  printf 'Installing estimators into %s\n' "$home" >&2
  rm -rf "$home/python" "$home/stamp"
  mkdir -p "$home"
  python3 -m venv "$home/python" >"$home/log" 2>&1 ||
    fail "no private Python could be made; install python3 with its module venv and try again."
  "$home/python/bin/python" -m pip install -q --disable-pip-version-check -r "$list" >>"$home/log" 2>&1 ||
    fail "the estimators could not be had from PyPI; is there a network? The end of .build/estimators/log says what."
  printf '%s\n' "$stamp" >"$home/stamp"
}
