#!/usr/bin/env bash
# Runs the code that shares work among threads in every order that its threads may take (crates/xp-engine/model): half a minute.
set -euo pipefail
cd "$(dirname "$0")/.."
# Not captured: what the checker finds may end the process.
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/model cargo test --quiet --release --manifest-path crates/xp-engine/model/Cargo.toml -- --nocapture
