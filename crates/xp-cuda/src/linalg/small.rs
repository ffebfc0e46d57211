//! Stacks of small matrices: one launch each, by the kernels of this crate. Every function gives `None` for matrices that are
//! not small, which are left to the libraries.

use xp_core::linalg::{Basis, LinalgError, Trans, Triangle, Triangular};
use xp_core::{Array, Element, Result};

use super::{
    Lapack, Matrices, Real,
    decompositions::shape_of,
    singular::Factors,
    stack::{count, run, stack_of, values},
};
use crate::{
    backend::{Cuda, CudaBuffer},
    kernel::Arguments,
    kernels::{
        Source,
        small::{JACOBI, QR, SOLVE, Teams},
    },
};

/// Columns of right-hand sides that a team takes at once.
const STRIP: usize = 32;

/// Solves `a x = b`, or inverts where there is no `b`.
pub(super) fn solve<T: Lapack>(a: &Matrices<T>, b: Option<&Matrices<T>>) -> Result<Option<Matrices<T>>> {
    let [n, p] = [shape_of(a)[0], shape_of(b.unwrap_or(a))[1]];
    let strip = p.min(STRIP);
    let Some((teams, strips)) = in_strips(a, p, || n * odd(n + strip)) else { return Ok(None) };
    let (device, a, b) = (a.device(), a.contiguous()?, b.map(Array::contiguous).transpose()?);
    let (out, failure) = (new::<T>(device, stack_of(&a), &[n, p])?, Failure::new(device)?);
    let arguments = stripped(&teams, &a, p, strip, strips).with(at(&a)).with(b.as_ref().map_or(0, at)).with(at(&out)).with(failure.address());
    // SAFETY: the parameters of `small_solve` in order; the arrays were made for these sizes.
    unsafe { launch::<T>(device, &teams, SOLVE, "small_solve", &arguments) }?;
    match failure.finish()? {
        None => Ok(Some(out)),
        Some((matrix, pivot)) => Err(LinalgError::Singular { matrix: Some(matrix), pivot }.into()),
    }
}

/// Solves `op(a) x = b` for triangular `a`.
pub(super) fn solve_triangular<T: Lapack>(a: &Matrices<T>, b: &Matrices<T>, form: Triangular) -> Result<Option<Matrices<T>>> {
    let Some((out, failure)) = solve_regular(a, b, form)? else { return Ok(None) };
    match failure.finish()? {
        None => Ok(Some(out)),
        Some((matrix, pivot)) => Err(LinalgError::Singular { matrix: Some(matrix), pivot }.into()),
    }
}

/// The same without a wait, and with what is known about matrices that have a zero on the diagonal.
pub(super) fn solve_regular<T: Lapack>(a: &Matrices<T>, b: &Matrices<T>, form: Triangular) -> Result<Option<(Matrices<T>, Failure)>> {
    let [n, p] = shape_of(b);
    let strip = p.min(STRIP);
    let Some((teams, strips)) = in_strips(a, p, || n * (odd(n) + odd(strip))) else { return Ok(None) };
    let (device, a, b) = (a.device(), a.contiguous()?, b.contiguous()?);
    let (out, failure) = (new::<T>(device, stack_of(&a), &[n, p])?, Failure::new(device)?);
    let is_transposed = form.op != Trans::No;
    let is_lower = (form.triangle == Triangle::Lower) != is_transposed;
    let arguments = stripped(&teams, &a, p, strip, strips).with(at(&a)).with(at(&b)).with(at(&out)).with(failure.address());
    let flags = [is_lower, is_transposed, form.op == Trans::Adjoint, form.unit];
    let arguments = flags.into_iter().fold(arguments, |arguments, flag| arguments.with(u32::from(flag)));
    // SAFETY: the parameters of `small_triangular` in order; the arrays were made for these sizes.
    unsafe { launch::<T>(device, &teams, SOLVE, "small_triangular", &arguments) }?;
    Ok(Some((out, failure)))
}

/// Determinants, or their signs and the logarithms of their magnitudes if `logarithms`.
pub(super) fn determinants<T: Lapack>(x: &Matrices<T>, logarithms: bool) -> Result<Option<(Matrices<T>, Matrices<Real<T>>)>> {
    let [n, _] = shape_of(x);
    let Some(teams) = teams::<T>(x, || Room { elements: n * odd(n), reals: n, words: 0 }) else { return Ok(None) };
    let (device, x) = (x.device(), x.contiguous()?);
    let out = new::<T>(device, stack_of(&x), &[])?;
    let logs = if logarithms { new(device, stack_of(&x), &[])? } else { new(device, &[0], &[])? };
    let arguments = teams.arguments().with(count(stack_of(&x)) as i64).with(n as u32).with(at(&x)).with(at(&out));
    let arguments = arguments.with(if logarithms { at(&logs) } else { 0 });
    // SAFETY: the parameters of `small_det` in order; the arrays were made for these sizes.
    unsafe { launch::<T>(device, &teams, SOLVE, "small_det", &arguments) }?;
    Ok(Some((out, logs)))
}

/// Cholesky factors.
pub(super) fn cholesky<T: Lapack>(x: &Matrices<T>, upper: bool) -> Result<Option<Matrices<T>>> {
    let [n, _] = shape_of(x);
    let Some(teams) = teams::<T>(x, || Room { elements: n * odd(n), reals: 0, words: 0 }) else { return Ok(None) };
    let (device, x) = (x.device(), x.contiguous()?);
    let (out, failure) = (new::<T>(device, stack_of(&x), &[n, n])?, Failure::new(device)?);
    let arguments = teams.arguments().with(count(stack_of(&x)) as i64).with(n as u32);
    let arguments = arguments.with(at(&x)).with(at(&out)).with(failure.address()).with(u32::from(upper));
    // SAFETY: the parameters of `small_cholesky` in order; the arrays were made for these sizes.
    unsafe { launch::<T>(device, &teams, SOLVE, "small_cholesky", &arguments) }?;
    match failure.finish()? {
        None => Ok(Some(out)),
        Some((matrix, order)) => Err(LinalgError::NotPositiveDefinite { matrix: Some(matrix), order }.into()),
    }
}

/// The factors `Q`, if it is wanted, and `R`.
pub(super) fn qr<T: Lapack>(x: &Matrices<T>, complete: bool, with_q: bool) -> Result<Option<(Matrices<T>, Matrices<T>)>> {
    let [m, n] = shape_of(x);
    let height = if complete { m } else { m.min(n) };
    let elements = || m * odd(n) + m.min(n) + if with_q { m * odd(height) } else { 0 };
    let Some(teams) = teams::<T>(x, || Room { elements: elements(), reals: 0, words: 0 }) else { return Ok(None) };
    let (device, x) = (x.device(), x.contiguous()?);
    let q = if with_q { new::<T>(device, stack_of(&x), &[m, height])? } else { new(device, &[0], &[])? };
    let r = new::<T>(device, stack_of(&x), &[height, n])?;
    let sizes = [m, n, height].into_iter().fold(teams.arguments().with(count(stack_of(&x)) as i64), |list, size| list.with(size as u32));
    let arguments = sizes.with(at(&x)).with(if with_q { at(&q) } else { 0 }).with(at(&r));
    // SAFETY: the parameters of `small_qr` in order; the arrays were made for these sizes.
    unsafe { launch::<T>(device, &teams, QR, "small_qr", &arguments) }?;
    Ok(Some((q, r)))
}

/// Eigenvalues in ascending order of Hermitian matrices, of which the lower triangle is read, and eigenvectors if wanted.
pub(super) fn eigh<T: Lapack>(x: &Matrices<T>, vectors: bool) -> Result<Option<(Matrices<Real<T>>, Matrices<T>)>> {
    let [n, _] = shape_of(x);
    let elements = || n * odd(n) * (1 + usize::from(vectors));
    let Some(teams) = teams::<T>(x, || Room { elements: elements(), reals: n, words: 0 }) else { return Ok(None) };
    let (device, x) = (x.device(), x.contiguous()?);
    let (w, failure) = (new::<Real<T>>(device, stack_of(&x), &[n])?, Failure::new(device)?);
    let v = if vectors { new::<T>(device, stack_of(&x), &[n, n])? } else { new(device, &[0], &[])? };
    let arguments = teams.arguments().with(count(stack_of(&x)) as i64).with(n as u32).with(at(&x)).with(at(&w));
    let arguments = arguments.with(if vectors { at(&v) } else { 0 }).with(failure.address());
    // SAFETY: the parameters of `small_eigh` in order; the arrays were made for these sizes.
    unsafe { launch::<T>(device, &teams, JACOBI, "small_eigh", &arguments) }?;
    failure.of_iteration()?;
    Ok(Some((w, v)))
}

/// Singular values in descending order, with as many vectors as wanted: `U`, `S`, `Vh`. Stacks of somewhat larger matrices count as
/// small here.
pub(super) fn svd<T: Lapack>(x: &Matrices<T>, vectors: Option<Basis>) -> Result<Option<Factors<T>>> {
    let [m, n] = shape_of(x);
    let (large, small, is_full) = (m.max(n), m.min(n), vectors == Some(Basis::Full));
    let basis = if is_full { large } else { small };
    let elements = || large * (odd(basis) + 1) + basis + if vectors.is_some() { small * odd(small) } else { 0 };
    let room = || Room { elements: elements(), reals: small, words: small };
    let Some(teams) = teams::<T>(x, room).map_or_else(|| large_teams::<T>(x, room), |teams| Ok(Some(teams)))? else { return Ok(None) };
    let (device, x) = (x.device(), x.contiguous()?);
    let (s, failure) = (new::<Real<T>>(device, stack_of(&x), &[small])?, Failure::new(device)?);
    let [of_rows, of_columns] = if is_full { [m, n] } else { [small, small] };
    let room = |shape: [usize; 2]| if vectors.is_some() { new::<T>(device, stack_of(&x), &shape) } else { new(device, &[0], &[]) };
    let (u, vh) = (room([m, of_rows])?, room([of_columns, n])?);
    let place = |x: &Matrices<T>| if vectors.is_some() { at(x) } else { 0 };
    let arguments = teams.arguments().with(count(stack_of(&x)) as i64).with(m as u32).with(n as u32).with(u32::from(is_full));
    let arguments = arguments.with(at(&x)).with(place(&u)).with(at(&s)).with(place(&vh)).with(failure.address());
    // SAFETY: the parameters of `small_svd` in order; the arrays were made for these sizes.
    unsafe { launch::<T>(device, &teams, JACOBI, "small_svd", &arguments) }?;
    failure.of_iteration()?;
    Ok(Some((u, s, vh)))
}

/// The first failure of a stack, which kernels keep as the complement of the matrix's number and eight bits about it.
pub(super) struct Failure(Matrices<u64>);

/// What the kernels of Jacobi's methods say about a matrix with infinity or NaN.
const NOT_FINITE: usize = 1;

impl Failure {
    fn new(device: &Cuda) -> Result<Self> {
        let memory = device.run("linear algebra", |device| device.alloc_zeroed(size_of::<u64>(), "linear algebra"))?;
        // SAFETY: a new buffer of one integer, written.
        Ok(Failure(unsafe { Array::from_buffer(device, CudaBuffer::new(memory, 1), &[1]) }?))
    }

    fn address(&self) -> u64 {
        at(&self.0)
    }

    /// Waits, and returns the first matrix that failed, with what is known about it.
    fn finish(self) -> Result<Option<(usize, usize)>> {
        Ok(match values(&self.0)?[0] {
            0 => None,
            found => Some(((!found >> 8) as usize, (!found & 0xff) as usize)),
        })
    }

    /// Waits, and fails for the first matrix that has no decomposition.
    fn of_iteration(self) -> Result<()> {
        match self.finish()? {
            None => Ok(()),
            Some((matrix, NOT_FINITE)) => Err(LinalgError::NonFinite { matrix: Some(matrix) }.into()),
            Some((matrix, _)) => Err(LinalgError::NoConvergence { matrix: Some(matrix) }.into()),
        }
    }
}

/// A row length that spreads a column over the banks of the shared memory.
fn odd(length: usize) -> usize {
    length | 1
}

/// What a team keeps in shared memory: elements, real numbers, 32-bit words.
struct Room {
    elements: usize,
    reals: usize,
    words: usize,
}

impl Room {
    fn bytes<T: Lapack>(&self) -> usize {
        self.elements * size_of::<T>() + self.reals * size_of::<Real<T>>() + self.words * size_of::<u32>()
    }
}

fn teams<T: Lapack>(x: &Matrices<T>, room: impl FnOnce() -> Room) -> Option<Teams> {
    teams_for::<T>(x, 1, room)
}

/// Teams for strips of right-hand sides, and the number of strips, one at least.
fn in_strips<T: Lapack>(a: &Matrices<T>, columns: usize, elements: impl FnOnce() -> usize) -> Option<(Teams, usize)> {
    let strips = columns.div_ceil(STRIP).max(1);
    Some((teams_for::<T>(a, strips, || Room { elements: elements(), reals: 0, words: 0 })?, strips))
}

fn teams_for<T: Lapack>(x: &Matrices<T>, strips: usize, room: impl FnOnce() -> Room) -> Option<Teams> {
    let batch = count(stack_of(x));
    Teams::new(x.device().device(), shape_of(x), batch, batch * strips, || room().bytes::<T>())
}

/// Teams for a stack of matrices that are not small.
fn large_teams<T: Lapack>(x: &Matrices<T>, room: impl FnOnce() -> Room) -> Result<Option<Teams>> {
    run(x.device(), "linear algebra", |d| Teams::large(d, shape_of(x), count(stack_of(x)), || room().bytes::<T>()))
}

/// The arguments before the arrays of a kernel that works on strips.
fn stripped<T: Lapack>(teams: &Teams, a: &Matrices<T>, columns: usize, strip: usize, strips: usize) -> Arguments {
    let sizes = teams.arguments().with(count(stack_of(a)) as i64).with(shape_of(a)[0] as u32);
    sizes.with(columns as i64).with(strip as u32).with(strips as i64)
}

/// The device address of the first element.
fn at<T: Element>(x: &Matrices<T>) -> u64 {
    x.buffer().at(x.offset())
}

/// A new array of arbitrary content for a stack. It must be written before it is read.
fn new<T: Element>(device: &Cuda, stack: &[usize], last: &[usize]) -> Result<Matrices<T>> {
    let shape: Vec<usize> = stack.iter().chain(last).copied().collect();
    device.array(&shape, "linear algebra")
}

/// Queues a kernel.
///
/// # Safety
/// As [`Kernel::launch`](crate::Kernel::launch).
unsafe fn launch<T: Lapack>(device: &Cuda, teams: &Teams, source: Source, name: &str, arguments: &Arguments) -> Result<()> {
    // SAFETY: passed on to the caller.
    run(device, "linear algebra", |d| unsafe { teams.launch(d, T::DTYPE, source, name, arguments) })
}
