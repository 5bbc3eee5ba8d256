# Sourced by scripts/bench-peers: puts the peers into a private folder, at exact versions. Nothing is installed into the
# system, and nobody needs to be root. What cannot be had leaves its file missing, and the run says so on its rows.
# shellcheck shell=bash

# PyPI. MKL takes its threads from Intel's OpenMP; ONNX builds the one-node models for its runtime.
pypi=(
  numpy==2.4.6
  scipy-openblas32==0.3.34.481.3
  "mkl==2026.2.0 intel-openmp==2026.2.0 tbb==2023.2.0"
  "onnxruntime==1.32.0 onnx==1.23.2"
)
# The build for CPUs: the one of PyPI itself brings gigabytes of other libraries, and is not asked for.
torch=torch==2.13.0+cpu
# Debian. oneDNN wants an OpenCL loader even where it has no use for one.
debian=(libdnnl2=2.6.3-1 libblis4-openmp=0.9.0-1 ocl-icd-libopencl1 libgomp1)

# install_peers FOLDER: fills it once; a change of this file fills it again.
install_peers() {
  local home=$1 stamp package set
  stamp=$(cksum <"${BASH_SOURCE[0]}")
  [ "$(cat "$home/stamp" 2>/dev/null)" != "$stamp" ] || return 0
  printf 'Installing peers into %s\n' "$home" >&2
  rm -rf "$home"
  mkdir -p "$home/debian" "$home/packages"
  if python3 -m venv "$home/python" >"$home/log" 2>&1; then
    for set in "${pypi[@]}" "--no-deps $torch" "typing_extensions sympy networkx jinja2 fsspec filelock"; do
      # shellcheck disable=SC2086
      "$home/python/bin/python" -m pip install -q --disable-pip-version-check --only-binary :all: $set \
        >>"$home/log" 2>&1 || printf '  not to be had from PyPI: %s\n' "$set" >&2
    done
  else
    printf '  no private Python: python3 with its module venv is needed\n' >&2
  fi
  for package in "${debian[@]}"; do
    (cd "$home/packages" && apt-get download "$package") >>"$home/log" 2>&1 ||
      printf '  not to be had from Debian: %s\n' "$package" >&2
  done
  for package in "$home"/packages/*.deb; do
    [ ! -e "$package" ] || dpkg -x "$package" "$home/debian" >>"$home/log" 2>&1 || true
  done
  printf '%s\n' "$stamp" >"$home/stamp"
}

# attention_program FOLDER NAME: makes the program that measures attention as NAME, and prints its path.
attention_program() {
  mkdir -p "$1/bin"
  printf '#!/bin/sh\nexec "%s" -B "%s" %s\n' "$1/python/bin/python" "$PWD/scripts/peers/attention.py" "$2" \
    >"$1/bin/$2"
  chmod +x "$1/bin/$2"
  printf '%s' "$1/bin/$2"
}
