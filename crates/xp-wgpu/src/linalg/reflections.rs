//! QR by Householder's reflections.
//!
//! A group of threads takes blocks of columns; the reflections of many columns are `I - V S^-1 V^H` with the unit lower trapezoidal `V` of their
//! vectors and an upper triangular `S` made of `V^H V` (Puglisi, "Modification of the Householder method based on the compact WY
//! representation", 1992), so that most of the work is products of matrices. Tall matrices are cut into blocks of rows, a stack, whose factors
//! R are factored in turn (Demmel, Grigori, Hoemmen, Langou, "Communication-optimal parallel and sequential QR and LU factorizations", 2012).

use xp_core::functions::{concat, where_};
use xp_core::linalg::{Basis, Thin, Trans, Triangle, Triangular, adjoint};
use xp_core::{Floating, Result};

use super::elimination::substituted;
use super::{Binding, Matrices, count, cut, dense, identity, new, own, part, run, sides, stack_of, words};
use crate::kernel::{Access, THREADS};

/// The most columns, or rows, of matrices that a kernel takes.
const BLOCK: usize = 32;
/// The most rows of matrices whose Q a kernel makes.
const ROWS: usize = 128;

pub(super) fn qr<T: Floating>(x: &Matrices<T>, basis: Basis) -> Result<(Matrices<T>, Matrices<T>)> {
    let [m, n] = sides(x);
    if let (Thin, Some(tall)) = (basis, Tall::of(x)?) {
        let (first, small) = qr(&tall.blocks, Thin)?;
        let (second, r) = qr(&tall.stacked(&small)?, Thin)?;
        return Ok((tall.product(&first, &second)?, r));
    }
    let columns = if basis == Thin { m.min(n) } else { m };
    let reflections = Reflections::of(x)?;
    Ok((reflections.q(columns)?, part(&reflections.a, 0..columns, 0..n)?.triu(0)?))
}

/// The first columns of Q; as many as there are columns, or more.
pub(super) fn q<T: Floating>(x: &Matrices<T>, columns: usize) -> Result<Matrices<T>> {
    Reflections::of(x)?.q(columns)
}

/// The factor R of the thin decomposition.
pub(super) fn r<T: Floating>(x: &Matrices<T>) -> Result<Matrices<T>> {
    let [m, n] = sides(x);
    match Tall::of(x)? {
        Some(tall) => r(&tall.stacked(&r(&tall.blocks)?)?),
        None => part(&Reflections::of(x)?.a, 0..m.min(n), 0..n)?.triu(0),
    }
}

/// Tall matrices as blocks of equally many rows, and the rows that are left.
struct Tall<T: Floating> {
    blocks: Matrices<T>,
    rest: Matrices<T>,
}

impl<T: Floating> Tall<T> {
    /// The blocks of matrices with enough rows.
    fn of(x: &Matrices<T>) -> Result<Option<Self>> {
        let [m, n] = sides(x);
        let rows = (4 * n).max(512);
        if m < 2 * rows || x.size() == 0 {
            return Ok(None);
        }
        let many = m / rows;
        let blocks = part(x, 0..many * rows, 0..n)?.reshape([stack_of(x), &[many, rows, n]].concat())?;
        Ok(Some(Tall { blocks, rest: part(x, many * rows..m, 0..n)? }))
    }

    /// The factors R of the blocks below each other, and the rest.
    fn stacked(&self, r: &Matrices<T>) -> Result<Matrices<T>> {
        let [many, n] = [self.blocks.dims()[self.blocks.ndim() - 3], sides(r)[1]];
        let above = r.reshape([stack_of(&self.rest), &[many * n, n]].concat())?;
        if sides(&self.rest)[0] == 0 { Ok(above) } else { concat(&[&above, &self.rest], -2) }
    }

    /// Q of the whole from those of the blocks and of what [`Tall::stacked`] gave.
    fn product(&self, first: &Matrices<T>, second: &Matrices<T>) -> Result<Matrices<T>> {
        let (stack, n) = (stack_of(&self.rest), sides(second)[1]);
        let [many, rows] = [self.blocks.dims()[self.blocks.ndim() - 3], sides(first)[0]];
        let whole = sides(second)[0];
        let turns = part(second, 0..many * n, 0..n)?.reshape([stack, &[many, n, n]].concat())?;
        let above = first.matmul(&turns)?.reshape([stack, &[many * rows, n]].concat())?;
        if whole == many * n { Ok(above) } else { concat(&[&above, &part(second, many * n..whole, 0..n)?], -2) }
    }
}

/// R, and the vectors of the reflections below it, whose first number is 1; and the factors of the reflections.
struct Reflections<T: Floating> {
    a: Matrices<T>,
    t: Matrices<T>,
}

impl<T: Floating> Reflections<T> {
    fn of(x: &Matrices<T>) -> Result<Self> {
        let (device, [m, n]) = (x.device(), sides(x));
        let most = m.min(n);
        if x.size() == 0 {
            return Ok(Reflections { a: own(x)?, t: new(device, stack_of(x), &[most])? });
        }
        if most <= BLOCK && (n <= BLOCK || m * n <= ROWS * ROWS) {
            let (a, t) = (own(x)?, new::<T>(device, stack_of(x), &[most])?);
            let bindings: [Binding<'_>; 2] = [("a", Access::Write, true, words(&a)), ("t", Access::Write, true, words(&t))];
            let cost = n.div_ceil(8) * (2 * m.div_ceil(32) + 8) + 3 * m / THREADS + 40;
            run(device, "qr", T::DTYPE, count(x), [most, cost], &[m, n], &bindings)?;
            return Ok(Reflections { a, t });
        }
        let h = if most <= BLOCK { most } else { cut(most, BLOCK) };
        let left = Reflections::of(&part(x, 0..m, 0..h)?)?;
        let right = left.turn(&part(x, 0..m, h..n)?, Trans::Adjoint)?;
        if h == m {
            return Ok(Reflections { a: concat(&[&left.a, &right], -1)?, t: left.t });
        }
        let below = Reflections::of(&part(&right, h..m, 0..n - h)?)?;
        let beside = concat(&[&part(&right, 0..h, 0..n - h)?, &below.a], -2)?;
        Ok(Reflections { a: concat(&[&left.a, &beside], -1)?, t: concat(&[&left.t, &below.t], -1)? })
    }

    /// The product of the reflections, or its adjoint, with other matrices.
    fn turn(&self, c: &Matrices<T>, op: Trans) -> Result<Matrices<T>> {
        let (device, [m, n], stack) = (self.a.device(), sides(&self.a), stack_of(&self.a));
        let k = m.min(n);
        // A reflection whose factor is zero is none.
        let none = self.t.lazy().equal(T::ZERO).try_eval()?;
        let inverse = (where_(&none, T::ONE, &self.t).lazy().reciprocal()).try_eval()?.expand_dims(-2)?.into_dyn();
        let given = where_(&none, T::ZERO, T::ONE).expand_dims(-2)?.into_dyn();
        let unit = part(&self.a, 0..m, 0..k)?.tril(-1)?;
        let v = ((unit.lazy() + &identity::<T>(device, stack, m, k)?) * &given).try_eval()?;
        let vh = adjoint(&v)?;
        let s = (vh.matmul(&v)?.triu(1)?.lazy() + identity::<T>(device, stack, k, k)?.lazy() * &inverse).try_eval()?;
        let y = substituted(&s, &vh.matmul(c)?, Triangular { triangle: Triangle::Upper, unit: false, op })?;
        (c.lazy() - &v.matmul(&y)?).try_eval()
    }

    /// The first columns of the product of the reflections.
    fn q(&self, columns: usize) -> Result<Matrices<T>> {
        let (device, [m, n], stack) = (self.a.device(), sides(&self.a), stack_of(&self.a));
        let most = m.min(n);
        if self.a.size() == 0 {
            return own(&identity(device, stack, m, columns)?);
        }
        if m > ROWS {
            return self.turn(&identity(device, stack, m, columns)?, Trans::No);
        }
        let (a, t, q) = (dense(&self.a)?, dense(&self.t)?, new(device, stack, &[m, columns])?);
        let bindings: [Binding<'_>; 3] =
            [("a", Access::Read, true, words(&a)), ("t", Access::Read, true, words(&t)), ("q", Access::Write, true, words(&q))];
        let cost = 2 * m * columns.div_ceil(THREADS).max(1) + 3 * m / THREADS + 40;
        run(device, "q", T::DTYPE, count(&self.a), [most, cost], &[m, n, columns], &bindings)?;
        Ok(q)
    }
}
