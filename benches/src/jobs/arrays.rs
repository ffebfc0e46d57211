//! Elementwise operations, reductions, movement, sorting.

use xp::Result;
use xp::prelude::*;

use super::{Job, job, named};
use crate::data::{Matrix, Source, Vector};

const LEN: usize = 10_000_000;
const SIDE: usize = 4000;

pub(super) fn jobs<T: Float>() -> Vec<Job> {
    let minus_half = T::from_f64(-0.5);
    vec![
        job::<T, _, _, _, _>("standardize 4000x4000", standardize::<T>, |(x, mean, std)| ((x.lazy() - &*mean) / &*std).try_eval()),
        job::<T, _, _, _, _>(
            "standardize 4000x4000 (out= reuse)",
            |from| Ok::<_, xp::Error>((standardize::<T>(from)?, zeros::<_, T, _>(&Cpu, [SIDE, SIDE])?)),
            |((x, mean, std), out)| ((x.lazy() - &*mean) / &*std).eval_into(out),
        ),
        job::<T, _, _, _, _>("gauss exp 1e7", vector::<T>, move |x| (x.lazy().square() * minus_half).exp().try_eval()),
        job::<T, _, _, _, _>("exp 1e7", vector::<T>, |x| Ok::<_, xp::Error>(x.exp())),
        job::<T, _, _, _, _>("axpy+mul chain 1e7", vectors::<T>, |[x, y, z]| ((x.lazy() * T::from_f64(2.5) + &*y) * &*z).try_eval()),
        job::<T, _, _, _, _>("add 1e7", vectors::<T>, |[x, y, _]| Ok::<_, xp::Error>(&*x + &*y)),
        job::<T, _, _, _, _>("sum axis0 4000x4000", matrix::<T>, |x| Ok::<_, xp::Error>(x.sum(0))),
        job::<T, _, _, _, _>("sum axis1 4000x4000", matrix::<T>, |x| Ok::<_, xp::Error>(x.sum(1))),
        job::<T, _, _, _, _>("sum all 4000x4000", matrix::<T>, |x| Ok::<_, xp::Error>(x.sum(..))),
        job::<T, _, _, _, _>("var axis0 4000x4000", matrix::<T>, |x| Ok::<_, xp::Error>(x.var(0, 0.0))),
        job::<T, _, _, _, _>("var all 4000x4000", matrix::<T>, |x| Ok::<_, xp::Error>(x.var(.., 0.0))),
        job::<T, _, _, _, _>("transpose copy 4000x4000", matrix::<T>, |x| x.t().contiguous()),
        job::<T, _, _, _, _>(
            "concat 2x 4000x4000 axis0",
            |from| Ok::<_, xp::Error>([matrix::<T>(from)?, matrix::<T>(from)?]),
            |[x, y]| concat(&[x, y], 0),
        ),
        job::<T, _, _, _, _>("where 1e7", vectors::<T>, |[x, y, z]| x.lazy().greater(T::ZERO).where_(&*y, &*z).try_eval()),
        job::<T, _, _, _, _>("mask select 1e7 (v[v>0])", vector::<T>, |x| x.select(&x.greater(T::ZERO))),
        job::<T, _, _, _, _>(
            "take 1e6 random of 1e7",
            |from| Ok::<_, xp::Error>((vector::<T>(from)?, from.integers(LEN / 10, LEN)?)),
            |(x, i)| x.take(i, 0),
        ),
        job::<T, _, _, _, _>("sort 1e7", vector::<T>, |x| x.sort(0, Ascending)),
        job::<T, _, _, _, _>("argsort 1e7", vector::<T>, |x| x.argsort(0, Ascending)),
        job::<T, _, _, _, _>("unique 1e7", vector::<T>, |x| unique_values(x)),
        job::<T, _, _, _, _>("cumsum 1e7", vector::<T>, |x| x.cumulative_sum(0)),
    ]
}

pub(super) fn integers() -> Vec<Job> {
    vec![named("i64", "unique 1e7 of 1000 integers", |from| from.integers(LEN, 1000), |x| unique_values(x))]
}

fn vector<T: Float>(from: &mut Source) -> Result<Vector<T>> {
    from.normal([LEN])
}

fn vectors<T: Float>(from: &mut Source) -> Result<[Vector<T>; 3]> {
    Ok([vector(from)?, vector(from)?, vector(from)?])
}

fn matrix<T: Float>(from: &mut Source) -> Result<Matrix<T>> {
    from.normal([SIDE, SIDE])
}

fn standardize<T: Float>(from: &mut Source) -> Result<(Matrix<T>, Vector<T>, Vector<T>)> {
    Ok((matrix(from)?, from.normal([SIDE])?, from.uniform([SIDE], 0.5, 2.0)?))
}
