//! Rotations after Jacobi: singular values come by one-sided ones; eigenvalues of Hermitian matrices are singular values of the matrix plus a
//! multiple of the identity that makes it positive definite, which keeps errors to a few units of the largest eigenvalue.
//!
//! Columns go in blocks. A group of threads takes two of them: it diagonalises the product of their columns with themselves, in memory that
//! the group shares, and products of matrices turn the columns by what that took. A small matrix is one pair of blocks, of which a launch
//! takes a whole stack. Tall matrices are rotated by their factor R.

use xp_core::functions::{Descending, concat, where_};
use xp_core::linalg::{Basis, Full, LinalgError, adjoint};
use xp_core::{Floating, KeepDims, Num, Result};

use super::elimination::permuted;
use super::{Binding, ITERATIONS, Matrices, check_finite, count, identity, new, own, part, reflections, sides, source, stack_of, values, words};
use crate::kernel::Access;
use crate::queue::Arguments;

/// The most columns of matrices that are not replaced by their factor R, however many rows they have.
const SMALL: usize = 64;
/// Rows that a group of threads turns.
const ROWS: usize = 64;
/// Sweeps through all pairs of blocks, at most.
const SWEEPS: usize = 60;
/// Sweeps within a pair of blocks: until nothing turns where it is the whole matrix, and few where the other blocks change it again.
const INNER_SWEEPS: [usize; 2] = [10, 2];

/// Vectors that are orthogonal, and what they are made by.
struct Rotated<T: Floating> {
    /// The columns of `x v` as rows, longest first.
    vectors: Matrices<T>,
    /// Their lengths.
    lengths: Matrices<T::Real>,
    /// The columns of `v` as rows.
    turns: Matrices<T>,
}

/// One-sided Jacobi of matrices with at least as many rows as columns, of numbers of about 1.
fn rotated<T: Floating>(x: &Matrices<T>) -> Result<Rotated<T>> {
    let (device, [m, n], k) = (x.device(), sides(x), count(x));
    let stack = stack_of(x);
    let w = own(&x.matrix_transpose()?)?;
    let v = own(&identity(device, stack, n, n)?)?;
    let status = new::<u32>(device, stack, &[1])?;
    let half = super::half(T::DTYPE);
    let blocks = n.div_ceil(half).next_multiple_of(2);
    let (pairs, rounds, alone) = (blocks / 2, blocks - 1, blocks == 2);
    let side = if alone { n } else { 2 * half };
    let (q, turned) = (new::<T>(device, stack, &[pairs, side, side])?, new::<u32>(device, stack, &[pairs])?);
    let inner = INNER_SWEEPS[usize::from(!alone)];
    // Products of the columns, 16 rows at a time, and rounds of rotations within the pair.
    let cost = 20 * m.div_ceil(16) + inner * 2 * half * (2 * half / 4 + 3);
    if cost > ITERATIONS {
        let why = format!("matrices of {m} x {n} need {cost} iterations of a thread in a round, of {ITERATIONS} that drivers allow");
        return Err(device.device.fail("svd", why));
    }
    let find: [Binding<'_>; 4] = [
        ("a", Access::Read, true, words(&w)),
        ("q", Access::Write, true, words(&q)),
        ("turned", Access::Write, false, words(&turned)),
        ("status", Access::Write, false, words(&status)),
    ];
    let apply: [Binding<'_>; 4] = [
        ("a", Access::Write, true, words(&w)),
        ("v", Access::Write, true, words(&v)),
        ("q", Access::Read, true, words(&q)),
        ("turned", Access::Read, false, words(&turned)),
    ];
    let named = |name: &str, bindings: &[Binding<'_>]| device.device.named(&format!("{name} of {}", T::DTYPE), || source(name, T::DTYPE, bindings));
    let (finder, turner) = (named("blocks jacobi", &find)?, named("panels jacobi", &apply)?);
    let pieces = [m, n].map(|rows| rows.div_ceil(ROWS));
    let mut going = n > 1;
    for _ in 0..SWEEPS {
        if !going {
            break;
        }
        device.device.write(&vec![0; 4 * k], words(&status));
        for round in 0..rounds {
            let mut arguments = Arguments::default();
            arguments.push(k).push(round).push(rounds).push(m).push(n).push(blocks).push(inner).push(side).push(pieces[0]).push(pieces[1]);
            device.device.launch(&finder, k.saturating_mul(pairs), &arguments, &find.map(|b| b.3))?;
            device.device.launch(&turner, k.saturating_mul(pairs * (pieces[0] + pieces[1])), &arguments, &apply.map(|b| b.3))?;
        }
        going = values(&status)?.iter().any(|&s| s > 0);
    }
    if going {
        let matrix = values(&status)?.iter().position(|&s| s > 0);
        return Err(LinalgError::NoConvergence { matrix }.into());
    }
    let lengths = w.lazy().abs_square().sum(-1).try_eval()?.lazy().sqrt().try_eval()?.lazy().astype::<T::Real>().try_eval()?.into_dyn();
    // The rotations leave the longest first, up to the rounding of another order of the sum.
    let order = lengths.argsort(-1, Descending)?.astype::<u32>();
    Ok(Rotated { vectors: permuted(&w, &order)?, lengths: lengths.sort(-1, Descending)?, turns: permuted(&v, &order)? })
}

/// Singular values and vectors of matrices with at least as many rows as columns.
fn tall_svd<T: Floating>(x: &Matrices<T>, basis: Basis) -> Result<(Matrices<T>, Matrices<T::Real>, Matrices<T>)> {
    let (device, [m, n], k) = (x.device(), sides(x), count(x));
    let stack = stack_of(x).to_vec();
    let columns = if basis == Full { m } else { n };
    if n == 0 || k == 0 {
        return Ok((own(&identity(device, &stack, m, columns)?)?, new(device, &stack, &[n])?, own(&identity(device, &stack, n, n)?)?));
    }
    // Numbers of about 1, whose squares neither overflow nor vanish.
    let largest = x.lazy().abs().max(KeepDims([-2, -1])).try_eval()?.lazy().astype::<T::Real>().try_eval()?.into_dyn();
    let is_zero = largest.lazy().equal(T::Real::ZERO).try_eval()?;
    let scale = (largest.lazy() + is_zero.lazy().astype::<T::Real>()).try_eval()?.into_dyn();
    let scaled = own(&(x.lazy() / scale.lazy().astype::<T>()).try_eval()?.into_dyn())?;
    let (u, s, vh) = if m > SMALL && m > n + n / 4 {
        let (q, r) = reflections::qr(&scaled, basis)?;
        let (u, s, vh) = rotated_svd(&own(&r.slice_axis(-2, ..n)?)?, n)?;
        let turned = q.slice_axis(-1, ..n)?.matmul(&u)?;
        (if columns == n { turned } else { concat(&[&turned, &q.slice_axis(-1, n..)?], -1)? }, s, vh)
    } else {
        rotated_svd(&scaled, columns)?
    };
    Ok((u, (s.lazy() * scale.squeeze(-1)?.into_dyn().lazy()).try_eval()?.into_dyn(), vh))
}

/// Singular values and vectors, `columns` left ones, of matrices with at least as many rows as columns, of numbers of about 1, which nobody
/// else has.
fn rotated_svd<T: Floating>(x: &Matrices<T>, columns: usize) -> Result<(Matrices<T>, Matrices<T::Real>, Matrices<T>)> {
    let [_, n] = sides(x);
    let Rotated { vectors, lengths, turns } = rotated(x)?;
    // What has no length has no direction: those vectors are made.
    let given = lengths.lazy().greater(T::Real::from_f64(1.1e-15)).try_eval()?;
    let safe = where_(&given, &lengths, T::Real::ONE);
    let u = (vectors.lazy() / safe.expand_dims(-1)?.into_dyn().lazy().astype::<T>()).try_eval()?.matrix_transpose()?;
    let u = if columns > n || !given.to_vec().into_iter().all(|g| g) { completed(&u, &given, columns)? } else { u };
    Ok((u, lengths, turns.lazy().conj().try_eval()?))
}

/// Orthonormal columns, as many as are wanted, of which the first ones are given. The factor Q of those, with zeros for the others, has
/// them up to signs, and others orthogonal to them.
fn completed<T: Floating>(u: &Matrices<T>, given: &Matrices<bool>, columns: usize) -> Result<Matrices<T>> {
    let [m, n] = sides(u);
    let mask = given.expand_dims(-2)?.into_dyn();
    let known = where_(&mask, u, T::ZERO);
    let q = reflections::q(&known, columns)?;
    let first = where_(&mask, u, &part(&q, 0..m, 0..n)?);
    if columns == n { Ok(first) } else { concat(&[&first, &part(&q, 0..m, n..columns)?], -1) }
}

pub(super) fn svd<T: Floating>(x: &Matrices<T>, basis: Basis) -> Result<(Matrices<T>, Matrices<T::Real>, Matrices<T>)> {
    check_finite(x)?;
    let [m, n] = sides(x);
    if m < n {
        let (u, s, vh) = tall_svd(&adjoint(x)?, basis)?;
        return Ok((adjoint(&vh)?, s, adjoint(&u)?));
    }
    tall_svd(x, basis)
}

pub(super) fn eigh<T: Floating>(x: &Matrices<T>) -> Result<(Matrices<T::Real>, Matrices<T>)> {
    let (device, n) = (x.device(), sides(x)[0]);
    let stack = stack_of(x).to_vec();
    // The lower triangle and its mirror image, with a real diagonal.
    let lower = x.tril(-1)?;
    let diagonal = (x.tril(0)?.lazy() - &lower).try_eval()?;
    let diagonal = ((diagonal.lazy() + adjoint(&diagonal)?.lazy()) * T::from_f64(0.5)).try_eval()?;
    let whole = (lower.lazy() + adjoint(&lower)?.lazy() + &diagonal).try_eval()?.into_dyn();
    check_finite(&whole)?;
    if n == 0 || whole.size() == 0 {
        return Ok((new(device, &stack, &[n])?, own(&whole)?));
    }
    // No eigenvalue is below minus the largest sum of a row.
    let bound = whole.lazy().abs().sum(-1).try_eval()?.lazy().astype::<T::Real>().try_eval()?.into_dyn();
    let bound = bound.lazy().max(KeepDims(-1)).try_eval()?.into_dyn();
    let is_zero = bound.lazy().equal(T::Real::ZERO).try_eval()?;
    let scale = (bound.lazy() + is_zero.lazy().astype::<T::Real>()).try_eval()?.into_dyn();
    let wide = scale.expand_dims(-1)?.into_dyn();
    let shifted = ((whole.lazy() / wide.lazy().astype::<T>()) + identity::<T>(device, &stack, n, n)?.lazy()).try_eval()?.into_dyn();
    let Rotated { lengths, turns, .. } = rotated(&own(&shifted)?)?;
    // Longest first: the largest eigenvalue.
    let values = ((lengths.lazy() - T::Real::ONE) * scale.lazy()).try_eval()?.into_dyn();
    Ok((own(&values.flip(-1)?)?, turns.flip(-2)?.matrix_transpose()?))
}
