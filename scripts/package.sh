#!/usr/bin/env bash
# Packs every crate that is published, and builds and runs a program that uses the packed crates as a stranger would: in a
# folder outside the workspace, with the features `cuda`, `npy` and `serde`, as README says it.
#
#     scripts/package.sh            # leaves the packages in target/package
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$PWD/target}
rm -rf "$target/package"

cargo package --workspace --no-verify --allow-dirty --quiet --exclude benches --exclude xp-py --exclude xp-cuda-sim --exclude xp-reference

outside=$(mktemp -d)
trap 'rm -rf "$outside"' EXIT
mkdir -p "$outside/app/src" "$outside/crates"
for package in "$target"/package/*.crate; do
    tar -xzf "$package" -C "$outside/crates"
    folder=$outside/crates/$(basename "$package" .crate)
    for text in LICENSE-MIT LICENSE-APACHE; do
        [ -s "$folder/$text" ] || { echo "$(basename "$package") holds no $text"; exit 1; }
    done
done

# What `cargo add xp-array --features cuda,npy,serde` writes, and where the crates are as long as no registry has them.
{
    cat <<'TOML'
[package]
name = "app"
version = "0.1.0"
edition = "2024"

[dependencies]
xp-array = { version = "0.1", features = ["cuda", "npy", "serde"] }

[profile.dev]
debug = false
incremental = false

[patch.crates-io]
TOML
    for folder in "$outside"/crates/*; do
        name=$(basename "$folder")
        echo "${name%-[0-9]*} = { path = \"$folder\" }"
    done
} > "$outside/app/Cargo.toml"
cp crates/xp/examples/choose_device.rs "$outside/app/src/main.rs"
cp Cargo.lock "$outside/app/Cargo.lock"

cd "$outside/app"
unset CUDA_LIBRARY_PATH
mkdir -p "$outside/cuda/lib64"
# As README says it, where no CUDA is installed. (Any folder with a folder `lib64` does.)
export CUDA_LIBRARY_PATH=$outside/cuda CARGO_TARGET_DIR=$target/outside
cargo build --quiet
"$target/outside/debug/app"
if "$target/outside/debug/app" cuda 2> "$outside/error"; then
    echo "this machine has a GPU"
else
    grep -q "libcuda.so.1" "$outside/error" || { cat "$outside/error"; exit 1; }
    echo "without a driver, asking for a GPU is an error that says what was tried"
fi
