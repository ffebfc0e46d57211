//! Linear algebra: residuals and orthogonality of decompositions, products of lazy matrices, golden values, failures.

mod decompositions;
pub(crate) mod golden;
pub(crate) mod host;
mod huge;
mod products;
mod ranked;
mod scales;
mod solving;
mod stacks;

pub use decompositions::{cholesky, eig, eigh, qr, svd, svd_ill_conditioned, svd_larger, svd_scaled};
pub use golden::golden;
pub use huge::without_elements;
pub use products::{lazy_products, lazy_products_of_stretched_rows, norms, tall_r};
pub use ranked::ranked_products;
pub use scales::{
    cholesky_at_scales, eig_at_scales, eigh_at_scales, lstsq_at_scales, lu_at_scales, pinv_at_scales, qr_at_scales, solve_at_scales, svd_at_scales,
};
pub use solving::{failures, inverse_and_determinant, lstsq, pinv_and_rank, solve, solve_into, stacks, triangular};
pub use stacks::{first_failure, square_stacks_of_many, stacks_of_many};

/// Shapes of all kinds: empty, tiny, square, tall, wide, larger than the blocks of libraries.
const SHAPES: [[usize; 2]; 13] = [[0, 0], [0, 3], [3, 0], [1, 1], [1, 5], [5, 1], [2, 2], [4, 4], [7, 3], [3, 7], [20, 20], [70, 12], [12, 70]];
/// Orders of square matrices.
const ORDERS: [usize; 7] = [0, 1, 2, 3, 7, 20, 50];
