#!/bin/sh
# Compares xp-cuda with NVIDIA's headers, libraries and compiler, without a GPU:
#   1. every FFI signature is that of the header,
#   2. every function is found in the real library,
#   3. every kernel compiles to sm_90 with the real NVRTC.
# The packages come from PyPI into a virtual environment: XP_CUDA_WHEELS names one to keep, else a temporary one is used.
set -eu
cd "$(dirname "$0")/../.."
temporary=
if [ -z "${XP_CUDA_WHEELS:-}" ]; then
    temporary=$(mktemp -d)
    XP_CUDA_WHEELS=$temporary/venv
fi
if ! [ -x "$XP_CUDA_WHEELS/bin/pip" ]; then
    python3 -m venv "$XP_CUDA_WHEELS"
fi
"$XP_CUDA_WHEELS/bin/pip" install --quiet --no-deps --disable-pip-version-check \
    'nvidia-cuda-runtime==13.0.*' 'nvidia-cuda-nvrtc==13.0.*' 'nvidia-cuda-crt==13.0.*' \
    'nvidia-cublas==13.0.*' 'nvidia-cusolver==12.0.*' 'nvidia-cusparse==12.6.*' 'nvidia-nvjitlink==13.0.*' 'nvidia-cufft==12.0.*'
root=$(echo "$XP_CUDA_WHEELS"/lib/python*/site-packages/nvidia/cu13)
cargo build --quiet --release -p xp-cuda --example signatures --example compile_kernels
target=${CARGO_TARGET_DIR:-target}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch" ${temporary:+"$temporary"}' EXIT
# cuda_fp16.h asks for a header of the C++ library that no signature needs.
mkdir -p "$scratch/nv"
: > "$scratch/nv/target"
compare() { "${CC:-cc}" -fsyntax-only -I"$scratch" -I"$root/include" "$1"; }
"$target/release/examples/signatures" > "$scratch/check.c"
compare "$scratch/check.c"
echo "$(grep -c '^SAME(' "$scratch/check.c") signatures match the headers"
# The comparison itself is tried on a wrong signature.
sed 's/^SAME(cusolverDnXgeqrf, \(.*\)int64_t/SAME(cusolverDnXgeqrf, \1int/' "$scratch/check.c" > "$scratch/wrong.c"
if compare "$scratch/wrong.c" 2> /dev/null; then
    echo "a wrong signature was not noticed" >&2
    exit 1
fi
XP_CUDA_PATH=$root/lib "$target/release/examples/signatures" load
XP_CUDA_PATH=$root/lib "$target/release/examples/compile_kernels" 90
