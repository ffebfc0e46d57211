//! Linear algebra: decompositions of matrices that all ranks have, by each of them; stacks that are sharded along their first
//! axis, by the ranks that have their matrices; products and factors of lazy matrices with sharded rows, part by part, by the
//! inner backend's own methods, and joined along the tree of parts.

use xp_core::dim::DimBase;
use xp_core::expr::{Expr, Leaves, Plan, RowBlock};
use xp_core::functions::{Order, concat};
use xp_core::linalg::{Basis, Eig, Triangle, Triangular};
use xp_core::{Array, Backend, Dim, Dyn, Element, Error, Float, Floating, Ix1, Ix2, Lazy, Linalg, Result, Tiles, contiguous_strides};

use crate::backend::Mpi;
use crate::data::packed;
use crate::layout::{FIRST, Layout, Shard, refused};
use crate::memory::{MpiBuffer, State};
use crate::operands::Operands;
use crate::parts::{joined, sum};
use crate::tall_qr::tall_qr;
use crate::world::signature;

type On<B, T> = Array<B, T, Dyn>;

const TALL: &str = "use `gram`, `cross`, `project` or `tall_r`, whose results all ranks have, or `gather` it";

/// A stack of matrices on this rank: all, or those of its rows.
fn bare<B: Backend, T: Element>(x: &On<Mpi<B>, T>, operation: &'static str) -> Result<(On<B, T>, Option<Layout>)> {
    let mpi = x.device();
    if let Some(State::Replicated(b)) = x.buffer().known() {
        return Ok((x.rewrap(&mpi.device, |_| b), None));
    }
    let x = packed(x)?;
    match x.buffer().settled(&mpi.device)? {
        State::Replicated(b) => Ok((x.rewrap(&mpi.device, |_| b), None)),
        State::Sharded(b, shard) => {
            if x.ndim() < 3 || shard.outer > 1 || shard.layout.rows() != x.dims()[0] {
                return Err(refused(operation, "a matrix whose rows lie on several ranks", TALL));
            }
            let mut shape = x.dims().to_vec();
            shape[0] = shard.mine.len();
            Ok((mpi.view(&b, &shape)?, Some(shard.layout)))
        }
    }
}

/// A matrix with sharded rows: those of this rank.
struct Spread<B: Backend, T: Element> {
    mpi: Mpi<B>,
    local: Array<B, T, Ix2>,
    shard: Shard,
}

/// A matrix, not a stack, whose rows are sharded, if `x` is one with elements.
fn sharded<B: Backend, T: Element>(x: &On<Mpi<B>, T>) -> Result<Option<Spread<B, T>>> {
    if x.ndim() != 2 || x.is_empty() || matches!(x.buffer().known(), Some(State::Replicated(_))) {
        return Ok(None);
    }
    let (mpi, x) = (x.device().clone(), packed(x)?);
    Ok(match x.buffer().settled(&mpi.device)? {
        State::Sharded(local, shard) if shard.outer == 1 && shard.layout.rows() == x.dims()[0] => {
            let local = mpi.view(&local, &[shard.mine.len(), shard.inner])?;
            Some(Spread { mpi, local, shard })
        }
        _ => None,
    })
}

impl<B: Linalg<T>, T: Floating> Spread<B, T> {
    fn qr(&self) -> Result<(Array<Mpi<B>, T, Ix2>, Array<Mpi<B>, T, Ix2>)> {
        tall_qr(&self.mpi, &self.local, &self.shard)
    }
    /// The triangular factor alone: of a matrix that is not wide, that of its lazy form.
    fn r(&self, x: &On<Mpi<B>, T>) -> Result<On<Mpi<B>, T>> {
        if x.dims()[0] >= x.dims()[1] {
            return Mpi::<B>::tall_r(&x.clone().into_rank::<Ix2>()?.lazy())?.into_rank();
        }
        Ok(self.qr()?.1.into_dyn())
    }
}

/// A result of the inner backend: of all matrices, or of those of this rank's rows.
fn back<B: Backend, T: Element>(mpi: &Mpi<B>, x: On<B, T>, layout: &Option<Layout>) -> Result<On<Mpi<B>, T>> {
    let Some(layout) = layout else { return Ok(x.rewrap(mpi, |b| MpiBuffer::replicated(b.clone()))) };
    let x = x.contiguous()?;
    let local = mpi.cut(x.buffer(), x.offset()..x.offset() + x.size())?;
    let mut shape = x.dims().to_vec();
    shape[0] = layout.rows();
    let shard = Shard::new(&mpi.world, layout.clone(), x.dims()[1..].iter().product());
    let buffer = mpi.keep(local, Some(shard))?;
    // SAFETY: every rank has written its rows.
    unsafe { Array::from_buffer(mpi, buffer, &shape) }
}

/// Two operands whose stacks lie alike.
fn pair<B: Backend, T: Element>(a: &On<Mpi<B>, T>, b: &On<Mpi<B>, T>, operation: &'static str) -> Result<(On<B, T>, On<B, T>, Option<Layout>)> {
    let ((a, la), (b, lb)) = (bare(a, operation)?, bare(b, operation)?);
    if la != lb {
        return Err(refused(operation, "operands of which one is sharded, or whose rows lie on different ranks", "`shard` or `gather` one of them"));
    }
    Ok((a, b, la))
}

/// Runs a decomposition, and sees to it that an error of one rank, whose matrices are its own, is one of all.
fn agreed<B: Backend, R>(mpi: &Mpi<B>, operation: &'static str, layout: &Option<Layout>, result: Result<R>) -> Result<R> {
    if layout.is_none() {
        return result;
    }
    let status = result.as_ref().map(|_| vec![]).map_err(Clone::clone);
    mpi.world.gather(operation, signature(&[]), status)?;
    result
}

/// Rows of an expression that this rank has, as an expression of the inner backend.
struct OnShard<'a, B: Backend, E> {
    rows: RowBlock<'a, E>,
    device: &'a B,
    operands: &'a Operands,
}
// SAFETY: the rows are on this rank, and the kernel is given their addresses.
unsafe impl<'a, B: Backend, E: Expr<Backend = Mpi<B>>> Expr for OnShard<'a, B, E> {
    type Backend = B;
    type Elem = E::Elem;
    type Dim = E::Dim;
    type Kernel = <RowBlock<'a, E> as Expr>::Kernel;
    fn shape(&self) -> Result<<E::Dim as DimBase>::Shape> {
        self.rows.shape()
    }
    fn device(&self) -> Result<Option<&B>> {
        Ok(Some(self.device))
    }
    fn leaves(&self, out: &[usize], leaves: &mut Leaves) -> Result<()> {
        self.rows.leaves(out, leaves)
    }
    fn lower(&self, plan: &Plan, next: &mut usize) -> Self::Kernel {
        let mut kernel = self.rows.lower(plan, next);
        self.operands.apply(&mut kernel);
        kernel
    }
}

/// A lazy matrix: its operands on this rank, its shape, its device.
struct Tall<B: Backend> {
    mpi: Mpi<B>,
    shape: [usize; 2],
    operands: Operands,
}
impl<B: Backend> Tall<B> {
    fn of<E: Expr<Backend = Mpi<B>, Dim = Ix2>>(operation: &'static str, e: &Lazy<E>) -> Result<Self> {
        let shape = e.expr().shape()?;
        let mpi = e.expr().device()?.cloned().map_or_else(Mpi::default_device, Ok)?;
        let mut leaves = Leaves::default();
        e.expr().leaves(&shape, &mut leaves)?;
        let plan = Plan::elementwise(&shape, contiguous_strides::<Ix2>(&shape).as_ref(), leaves.irregular());
        if shape.contains(&0) {
            return Ok(Tall { mpi, shape, operands: Operands::none() });
        }
        let operands = Operands::of(&mpi.world, &mpi.device, operation, &e.expr().lower(&plan, &mut 0), &plan, None)?;
        if operands.plan.is_some() {
            return Err(refused(operation, "an operand whose sharded rows are not its first axis", FIRST));
        }
        if operands.split.as_ref().is_some_and(|split| split.axis != 0 || split.unit != 1) {
            return Err(refused(operation, "a matrix whose columns are sharded", "give the transpose"));
        }
        Ok(Tall { mpi, shape, operands })
    }
    fn layout(&self) -> Option<&Layout> {
        self.operands.split.as_ref().map(|split| &split.layout)
    }
    /// Some rows, which are on this rank.
    fn rows<'a, E: Expr<Backend = Mpi<B>, Dim = Ix2>>(&'a self, e: &'a Lazy<E>, rows: std::ops::Range<usize>) -> Result<Lazy<OnShard<'a, B, E>>> {
        Ok(Lazy::new(OnShard { rows: e.row_block(rows)?.into_expr(), device: &self.mpi.device, operands: &self.operands }))
    }
    fn whole<'a, E: Expr<Backend = Mpi<B>, Dim = Ix2>>(&'a self, e: &'a Lazy<E>) -> Result<Lazy<OnShard<'a, B, E>>> {
        self.rows(e, 0..self.shape[0])
    }
    /// A matrix of as many rows, of which each rank has made its own.
    fn sharded<T: Element>(&self, local: Array<B, T, Ix2>, shard: &Shard) -> Result<Array<Mpi<B>, T, Ix2>> {
        let columns = local.dims()[1];
        let local = if local.is_empty() { self.mpi.device.upload(vec![])? } else { local.buffer().clone() };
        let buffer = self.mpi.keep(local, Some(shard.clone()))?;
        // SAFETY: every rank has written its rows.
        unsafe { Array::from_buffer(&self.mpi, buffer, &[self.shape[0], columns]) }
    }
    fn replicated<T: Element, D: Dim>(&self, x: Array<B, T, D>) -> Array<Mpi<B>, T, D> {
        x.rewrap(&self.mpi, |b| MpiBuffer::replicated(b.clone()))
    }
}

/// A small matrix of each part, joined two by two.
fn matrix<B: Backend, T: Floating>(
    operation: &'static str,
    tall: &Tall<B>,
    layout: &Layout,
    [p, q]: [usize; 2],
    mut part: impl FnMut(std::ops::Range<usize>) -> Result<Array<B, T, Ix2>>,
    join: impl FnMut(B::Buffer<T>, B::Buffer<T>) -> Result<B::Buffer<T>>,
) -> Result<Array<Mpi<B>, T, Ix2>> {
    let part = |rows| {
        let x = part(rows)?.contiguous()?;
        tall.mpi.cut(x.buffer(), x.offset()..x.offset() + x.size())
    };
    let sign = signature(&[layout.rows(), p, q, size_of::<T>()]);
    let total = joined(&tall.mpi, operation, sign, layout, part, join)?;
    let total = total.ok_or_else(|| Error::value(operation, "no rows"))?;
    // SAFETY: the sum of matrices of this shape.
    unsafe { Array::from_buffer(&tall.mpi, MpiBuffer::replicated(total), &[p, q]) }
}

impl<B: Linalg<T>, T: Floating> Linalg<T> for Mpi<B> {
    fn svd(x: &On<Self, T>, basis: Basis) -> Result<(On<Self, T>, On<Self, T::Real>, On<Self, T>)> {
        if let (Some(tall), Basis::Thin) = (sharded(x)?, basis) {
            let (q, r) = tall.qr()?;
            let (u, s, vh) = Self::svd(&r.into_dyn(), basis)?;
            return Ok((q.matmul(&u.into_rank::<Ix2>()?)?.into_dyn(), s, vh));
        }
        let (local, layout) = bare(x, "svd")?;
        let (u, s, vh) = agreed(x.device(), "svd", &layout, B::svd(&local, basis))?;
        Ok((back(x.device(), u, &layout)?, back(x.device(), s, &layout)?, back(x.device(), vh, &layout)?))
    }
    fn svdvals(x: &On<Self, T>) -> Result<On<Self, T::Real>> {
        if let Some(tall) = sharded(x)? {
            return Self::svdvals(&tall.r(x)?);
        }
        let (local, layout) = bare(x, "svdvals")?;
        back(x.device(), agreed(x.device(), "svdvals", &layout, B::svdvals(&local))?, &layout)
    }
    fn eigh(x: &On<Self, T>) -> Result<(On<Self, T::Real>, On<Self, T>)> {
        let (local, layout) = bare(x, "eigh")?;
        let (w, v) = agreed(x.device(), "eigh", &layout, B::eigh(&local))?;
        Ok((back(x.device(), w, &layout)?, back(x.device(), v, &layout)?))
    }
    fn eigvalsh(x: &On<Self, T>) -> Result<On<Self, T::Real>> {
        let (local, layout) = bare(x, "eigvalsh")?;
        back(x.device(), agreed(x.device(), "eigvalsh", &layout, B::eigvalsh(&local))?, &layout)
    }
    fn qr(x: &On<Self, T>, basis: Basis) -> Result<(On<Self, T>, On<Self, T>)> {
        if let (Some(tall), Basis::Thin) = (sharded(x)?, basis) {
            let (q, r) = tall.qr()?;
            return Ok((q.into_dyn(), r.into_dyn()));
        }
        let (local, layout) = bare(x, "qr")?;
        let (q, r) = agreed(x.device(), "qr", &layout, B::qr(&local, basis))?;
        Ok((back(x.device(), q, &layout)?, back(x.device(), r, &layout)?))
    }
    fn qr_r(x: &On<Self, T>) -> Result<On<Self, T>> {
        if let Some(tall) = sharded(x)? {
            return tall.r(x);
        }
        let (local, layout) = bare(x, "qr_r")?;
        back(x.device(), agreed(x.device(), "qr_r", &layout, B::qr_r(&local))?, &layout)
    }
    fn cholesky(x: &On<Self, T>, factor: Triangle) -> Result<On<Self, T>> {
        let (local, layout) = bare(x, "cholesky")?;
        back(x.device(), agreed(x.device(), "cholesky", &layout, B::cholesky(&local, factor))?, &layout)
    }
    fn solve(a: &On<Self, T>, b: &On<Self, T>) -> Result<On<Self, T>> {
        let (left, right, layout) = pair(a, b, "solve")?;
        back(a.device(), agreed(a.device(), "solve", &layout, B::solve(&left, &right))?, &layout)
    }
    fn solve_triangular(a: &On<Self, T>, b: &On<Self, T>, form: Triangular) -> Result<On<Self, T>> {
        let (left, right, layout) = pair(a, b, "solve_triangular")?;
        back(a.device(), agreed(a.device(), "solve_triangular", &layout, B::solve_triangular(&left, &right, form))?, &layout)
    }
    fn inv(x: &On<Self, T>) -> Result<On<Self, T>> {
        let (local, layout) = bare(x, "inv")?;
        back(x.device(), agreed(x.device(), "inv", &layout, B::inv(&local))?, &layout)
    }
    fn slogdet(x: &On<Self, T>) -> Result<(On<Self, T>, On<Self, T::Real>)> {
        let (local, layout) = bare(x, "slogdet")?;
        let (sign, log) = agreed(x.device(), "slogdet", &layout, B::slogdet(&local))?;
        Ok((back(x.device(), sign, &layout)?, back(x.device(), log, &layout)?))
    }
    fn lu(x: &On<Self, T>) -> Result<(On<Self, i64>, On<Self, T>, On<Self, T>)> {
        let (local, layout) = bare(x, "lu")?;
        let (p, l, u) = agreed(x.device(), "lu", &layout, B::lu(&local))?;
        Ok((back(x.device(), p, &layout)?, back(x.device(), l, &layout)?, back(x.device(), u, &layout)?))
    }
    fn det(x: &On<Self, T>) -> Result<On<Self, T>> {
        let (local, layout) = bare(x, "det")?;
        back(x.device(), agreed(x.device(), "det", &layout, B::det(&local))?, &layout)
    }

    fn gram<E: Expr<Backend = Self, Elem = T, Dim = Ix2>>(e: &Lazy<E>) -> Result<Array<Self, T, Ix2>> {
        let tall = Tall::of("gram", e)?;
        let Some(layout) = tall.layout() else { return Ok(tall.replicated(B::gram(&tall.whole(e)?)?)) };
        let p = tall.shape[1];
        matrix("gram", &tall, layout, [p, p], |rows| B::gram(&tall.rows(e, rows)?), |a, b| sum(&tall.mpi, &a, &b))
    }

    fn cross<E, F>(a: &Lazy<E>, b: &Lazy<F>) -> Result<Array<Self, T, Ix2>>
    where
        E: Expr<Backend = Self, Elem = T, Dim = Ix2>,
        F: Expr<Backend = Self, Elem = T, Dim = Ix2>,
    {
        let (ta, tb) = (Tall::of("cross", a)?, Tall::of("cross", b)?);
        let ([n, p], [m, q]) = (ta.shape, tb.shape);
        if n != m {
            return Err(Error::shape("cross", &[m, q], format!("{n} rows")));
        }
        let layout = match (ta.layout(), tb.layout()) {
            (None, None) => return Ok(ta.replicated(B::cross(&ta.whole(a)?, &tb.whole(b)?)?)),
            (Some(x), Some(y)) if x != y => return Err(refused("cross", "rows that belong together lie on different ranks", crate::layout::RESHARD)),
            // A matrix that all ranks have has the rows that the other one has here.
            (Some(x), _) | (None, Some(x)) => x,
        };
        let part = |rows: std::ops::Range<usize>| B::cross(&ta.rows(a, rows.clone())?, &tb.rows(b, rows)?);
        matrix("cross", &ta, layout, [p, q], part, |a, b| sum(&ta.mpi, &a, &b))
    }

    fn project<E: Expr<Backend = Self, Elem = T, Dim = Ix2>>(e: &Lazy<E>, b: &Array<Self, T, Ix2>) -> Result<Array<Self, T, Ix2>> {
        let tall = Tall::of("project", e)?;
        let small = tall.mpi.whole(b.buffer(), "project")?;
        let small = b.rewrap(&tall.mpi.device, |_| small);
        let Some(layout) = tall.layout() else { return Ok(tall.replicated(B::project(&tall.whole(e)?, &small)?)) };
        let ([_, p], [inner, q]) = (tall.shape, small.shape());
        if inner != p {
            return Err(Error::shape("project", b.dims(), format!("{p} rows")));
        }
        let shard = Shard::new(&tall.mpi.world, layout.clone(), q);
        // Part by part: how a row is rounded may depend on those beside it.
        let mut out = Tiles::new(&tall.mpi.device, [shard.mine.len(), q])?;
        for rows in layout.my_parts(&tall.mpi.world) {
            out.push([rows.len(), q], &B::project(&tall.rows(e, rows)?, &small)?)?;
        }
        tall.sharded(out.finish()?, &shard)
    }

    fn matmul_top_k<E: Expr<Backend = Self, Elem = T, Dim = Ix2>>(
        e: &Lazy<E>,
        x: &Array<Self, T, Ix2>,
        bias: Option<&Array<Self, T, Ix1>>,
        k: usize,
        order: Order,
    ) -> Result<(Array<Self, T, Ix2>, Array<Self, i64, Ix2>)>
    where
        T: Float,
    {
        let tall = Tall::of("matmul_top_k", e)?;
        let (mpi, device) = (&tall.mpi, &tall.mpi.device);
        let small = mpi.whole(x.buffer(), "matmul_top_k")?;
        let small = x.rewrap(device, |_| small);
        let added = match bias {
            Some(bias) => {
                let added = mpi.whole(bias.buffer(), "matmul_top_k")?;
                Some(bias.rewrap(device, |_| added))
            }
            None => None,
        };
        let Some(layout) = tall.layout() else {
            let (values, at) = B::matmul_top_k(&tall.whole(e)?, &small, added.as_ref(), k, order)?;
            return Ok((tall.replicated(values), tall.replicated(at)));
        };
        let shard = Shard::new(&mpi.world, layout.clone(), k);
        let (mut values, mut places) = (Tiles::new(device, [shard.mine.len(), k])?, Tiles::new(device, [shard.mine.len(), k])?);
        // Part by part: how a row is rounded may depend on those beside it.
        for rows in layout.my_parts(&mpi.world) {
            let len = rows.len();
            let (value, at) = B::matmul_top_k(&tall.rows(e, rows)?, &small, added.as_ref(), k, order)?;
            values.push([len, k], &value)?;
            places.push([len, k], &at)?;
        }
        Ok((tall.sharded(values.finish()?, &shard)?, tall.sharded(places.finish()?, &shard)?))
    }

    /// The factors of the parts, two at a time (J. Demmel et al., "Communication-optimal parallel and sequential QR and LU
    /// factorizations", SIAM J. Sci. Comput. 34, 2012).
    fn tall_r<E: Expr<Backend = Self, Elem = T, Dim = Ix2>>(e: &Lazy<E>) -> Result<Array<Self, T, Ix2>> {
        let tall = Tall::of("tall_r", e)?;
        let Some(layout) = tall.layout() else { return Ok(tall.replicated(B::tall_r(&tall.whole(e)?)?)) };
        let p = tall.shape[1];
        let join = |a: B::Buffer<T>, b: B::Buffer<T>| {
            let (a, b): (Array<B, T, Ix2>, Array<B, T, Ix2>) = (tall.mpi.view(&a, &[p, p])?, tall.mpi.view(&b, &[p, p])?);
            let r = B::qr_r(&concat(&[a, b], 0)?.into_dyn())?.contiguous()?;
            tall.mpi.cut(r.buffer(), r.offset()..r.offset() + r.size())
        };
        matrix("tall_r", &tall, layout, [p, p], |rows| B::tall_r(&tall.rows(e, rows)?), join)
    }
}

impl<B: Eig<T>, T: Floating> Eig<T> for Mpi<B> {
    type Complex = B::Complex;
    fn eig(x: &On<Self, T>) -> Result<(On<Self, B::Complex>, On<Self, B::Complex>)> {
        let (local, layout) = bare(x, "eig")?;
        let (w, v) = agreed(x.device(), "eig", &layout, B::eig(&local))?;
        Ok((back(x.device(), w, &layout)?, back(x.device(), v, &layout)?))
    }
    fn eigvals(x: &On<Self, T>) -> Result<On<Self, B::Complex>> {
        let (local, layout) = bare(x, "eigvals")?;
        back(x.device(), agreed(x.device(), "eigvals", &layout, B::eigvals(&local))?, &layout)
    }
}
