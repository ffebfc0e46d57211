//! Divide and conquer for the eigenvectors of tridiagonal and the singular vectors of bidiagonal matrices.
//!
//! The matrix is cut into small ones, which an iteration solves; joining two of them is a rank-one problem for the diagonal
//! of their values, whose vectors multiply theirs (Cuppen 1981; Gu & Eisenstat, "A divide-and-conquer algorithm for the
//! symmetric tridiagonal eigenproblem" and "... for the bidiagonal SVD", 1995). Vectors that the join hardly changes are
//! left out of the products.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::matmul::matmul;
use super::secular::Secular;
use super::svd::svd;
use super::tridiagonal;
use super::workspace::{exponent_of, for_chunks, for_columns, matrix, matrix_req, par_for, with_workspace};
use super::{Error, RealScalar, Result, Scalar};
use faer::dyn_stack::MemStack;
use faer::{Accum, MatMut, MatRef, Par};

/// Order of the matrices that are not cut further.
const LEAF: usize = 40;
/// Tridiagonal matrices below this order are not cut: the iteration alone is faster, where it rotates real vectors.
pub(super) const UNCUT: usize = 96;
/// Joins up to this order use one thread each.
const SMALL: usize = 200;

/// Eigenvalues in ascending order and eigenvectors of the symmetric tridiagonal matrix with diagonal `d` and off-diagonal
/// `e`. `d` becomes the eigenvalues, `q` is a workspace, `z` the vectors, with row `i` multiplied by `phases[i]`.
pub(super) fn tridiagonal<T: Scalar<R = R>, R: RealScalar>(
    d: &mut [R],
    e: &[R],
    mut q: MatMut<'_, R>,
    phases: &[T],
    z: MatMut<'_, T>,
    par: Par,
) -> Result<()> {
    let n = d.len();
    let (exponent, e) = scale_to_one(d, e);
    let norm = largest(d).larger(largest(&e));
    let levels = if n < UNCUT { vec![vec![0..n]] } else { levels(n, 0) };
    let leaves = &levels[levels.len() - 1];
    // Cutting leaves a matrix of rank one out.
    for leaf in &leaves[1..] {
        let cut = e[leaf.start - 1].modulus();
        d[leaf.start - 1] -= cut;
        d[leaf.start] -= cut;
    }
    let mut order: Vec<usize> = (0..n).collect();
    clear(q.as_mut(), par);
    solve(nodes(leaves, d, &mut order, q.as_mut(), None), Par::Seq, par, |node, _| {
        let mut off: Vec<_> = e[node.range.start..node.range.end - 1].iter().copied().chain([R::ZERO]).collect();
        node.q.as_mut().diagonal_mut().fill(R::ONE);
        tridiagonal::eigenvectors(node.d, &mut off, node.q.as_mut())?;
        sort_places(node.order, node.d);
        Ok(())
    })?;
    for (above, level) in levels.iter().zip(&levels[1..]).rev() {
        let inner = if above[0].len() > SMALL { par } else { Par::Seq };
        solve(nodes(above, d, &mut order, q.as_mut(), None), inner, par, |node, par| {
            let cut = level.iter().find(|child| child.start == node.range.start).map_or(0, |child| child.len());
            join_tridiagonal(node, cut, e[node.range.start + cut - 1], norm, par)
        })?;
    }
    permute(&order, q.as_ref(), phases, z, par);
    reorder(d, &order, exponent);
    Ok(())
}

/// A matrix that is being solved, and after that its values, in no order, and their vectors.
struct Node<'a, R: RealScalar> {
    range: Range<usize>,
    d: &'a mut [R],
    /// The places of the values in ascending order.
    order: &'a mut [usize],
    q: MatMut<'a, R>,
    /// The right singular vectors. They have one row and column more where the matrix has one column more than rows; the last
    /// column is the vector that it maps to zero.
    v: Option<MatMut<'a, R>>,
}

/// The ranges of rows of the matrices that `0..n` is cut into, level by level. Between the parts of a range, `between` rows
/// are left out.
fn levels(n: usize, between: usize) -> Vec<Vec<Range<usize>>> {
    let mut levels = vec![vec![0..n]];
    while levels[levels.len() - 1].iter().any(|range| range.len() > LEAF) {
        let halves = levels[levels.len() - 1].iter().flat_map(|range| {
            let middle = range.start + range.len() / 2;
            [range.start..middle, middle + between..range.end]
        });
        let halves = halves.collect();
        levels.push(halves);
    }
    levels
}

/// The nodes of a level. A block of `v` ends with its range or, but for the last, one column behind it.
fn nodes<'a, R: RealScalar>(
    ranges: &[Range<usize>],
    d: &'a mut [R],
    order: &'a mut [usize],
    q: MatMut<'a, R>,
    v: Option<MatMut<'a, R>>,
) -> Vec<Node<'a, R>> {
    let n = d.len();
    let (mut d, mut order, mut q, mut v, mut at) = (d, order, q, v, 0);
    let mut nodes = Vec::with_capacity(ranges.len());
    for range in ranges {
        let (skip, len) = (range.start - at, range.len());
        let (part, rest) = d.split_at_mut(skip).1.split_at_mut(len);
        let (places, unordered) = order.split_at_mut(skip).1.split_at_mut(len);
        let (block, _, _, remaining) = q.split_at_mut(skip, skip).3.split_at_mut(len, len);
        let mut right = None;
        if let Some(all) = v {
            let len = len + (range.end < n) as usize;
            let (block, _, _, remaining) = all.split_at_mut(len, len);
            (right, v) = (Some(block), Some(remaining));
        }
        nodes.push(Node { range: range.clone(), d: part, order: places, q: block, v: right });
        (d, order, q, at) = (rest, unordered, remaining, range.end);
    }
    nodes
}

/// Solves the nodes of a level: one after the other with the threads `inner`, or side by side with one each.
fn solve<R: RealScalar>(mut nodes: Vec<Node<'_, R>>, inner: Par, par: Par, f: impl Fn(&mut Node<'_, R>, Par) -> Result<()> + Sync) -> Result<()> {
    if inner != Par::Seq {
        return nodes.iter_mut().try_for_each(|node| f(node, inner));
    }
    let failure: Mutex<Option<Error>> = Mutex::new(None);
    for_chunks(&mut nodes, 1, par, |_, nodes| {
        if let Err(error) = nodes.iter_mut().try_for_each(|node| f(node, Par::Seq)) {
            *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    });
    failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// Scales a matrix by a power of two so that squares of its elements are safe: `e` scaled, and the exponent that was taken out.
fn scale_to_one<R: RealScalar>(d: &mut [R], e: &[R]) -> (i32, Vec<R>) {
    let exponent = exponent_of(largest(d).larger(largest(e)));
    d.iter_mut().for_each(|x| *x = x.ldexp(-exponent));
    (exponent, e.iter().map(|x| x.ldexp(-exponent)).collect())
}

/// What is taken for zero in a matrix with elements up to `largest`, which is part of one with elements up to `norm`. Squares
/// of what is not do not underflow.
fn tolerance<R: RealScalar>(largest: R, norm: R) -> R {
    R::from_f64(8.0) * R::EPS * largest.larger(norm * R::EPS)
}

fn clear<R: RealScalar>(q: MatMut<'_, R>, par: Par) {
    let work = q.nrows() * q.ncols();
    for_columns(q, LEAF, par_for(par, work), |_, mut columns| columns.fill(R::ZERO));
}

/// Columns of `q`, first the one at the first place of `order`, with row `i` multiplied by `phases[i]`.
fn permute<T: Scalar<R = R>, R: RealScalar>(order: &[usize], q: MatRef<'_, R>, phases: &[T], z: MatMut<'_, T>, par: Par) {
    let work = z.nrows() * z.ncols();
    for_columns(z, LEAF, par_for(par, work), |first, mut columns| {
        for (column, &from) in columns.as_mut().col_iter_mut().zip(&order[first..]) {
            column.iter_mut().zip(q.col(from).iter()).zip(phases).for_each(|((to, &x), phase)| *to = phase.scale(x));
        }
    });
}

/// Orders the values, and undoes their scaling.
fn reorder<R: RealScalar>(d: &mut [R], order: &[usize], exponent: i32) {
    let values: Vec<_> = order.iter().map(|&i| d[i].ldexp(exponent)).collect();
    d.copy_from_slice(&values);
}

/// The rows in which the vector of a value is not zero.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Top,
    Both,
    Bottom,
}

/// Joins the matrices of order `cut` and the rest, between which `rho` stood.
fn join_tridiagonal<R: RealScalar>(node: &mut Node<'_, R>, cut: usize, rho: R, norm: R, par: Par) -> Result<()> {
    let n = node.d.len();
    let (one, half) = (R::ONE, R::from_f64(0.5));
    let sign = if rho < R::ZERO { -one } else { one };
    // The matrix of rank one is rho w w^T with w = (.., 1, sign, ..); z is w in the basis of the vectors, of length one.
    let scale = half.root();
    let mut z: Vec<R> = (0..n).map(|j| if j < cut { node.q[(cut - 1, j)] * scale } else { sign * node.q[(cut, j)] * scale }).collect();
    let rho = rho.modulus() * R::from_f64(2.0);
    let parts = (0..n).map(|j| if j < cut { Part::Top } else { Part::Bottom }).collect();
    node.order[cut..].iter_mut().for_each(|place| *place += cut);
    sort(node.order, node.d);
    let tolerance = tolerance(largest(node.d).larger(largest(&z)), norm);
    let mut problem = Deflated { d: &mut *node.d, z: &mut z, rho, tolerance, parts, kept: vec![], gone: vec![] };
    let q = &mut node.q;
    problem.deflate(node.order, |i, j, c, s| rotate(q.as_mut(), i, j, c, s));
    let groups = problem.groups();
    let (kept, gone, poles, z_kept) = problem.equation();
    let secular = Secular::<_, false> { d: &poles, z: &z_kept, rho };
    let roots = secular.roots(par);
    let weights = secular.weights(&roots, par);
    let k = kept.len();
    with_workspace(matrix_req::<R>(n, n).and(matrix_req::<R>(k, k)), |stack| {
        let (mut s, stack) = matrix::<R>(k, k, stack);
        secular.vectors(&roots, &weights, &groups.row, |_| Some(one), s.as_mut(), par);
        recombine(q.as_mut(), [0..cut, cut..n], &groups, &gone, s.as_ref(), par, stack);
    })?;
    let values: Vec<_> = roots.iter().map(|root| root.value(&poles)).chain(gone.iter().map(|&p| node.d[p])).collect();
    node.d.copy_from_slice(&values);
    sort_places(node.order, node.d);
    Ok(())
}

/// A rank-one problem on its way to a secular equation.
struct Deflated<'a, R> {
    d: &'a mut [R],
    z: &'a mut [R],
    rho: R,
    tolerance: R,
    parts: Vec<Part>,
    /// Places of the values that take part, ascending.
    kept: Vec<usize>,
    /// Places of those that stay as they are.
    gone: Vec<usize>,
}

/// How the columns of the vectors are grouped, so that their zeros stay out of the products.
struct Groups {
    /// Places of the kept values: those of the top, of both and of the bottom.
    columns: Vec<usize>,
    /// For each kept value in ascending order, its place in `columns`.
    row: Vec<usize>,
    sizes: [usize; 3],
}

impl<R: RealScalar> Deflated<'_, R> {
    /// Finds the values that stay as they are up to rounding: those of small weight, and one of two that nearly coincide, whose
    /// vectors `rotate(i, j, c, s)` turns into `c i + s j` and `c j - s i`. `order` lists the values to look at, ascending.
    fn deflate(&mut self, order: &[usize], mut rotate: impl FnMut(usize, usize, R, R)) {
        let mut previous: Option<usize> = None;
        for &p in order {
            if (self.rho * self.z[p]).modulus() <= self.tolerance {
                self.gone.push(p);
                continue;
            }
            if let Some(q) = previous {
                let length = self.z[p].hypotenuse(self.z[q]);
                let (c, s) = (self.z[p] / length, -self.z[q] / length);
                if ((self.d[p] - self.d[q]) * c * s).modulus() <= self.tolerance {
                    (self.z[p], self.z[q]) = (length, R::ZERO);
                    if self.parts[p] != self.parts[q] {
                        self.parts[p] = Part::Both;
                    }
                    rotate(q, p, c, s);
                    let (dq, dp) = (self.d[q], self.d[p]);
                    self.d[q] = dq * c * c + dp * s * s;
                    self.d[p] = dq * s * s + dp * c * c;
                    self.gone.push(q);
                    previous = Some(p);
                    continue;
                }
                self.kept.push(q);
            }
            previous = Some(p);
        }
        self.kept.extend(previous);
    }

    fn groups(&self) -> Groups {
        let mut groups = Groups { columns: vec![], row: vec![0; self.kept.len()], sizes: [0; 3] };
        for (part, size) in [Part::Top, Part::Both, Part::Bottom].into_iter().zip(0..) {
            for (i, &p) in self.kept.iter().enumerate().filter(|&(_, &p)| self.parts[p] == part) {
                groups.row[i] = groups.columns.len();
                groups.columns.push(p);
                groups.sizes[size] += 1;
            }
        }
        groups
    }

    /// The places that take part, those that do not, and the poles and weights of the former.
    fn equation(self) -> (Vec<usize>, Vec<usize>, Vec<R>, Vec<R>) {
        let of = |x: &[R]| self.kept.iter().map(|&p| x[p]).collect();
        let (d, z) = (of(self.d), of(self.z));
        (self.kept, self.gone, d, z)
    }
}

/// Columns `i` and `j` become `c i + s j` and `c j - s i`.
fn rotate<R: RealScalar>(mut q: MatMut<'_, R>, i: usize, j: usize, c: R, s: R) {
    for r in 0..q.nrows() {
        let (x, y) = (q[(r, i)], q[(r, j)]);
        q[(r, i)] = x * c + y * s;
        q[(r, j)] = y * c - x * s;
    }
}

fn sort<R: RealScalar>(order: &mut [usize], d: &[R]) {
    order.sort_by(|&i, &j| d[i].to_f64().total_cmp(&d[j].to_f64()));
}

/// The places of all values in ascending order.
fn sort_places<R: RealScalar>(order: &mut [usize], d: &[R]) {
    order.iter_mut().enumerate().for_each(|(i, place)| *place = i);
    sort(order, d);
}

fn largest<R: RealScalar>(x: &[R]) -> R {
    x.iter().fold(R::ZERO, |largest, x| largest.larger(x.modulus()))
}

/// The columns of `q` become the products of the grouped ones with `s`, and behind them those that are gone. `rows` are those
/// of the top and the bottom.
fn recombine<R: RealScalar>(
    mut q: MatMut<'_, R>,
    rows: [Range<usize>; 2],
    Groups { columns, sizes: [top, both, bottom], .. }: &Groups,
    gone: &[usize],
    s: MatRef<'_, R>,
    par: Par,
    stack: &mut MemStack,
) {
    let (n, k) = (q.nrows(), columns.len());
    let (mut old, _) = matrix::<R>(n, k + gone.len(), stack);
    let copy = par_for(par, n * n);
    for_columns(old.as_mut(), LEAF, copy, |first, mut block| {
        for (to, &from) in block.as_mut().col_iter_mut().zip(columns.iter().chain(gone).skip(first)) {
            { to }.copy_from(q.as_ref().col(from));
        }
    });
    let (mut joined, staying) = q.as_mut().subcols_mut(0, k + gone.len()).split_at_col_mut(k);
    for_columns(staying, LEAF, copy, |first, mut block| {
        let width = block.ncols();
        block.copy_from(old.as_ref().subcols(k + first, width));
    });
    if k == 0 {
        return;
    }
    let [rows_top, rows_bottom] = rows;
    for (rows, first, count) in [(rows_top, 0, top + both), (rows_bottom, *top, both + bottom)] {
        let target = joined.as_mut().subrows_mut(rows.start, rows.len());
        let old = old.as_ref().submatrix(rows.start, first, rows.len(), count);
        matmul(target, Accum::Replace, R::ONE, old, s.subrows(first, count), par);
    }
}

/// Singular values in descending order and singular vectors of the upper bidiagonal matrix with diagonal `d` and
/// superdiagonal `e`. `d` becomes the values, `q` and `p` are workspaces, `u` and `v` the vectors, whose rows are multiplied
/// by `left` and `right`.
pub(super) fn bidiagonal<T: Scalar<R = R>, R: RealScalar>(
    d: &mut [R],
    e: &[R],
    [mut q, mut p]: [MatMut<'_, R>; 2],
    [left, right]: [&[T]; 2],
    [u, v]: [MatMut<'_, T>; 2],
    par: Par,
) -> Result<()> {
    let n = d.len();
    let (exponent, e) = scale_to_one(d, e);
    let norm = largest(d).larger(largest(&e));
    let levels = levels(n, 1);
    let mut order: Vec<usize> = (0..n).collect();
    clear(q.as_mut(), par);
    clear(p.as_mut(), par);
    let leaves = &levels[levels.len() - 1];
    solve(nodes(leaves, d, &mut order, q.as_mut(), Some(p.as_mut())), Par::Seq, par, |node, _| leaf_bidiagonal(node, &e))?;
    for (above, level) in levels.iter().zip(&levels[1..]).rev() {
        let inner = if above[0].len() > SMALL { par } else { Par::Seq };
        solve(nodes(above, d, &mut order, q.as_mut(), Some(p.as_mut())), inner, par, |node, par| {
            let cut = level.iter().find(|child| child.start == node.range.start).map_or(0, |child| child.len());
            join_bidiagonal(node, cut, e[node.range.start + cut], norm, par)
        })?;
    }
    order.reverse();
    permute(&order, q.as_ref(), left, u, par);
    permute(&order, p.as_ref(), right, v, par);
    reorder(d, &order, exponent);
    Ok(())
}

fn leaf_bidiagonal<R: RealScalar>(node: &mut Node<'_, R>, e: &[R]) -> Result<()> {
    let n = node.d.len();
    let Some(v) = &mut node.v else { return Ok(()) };
    let wide = v.ncols();
    with_workspace(matrix_req::<R>(n, wide), |stack| {
        let (mut b, _) = matrix::<R>(n, wide, stack);
        b.fill(R::ZERO);
        for i in 0..n {
            b[(i, i)] = node.d[i];
            if i + 1 < wide {
                b[(i, i + 1)] = e[node.range.start + i];
            }
        }
        svd(b.as_ref(), node.d, Some(node.q.as_mut()), Some(v.as_mut().transpose_mut()), Par::Seq)
    })??;
    sort_places(node.order, node.d);
    Ok(())
}

/// Joins the matrices above and below row `cut`, which holds its diagonal element (in `node.d`) and `beta` beside it.
fn join_bidiagonal<R: RealScalar>(node: &mut Node<'_, R>, cut: usize, beta: R, norm: R, par: Par) -> Result<()> {
    let n = node.d.len();
    let Some(v) = &mut node.v else { return Ok(()) };
    let (alpha, wide) = (node.d[cut], v.ncols() > n);
    // The row, in the basis of the right vectors; its part along the two that the halves map to zero is one number.
    let mut z: Vec<R> = (0..n).map(|j| if j <= cut { alpha * v[(cut, j)] } else { beta * v[(cut + 1, j)] }).collect();
    if wide {
        let other = beta * v[(cut + 1, n)];
        let length = z[cut].hypotenuse(other);
        if length > R::ZERO {
            rotate(v.as_mut(), cut, n, z[cut] / length, other / length);
        }
        z[cut] = length;
    }
    // The row takes the place of a value of zero, whose left vector is the row's own.
    node.d[cut] = R::ZERO;
    node.q[(cut, cut)] = R::ONE;
    let tolerance = tolerance(largest(node.d).larger(alpha.modulus()).larger(beta.modulus()), norm);
    if tolerance == R::ZERO {
        // The whole matrix is zero, and any vectors are its own.
        sort_places(node.order, node.d);
        return Ok(());
    }
    if z[cut].modulus() <= tolerance {
        z[cut] = tolerance;
    }
    let (top, bottom) = node.order.split_at_mut(cut);
    let mut order: Vec<usize> = top.iter().copied().chain(bottom[1..].iter().map(|place| place + cut + 1)).collect();
    sort(&mut order, node.d);
    let parts = (0..n).map(|j| [Part::Top, Part::Both, Part::Bottom][(j >= cut) as usize + (j > cut) as usize]).collect();
    let q = &mut node.q;
    let mut problem = Deflated { d: &mut *node.d, z: &mut z, rho: R::ONE, tolerance, parts, kept: vec![], gone: vec![] };
    problem.deflate(&order, |i, j, c, s| {
        rotate(q.as_mut(), i, j, c, s);
        rotate(v.as_mut(), i, j, c, s);
    });
    problem.kept.insert(0, cut);
    if let Some(&second) = problem.kept.get(1) {
        // The poles are apart.
        let least = tolerance * R::from_f64(0.5);
        problem.d[second] = problem.d[second].larger(least);
    }
    let groups = problem.groups();
    let (kept, gone, poles, z_kept) = problem.equation();
    let k = kept.len();
    let secular = Secular::<_, true> { d: &poles, z: &z_kept, rho: R::ONE };
    let roots = secular.roots(par);
    let weights = secular.weights(&roots, par);
    with_workspace(matrix_req::<R>(v.nrows(), n).and(matrix_req::<R>(k, k)), |stack| {
        let (mut s, stack) = matrix::<R>(k, k, stack);
        secular.vectors(&roots, &weights, &groups.row, |_| Some(R::ONE), s.as_mut(), par);
        let rows = v.nrows();
        recombine(v.as_mut(), [0..cut + 1, cut + 1..rows], &groups, &gone, s.as_ref(), par, stack);
        secular.vectors(&roots, &weights, &groups.row, |j| (j > 0).then(|| poles[j]), s.as_mut(), par);
        recombine(q.as_mut(), [0..cut, cut + 1..n], &groups, &gone, s.as_ref(), par, stack);
        let mut own = q.as_mut().row_mut(cut);
        own.fill(R::ZERO);
        (0..k).for_each(|i| own[i] = s[(groups.row[0], i)]);
    })?;
    let values: Vec<_> = roots.iter().map(|root| root.value(&poles)).chain(gone.iter().map(|&p| node.d[p])).collect();
    node.d.copy_from_slice(&values);
    sort_places(node.order, node.d);
    Ok(())
}
