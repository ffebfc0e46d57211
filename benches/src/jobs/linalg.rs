//! Products, decompositions, solutions, distances.

use xp::linalg::{Lower, Thin, cholesky, det, eigh, eigvalsh, inv, pinv, qr, solve, svd, svdvals};
use xp::prelude::*;
use xp::{Linalg, Result};

use super::{Job, job};
use crate::data::{Matrix, Source, Stack};

pub(super) fn jobs<T: Float>() -> Vec<Job>
where
    Cpu: Linalg<T>,
{
    vec![
        job::<T, _, _, _, _>("matmul 2000", pair::<T>, |[a, b]| a.matmul(b)),
        job::<T, _, _, _, _>("matmul a@a.T 2000", normal::<T>([2000, 2000]), |a| a.matmul(&a.t())),
        job::<T, _, _, _, _>("gram X.T@X 100000x300", normal::<T>([100_000, 300]), |x| x.t().matmul(x)),
        job::<T, _, _, _, _>(
            "matmul 100000x16 @ 16x64",
            |from| Ok::<_, xp::Error>([normal::<T>([100_000, 16])(from)?, normal::<T>([16, 64])(from)?]),
            |[a, b]| a.matmul(b),
        ),
        job::<T, _, _, _, _>(
            "matvec 2000",
            |from| Ok::<_, xp::Error>((normal::<T>([2000, 2000])(from)?, from.normal::<T, _>([2000])?)),
            |(a, v)| a.matmul(v),
        ),
        job::<T, _, _, _, _>("svd 1000", normal::<T>([1000, 1000]), |a| svd(a, Thin)),
        job::<T, _, _, _, _>("svd 5000x300 thin", normal::<T>([5000, 300]), |x| svd(x, Thin)),
        job::<T, _, _, _, _>("svdvals 1000", normal::<T>([1000, 1000]), |a| svdvals(a)),
        job::<T, _, _, _, _>("svdvals 5000x300", normal::<T>([5000, 300]), |x| svdvals(x)),
        job::<T, _, _, _, _>("eigh 1000", symmetric::<T>, |a| eigh(a)),
        job::<T, _, _, _, _>("eigvalsh 1000", symmetric::<T>, |a| eigvalsh(a)),
        job::<T, _, _, _, _>("qr 2000x500", normal::<T>([2000, 500]), |x| qr(x, Thin)),
        job::<T, _, _, _, _>("cholesky 2000", definite::<T>, |a| cholesky(a, Lower)),
        job::<T, _, _, _, _>(
            "solve 2000 (vec)",
            |from| Ok::<_, xp::Error>((normal::<T>([2000, 2000])(from)?, from.normal::<T, _>([2000])?)),
            |(a, v)| solve(a, v),
        ),
        job::<T, _, _, _, _>(
            "solve 2000 (100 rhs)",
            |from| Ok::<_, xp::Error>([normal::<T>([2000, 2000])(from)?, normal::<T>([2000, 100])(from)?]),
            |[a, rhs]| solve(a, rhs),
        ),
        job::<T, _, _, _, _>("inv 1000", normal::<T>([1000, 1000]), |a| inv(a)),
        job::<T, _, _, _, _>("det 1000", normal::<T>([1000, 1000]), |a| det(a)),
        job::<T, _, _, _, _>("pinv 1000x300", normal::<T>([1000, 300]), |x| pinv(x, None)),
        job::<T, _, _, _, _>("batched matmul 10000x8x8", stacks::<T>([10_000, 8, 8], [10_000, 8, 8]), |[a, b]| a.matmul(b)),
        job::<T, _, _, _, _>("batched solve 1000x32x32", stacks::<T>([1000, 32, 32], [1000, 32, 1]), |[a, rhs]| solve(a, rhs)),
        job::<T, _, _, _, _>("batched svd 1000x16x16", |from| from.normal::<T, _>([1000, 16, 16]), |a| svd(a, Thin)),
        job::<T, _, _, _, _>("batched eigh 1000x32x32", |from| from.symmetric::<T, _>([1000, 32, 32]), |a| eigh(a)),
        job::<T, _, _, _, _>("euclidean_distances 5000x300", normal::<T>([5000, 300]), |x| distances(x)),
    ]
}

/// Jobs that the peers have for double precision only.
pub(super) fn double() -> Vec<Job> {
    vec![job::<f64, _, _, _, _>("scipy cdist 5000x300", normal::<f64>([5000, 300]), |x| distances(x))]
}

/// The distances between all rows, from the matrix product: one pass over it, in its own memory. The squared norms are
/// its diagonal, so that every row is at distance 0 from itself.
fn distances<T: Float>(x: &Matrix<T>) -> Result<Matrix<T>> {
    let products = x.matmul(&x.t())?;
    let norms = products.diagonal(0)?.copy()?;
    let columns = norms.expand_dims(1)?;
    let squares = products.into_lazy() * T::from_f64(-2.0) + &norms + &columns;
    squares.maximum(T::ZERO).sqrt().try_eval()
}

fn normal<T: Float>(shape: [usize; 2]) -> impl Fn(&mut Source) -> Result<Matrix<T>> + Copy {
    move |from| from.normal(shape)
}

fn pair<T: Float>(from: &mut Source) -> Result<[Matrix<T>; 2]> {
    Ok([from.normal([2000, 2000])?, from.normal([2000, 2000])?])
}

fn stacks<T: Float>(first: [usize; 3], second: [usize; 3]) -> impl Fn(&mut Source) -> Result<[Stack<T>; 2]> {
    move |from| Ok([from.normal(first)?, from.normal(second)?])
}

fn symmetric<T: Float>(from: &mut Source) -> Result<Matrix<T>> {
    from.symmetric([1000, 1000])
}

fn definite<T: Float>(from: &mut Source) -> Result<Matrix<T>> {
    let g: Matrix<T> = from.normal([2000, 2000])?;
    g.matmul(&g.t())?.into_lazy().divide(T::from_usize(2000)).add(&eye::<_, T>(&Cpu, 2000, 2000, 0)?).try_eval()
}
