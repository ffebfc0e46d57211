#!/usr/bin/env bash
# Compares xp-cuda with NVIDIA's headers, libraries and compilers, without a GPU:
#   1. every FFI signature is that of the header,
#   2. every function is found in the real library,
#   3. every kernel compiles to sm_90 with the real NVRTC of CUDA 13, and one of six with that of CUDA 12 (all: XP_CUDA_EVERY=1);
#      dense loops move 16 bytes at once, and strided loops do not divide.
# With --features F it shares what `cargo test --workspace --features F` has compiled.
# The packages come from PyPI into a virtual environment that is kept: .venv-cuda, or what XP_CUDA_WHEELS names. Ends with
# status 77 where they cannot be had.
set -euo pipefail
cd "$(dirname "$0")/../.."
wheels=$(realpath -m "${XP_CUDA_WHEELS:-.venv-cuda}")
[ -x "$wheels/bin/pip" ] || python3 -m venv "$wheels" || exit 77
"$wheels/bin/pip" install --quiet --no-deps --disable-pip-version-check \
    'nvidia-cuda-runtime==13.0.*' 'nvidia-cuda-nvrtc==13.0.*' 'nvidia-cuda-crt==13.0.*' \
    'nvidia-cublas==13.0.*' 'nvidia-cusolver==12.0.*' 'nvidia-cusparse==12.6.*' 'nvidia-nvjitlink==13.0.*' 'nvidia-cufft==12.0.*' \
    'nvidia-nvtx==13.0.*' 'nvidia-cuda-nvrtc-cu12==12.*' || exit 77
packages=$(echo "$wheels"/lib/python*/site-packages/nvidia)
root=$packages/cu13
cargo build --quiet --workspace "$@" --example signatures --example compile_kernels
examples=${CARGO_TARGET_DIR:-target}/debug/examples
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# Each process works on one core.
compile() { XP_CUDA_PATH=$1 "$examples/compile_kernels" 90 "$2" > "$scratch/$3" 2>&1; }
compile "$root/lib" 0/2 "CUDA 13, even" & even=$!
compile "$root/lib" 1/2 "CUDA 13, odd" & odd=$!
# cuda_fp16.h asks for a header of the C++ library that no signature needs.
mkdir -p "$scratch/nv"
: > "$scratch/nv/target"
compare() { "${CC:-cc}" -fsyntax-only -I"$scratch" -I"$root/include" "$1"; }
"$examples/signatures" > "$scratch/check.c"
compare "$scratch/check.c"
echo "$(grep -c '^SAME(' "$scratch/check.c") signatures match the headers"
# The comparison itself is tried on a wrong signature.
sed 's/^SAME(cusolverDnXgeqrf, \(.*\)int64_t/SAME(cusolverDnXgeqrf, \1int/' "$scratch/check.c" > "$scratch/wrong.c"
if compare "$scratch/wrong.c" 2> /dev/null; then
    echo "a wrong signature was not noticed" >&2
    exit 1
fi
XP_CUDA_PATH=$root/lib "$examples/signatures" load
failed=0
wait "$even" || failed=1
compile "$packages/cuda_nvrtc/lib" "0/${XP_CUDA_EVERY:-6}" "CUDA 12" || failed=1
wait "$odd" || failed=1
for part in "CUDA 13, even" "CUDA 13, odd" "CUDA 12"; do sed "s/^/$part: /" "$scratch/$part"; done
exit "$failed"
