//! Gauss's elimination: Cholesky's and LU factors, triangular systems.
//!
//! Blocks go through a kernel each, with a group of threads for a matrix of the stack; larger matrices are cut in two. The first part is
//! factored, then what the product of its factors leaves of the second (Toledo, "Locality of reference in LU decomposition with
//! partial pivoting", 1997), so that most of the work is products of matrices. Failures are noted on the device, and read once.

use xp_core::functions::{concat, where_};
use xp_core::linalg::{LinalgError, Trans, Triangle, Triangular, adjoint};
use xp_core::{Array, Element, Floating, Result};

use super::{Binding, Matrices, count, cut, dense, identity, joined, new, own, part, run, sides, source, stack_of, values, words};
use crate::kernel::{Access, THREADS};
use crate::queue::Arguments;

/// The largest order of triangular matrices that a kernel takes.
const BLOCK: usize = 64;
/// The most columns of tall matrices that the elimination takes at once.
const COLUMNS: usize = 32;
/// Columns of right sides that a group of threads takes.
const RIGHT_SIDES: usize = 64;

/// The first failure of two parts of elimination, of which the second begins `before` steps later; 0 where there is none.
fn first_failure(first: &Matrices<u32>, second: &Matrices<u32>, before: usize) -> Result<Matrices<u32>> {
    let failed = |x: &Matrices<u32>| x.lazy().greater(0u32).try_eval();
    let later = where_(&failed(second)?, &(second.lazy() + before as u32).try_eval()?, 0u32);
    Ok(where_(&failed(first)?, first, &later))
}

pub(super) fn cholesky<T: Floating>(x: &Matrices<T>, factor: Triangle) -> Result<Matrices<T>> {
    let (lower, status) = lower_factor(x)?;
    if let Some((matrix, &order)) = values(&dense(&status)?)?.iter().enumerate().find(|(_, s)| **s > 0) {
        return Err(LinalgError::NotPositiveDefinite { matrix: Some(matrix), order: order as usize }.into());
    }
    if factor == Triangle::Lower { Ok(lower) } else { adjoint(&lower) }
}

/// The lower factor, of matrices whose lower triangle is read, and for each the order of the first minor that is not positive, or 0.
fn lower_factor<T: Floating>(x: &Matrices<T>) -> Result<(Matrices<T>, Matrices<u32>)> {
    let n = sides(x)[0];
    if n <= BLOCK {
        let (a, status) = (own(&x.tril(0)?)?, new::<u32>(x.device(), stack_of(x), &[1])?);
        let bindings: [Binding<'_>; 2] = [("a", Access::Write, true, words(&a)), ("status", Access::Write, false, words(&status))];
        run(x.device(), "cholesky", T::DTYPE, count(x), [n, (n * n + n) / THREADS + 3], &[n], &bindings)?;
        return Ok((a, status));
    }
    let h = cut(n, BLOCK);
    let (first, status) = lower_factor(&part(x, 0..h, 0..h)?)?;
    let solve = Triangular { triangle: Triangle::Lower, unit: false, op: Trans::No };
    let below = adjoint(&substituted(&first, &adjoint(&part(x, h..n, 0..h)?)?, solve)?)?;
    let rest = (part(x, h..n, h..n)?.lazy() - &below.matmul(&adjoint(&below)?)?).try_eval()?;
    let (second, later) = lower_factor(&rest)?;
    let above = xp_core::functions::zeros(x.device(), [stack_of(x), &[h, n - h]].concat())?;
    Ok((joined([[&first, &above], [&below, &second]])?, first_failure(&status, &later, h)?))
}

/// LU factors.
struct Factors<T: Element> {
    lu: Matrices<T>,
    /// The order of the rows.
    order: Matrices<u32>,
    /// For each matrix the first pivot that is zero, counted from 1, and the number of exchanges.
    status: Matrices<u32>,
}

impl<T: Floating> Factors<T> {
    fn new(x: &Matrices<T>) -> Result<Self> {
        let (device, [m, n]) = (x.device(), sides(x));
        if m <= BLOCK || n <= COLUMNS {
            let (lu, order, status) = (own(x)?, new(device, stack_of(x), &[m])?, new(device, stack_of(x), &[2])?);
            let bindings: [Binding<'_>; 3] = [
                ("a", Access::Write, true, words(&lu)),
                ("order", Access::Write, false, words(&order)),
                ("status", Access::Write, false, words(&status)),
            ];
            run(device, "lu", T::DTYPE, count(x), [m.min(n), (m * n + n + 2 * m) / THREADS + 16], &[m, n], &bindings)?;
            return Ok(Factors { lu, order, status });
        }
        let h = cut(m.min(n), COLUMNS);
        let first = Factors::new(&part(x, 0..m, 0..h)?)?;
        let right = permuted(&part(x, 0..m, h..n)?, &first.order)?;
        let lower = Triangular { triangle: Triangle::Lower, unit: true, op: Trans::No };
        let upper = substituted(&part(&first.lu, 0..h, 0..h)?, &part(&right, 0..h, 0..n - h)?, lower)?;
        let below = part(&first.lu, h..m, 0..h)?;
        let second = Factors::new(&(part(&right, h..m, 0..n - h)?.lazy() - &below.matmul(&upper)?).try_eval()?)?;
        let lu = joined([[&part(&first.lu, 0..h, 0..h)?, &upper], [&permuted(&below, &second.order)?, &second.lu]])?;
        let late = permuted(&first.order.slice_axis(-1, h..)?.expand_dims(-1)?.into_dyn(), &second.order)?.squeeze(-1)?.into_dyn();
        let order = concat(&[&first.order.slice_axis(-1, ..h)?, &late], -1)?;
        let [pivots, exchanges] = [0, 1].map(|k| [&first.status, &second.status].map(|s| s.slice_axis(-1, k..k + 1)));
        let ([a, b], [c, d]) = (pivots, exchanges);
        let status = concat(&[&first_failure(&a?, &b?, h)?, &(c?.lazy() + &d?).try_eval()?], -1)?;
        Ok(Factors { lu, order, status })
    }

    fn status(&self) -> Result<Vec<[u32; 2]>> {
        Ok(values(&dense(&self.status)?)?.as_chunks::<2>().0.to_vec())
    }
}

/// The rows of matrices in another order.
pub(super) fn permuted<T: Element>(x: &Matrices<T>, order: &Matrices<u32>) -> Result<Matrices<T>> {
    let (device, [n, p]) = (x.device(), sides(x));
    let (x, order, out) = (dense(x)?, dense(order)?, new(device, stack_of(x), &[n, p])?);
    if x.size() > 0 {
        let bindings: [Binding<'_>; 3] =
            [("a", Access::Read, true, words(&x)), ("b", Access::Write, true, words(&out)), ("order", Access::Read, false, words(&order))];
        let kernel = device.device.named(&format!("rows of {}", T::DTYPE), || source("rows", T::DTYPE, &bindings))?;
        let mut arguments = Arguments::default();
        arguments.push(x.size()).push(n).push(p);
        device.device.launch(&kernel, x.size().div_ceil(THREADS), &arguments, &bindings.map(|b| b.3))?;
    }
    Ok(out)
}

/// Solutions of `op(a) x = b`.
pub(super) fn substituted<T: Floating>(a: &Matrices<T>, b: &Matrices<T>, form: Triangular) -> Result<Matrices<T>> {
    let [n, p] = sides(b);
    let forward = (form.triangle == Triangle::Lower) == (form.op == Trans::No);
    if n <= BLOCK || b.size() == 0 {
        let (a, x) = (dense(a)?, own(b)?);
        let op = match form.op {
            Trans::No => 0,
            Trans::Transpose => 1,
            Trans::Adjoint => 2,
        };
        let chunks = p.div_ceil(RIGHT_SIDES);
        let bindings: [Binding<'_>; 2] = [("a", Access::Read, true, words(&a)), ("b", Access::Write, true, words(&x))];
        let arguments = [n, p, usize::from(forward), usize::from(form.unit), op, chunks, RIGHT_SIDES];
        if x.size() > 0 {
            run(b.device(), "substitute", T::DTYPE, count(b) * chunks, [n, n * RIGHT_SIDES / THREADS + 3], &arguments, &bindings)?;
        }
        return Ok(x);
    }
    let h = cut(n, BLOCK);
    let (early, late) = if forward { (0..h, h..n) } else { (h..n, 0..h) };
    let x = substituted(&part(a, early.clone(), early.clone())?, &part(b, early.clone(), 0..p)?, form)?;
    let beside = match form.op {
        Trans::No => part(a, late.clone(), early)?,
        Trans::Transpose => part(a, early, late.clone())?.matrix_transpose()?,
        Trans::Adjoint => adjoint(&part(a, early, late.clone())?)?,
    };
    let rest = (part(b, late.clone(), 0..p)?.lazy() - &beside.matmul(&x)?).try_eval()?;
    let y = substituted(&part(a, late.clone(), late)?, &rest, form)?;
    concat(&if forward { [&x, &y] } else { [&y, &x] }, -2)
}

pub(super) fn solve<T: Floating>(a: &Matrices<T>, b: &Matrices<T>) -> Result<Matrices<T>> {
    let factors = Factors::new(a)?;
    if let Some((matrix, status)) = factors.status()?.iter().enumerate().find(|(_, s)| s[0] > 0) {
        return Err(LinalgError::Singular { matrix: Some(matrix), pivot: status[0] as usize - 1 }.into());
    }
    let y = substituted(&factors.lu, &permuted(b, &factors.order)?, Triangular { triangle: Triangle::Lower, unit: true, op: Trans::No })?;
    substituted(&factors.lu, &y, Triangular { triangle: Triangle::Upper, unit: false, op: Trans::No })
}

pub(super) fn solve_triangular<T: Floating>(a: &Matrices<T>, b: &Matrices<T>, form: Triangular) -> Result<Matrices<T>> {
    let n = sides(a)[0];
    if !form.unit && n > 0 {
        let zero = a.diagonal(0)?.into_dyn().lazy().equal(T::ZERO).try_eval()?.to_vec();
        if let Some(place) = zero.iter().position(|&zero| zero) {
            return Err(LinalgError::Singular { matrix: Some(place / n), pivot: place % n }.into());
        }
    }
    substituted(a, b, form)
}

/// The order of the rows, the unit lower and the upper trapezoidal factor.
pub(super) fn lu<T: Floating>(x: &Matrices<T>) -> Result<(Matrices<i64>, Matrices<T>, Matrices<T>)> {
    let ([m, n], factors) = (sides(x), Factors::new(x)?);
    let k = m.min(n);
    let lower = part(&factors.lu, 0..m, 0..k)?.tril(-1)?;
    let lower = (lower.lazy() + &identity::<T>(x.device(), stack_of(x), m, k)?).try_eval()?;
    Ok((factors.order.astype::<i64>(), lower, part(&factors.lu, 0..k, 0..n)?.triu(0)?))
}

pub(super) fn slogdet<T: Floating>(x: &Matrices<T>) -> Result<(Matrices<T>, Matrices<T::Real>)> {
    let factors = Factors::new(x)?;
    let diagonal = factors.lu.diagonal(0)?.into_dyn();
    let signs = factors.status()?.iter().map(|s| if s[1] % 2 == 1 { T::ZERO - T::ONE } else { T::ONE }).collect();
    let signs = Array::from_vec(x.device(), signs, stack_of(x).to_vec())?.into_dyn();
    let product = diagonal.lazy().sign().prod(-1).try_eval()?.lazy().astype::<T>().try_eval()?.into_dyn();
    let logs = diagonal.lazy().abs().astype::<T::Real>().log().sum(-1).try_eval()?.lazy().astype::<T::Real>().try_eval()?.into_dyn();
    Ok(((product.lazy() * &signs).try_eval()?.into_dyn(), logs))
}
