//! The MPI backend of xp: arrays whose rows are spread over the ranks of a cluster.
//!
//! All ranks run one program (SPMD) on arrays of [`Mpi<B>`], whose shapes are those of the whole. An array is the same on all
//! ranks, or *sharded*, as a rule along its first axis, and functions and estimators that are generic over the backend run on either
//! from their existing source: what goes over rows is done by each rank on its own and joined.
//!
//! ```
//! use xp_core::{Ix1, Ix2, Result};
//! use xp_cpu::Cpu;
//! use xp_models::linear_model::Ridge;
//! // With MPI: `Session::<Cpu>::start()?.run(|device| ...)`, started by `mpirun -n 4`.
//! let coefficients = xp_mpi::simulate(3, &Cpu, |device| {
//!     let x = device.from_rows::<f64, Ix2>([1000, 2], |rows| rows.flat_map(|i| [(i % 10) as f64, (i % 7) as f64]).collect())?;
//!     let y = (x.lazy() * 2.0).sum(1).eval();
//!     Ok::<_, xp_models::Error>(Ridge::params().alpha(0.0).fit(&x, &y)?.coef().to_host()?)
//! })?;
//! for coefficients in coefficients {
//!     assert!(coefficients?.iter().all(|c| (c - 2.0).abs() < 1e-10));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Equal bits for any number of ranks
//!
//! Rows are cut into [parts](Layout), whose number depends on the number of rows alone. A sum is that of the sums of parts,
//! along a binary tree over the parts; each rank joins the subtrees that it has, and sends those. So results are the same bits
//! for any number of ranks, and differ from those of the inner backend by rounding, since its blocks are others.
//!
//! # What is done where
//!
//! | | replicated operands | sharded operands |
//! |---|---|---|
//! | elementwise | each rank, all | each rank, its rows; a single row of another array comes from its owner |
//! | reductions | each rank, all | kept rows: where they are; over rows: parts and the tree, positions and variances too |
//! | cumulative sums and products | each rank | along rows: parts, each of which begins where the one before it ends |
//! | `sort`, `argsort` | each rank | along rows: a vector by regular sampling, columns by an exchange |
//! | `top_k`, `unique` | each rank | the best, or the distinct ones, of each rank are merged on all |
//! | `take` | each rank | few rows to all ranks; many, by sharded indices, from their owners |
//! | masks | each rank | rows stay where they are; [`Mpi::reshard`] evens them out |
//! | `put`, `put_add` | each rank | into few rows: sums by the tree; into sharded rows: to their owners |
//! | `matmul` | each rank | rows times a matrix; a matrix times columns; sums over rows by the tree; stacks |
//! | `gram`, `cross`, `project`, `tall_r` | each rank | parts by the inner backend's own kernels, and the tree |
//! | `matmul_top_k` | each rank | its rows, by the inner backend; nothing is sent |
//! | thin `qr` and `svd` | each rank, the same bits | factors of the parts, up the tree and back |
//! | decompositions | each rank, the same bits | stacks, by the ranks that have their matrices |
//! | transforms | each rank | along rows: an exchange of columns, and back |
//!
//! Arrays computed from sharded rows that lie along a later axis, such as the scores `w @ x.t()` of the rows of `x`, are sharded along
//! that axis. [`Backend::fold_rows`](xp_core::Backend::fold_rows) is a pass over rows, part by part where they are, with one exchange for
//! all that it gives; estimators sum over samples by it.
//!
//! Sorting and selecting across ranks, and the merging of distinct elements, go over the host of each rank. What would need an
//! array to be moved that nobody asked to be moved is an [`Error::Sharded`](xp_core::Error::Sharded), which names the operation
//! and the remedy: [`gather`](Mpi::gather), [`shard`](Mpi::shard), [`reshard`](Mpi::reshard), [`replicate`](Mpi::replicate).
//!
//! # Faults
//!
//! Every collective carries its operation, its number, shapes and status. An error on one rank is an error on all; ranks that do
//! different things are told so, with both operations; a rank that is silent for longer than `XP_MPI_DEADLINE` seconds (600)
//! is an error that names it.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(unix))]
compile_error!("xp-mpi opens MPI as libraries of Unix are opened: it is for Linux and other Unix systems");

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod backend;
mod data;
mod fft;
mod fold;
mod gathering;
mod lanes;
mod layout;
mod library;
mod linalg;
mod memory;
#[cfg(feature = "npy")]
pub mod npy;
mod operands;
mod parts;
mod products;
mod reduce;
mod session;
mod sorting;
mod tall_qr;
mod transport;
mod tree;
mod world;

pub use backend::Mpi;
pub use layout::Layout;
pub use memory::MpiBuffer;
pub use session::{Place, Session, simulate, simulate_at};
pub use world::Traffic;
