//! The test suite of all backends in a world of one rank, on arrays that are not sharded.

xp_conformance::backend_suite!(xp_mpi::Mpi::alone(xp_cpu::Cpu));
mod linalg_f64 {
    xp_conformance::linalg_suite!(xp_mpi::Mpi::alone(xp_cpu::Cpu), f64);
}
