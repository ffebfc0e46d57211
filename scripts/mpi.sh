#!/usr/bin/env bash
# Runs the tests of xp-mpi that start processes, on Open MPI and on MPICH (by the interface of MPI 5): the binaries of
# `cargo test --workspace`, which are built already. With --features F, those of `cargo test --workspace --features F`.
# Installs what is missing: `openmpi-bin` by apt, where there is apt and the right to, and PyPI's `mpich` in .venv-mpi. Exits 77
# when there is neither.
set -euo pipefail
cd "$(dirname "$0")/.."
options=("$@")

if ! command -v mpirun > /dev/null && command -v apt-get > /dev/null && [ "$(id -u)" = 0 ]; then
    { apt-get update --quiet && apt-get install --yes --quiet openmpi-bin; } > /dev/null 2>&1 || true
fi
if [ ! -x .venv-mpi/bin/mpiexec ]; then
    { python3 -m venv .venv-mpi && .venv-mpi/bin/pip install --quiet mpich; } > /dev/null 2>&1 || true
fi

run() { cargo test --quiet --workspace "${options[@]}" --test ranks -- --nocapture; }
ran=0
if command -v mpirun > /dev/null; then
    echo "mpirun: $(mpirun --version 2>&1 | head -1)"
    run
    ran=1
fi
if [ -x .venv-mpi/bin/mpiexec ]; then
    echo "mpiexec of PyPI's mpich"
    XP_MPIRUN=$PWD/.venv-mpi/bin/mpiexec XP_MPI_LIBRARY=$PWD/.venv-mpi/lib/libmpi_abi.so.1 run
    ran=1
fi
[ $ran = 1 ] || { echo "neither Open MPI nor MPICH: apt-get install openmpi-bin, or pip install mpich" >&2; exit 77; }
