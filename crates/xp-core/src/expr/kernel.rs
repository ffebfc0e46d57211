//! What a backend runs: expression trees over addresses and strides.
//!
//! A kernel produces its elements in chunks of [`CHUNK`]. [`Kernel::fill`] makes a chunk available (operands that are
//! not contiguous are packed into a small buffer, functions with a slow path are computed and repaired), then
//! [`Kernel::get`] is a pure function of the position in the chunk: the loop over a chunk has a constant length and only
//! contiguous reads, which is what the compiler vectorises.

use xp_terms::prefetch;

use super::plan::{Plan, Walk};
use super::program::{LeafKind, Program, Value};
use crate::axis_vec::AxisVec;
use crate::dim::MAX_NDIM;
use crate::dtype::{Element, Promote};
use crate::math::Isa;
use crate::ops::{BinaryOp, TernaryOp, UnaryOp};

/// Number of elements that a kernel produces at a time.
pub const CHUNK: usize = 64;

/// A position in a chunk: always below [`CHUNK`]. Nothing else can make one.
///
/// ```
/// use xp_core::expr::{CHUNK, InChunk};
/// assert_eq!(InChunk::all().map(InChunk::get).collect::<Vec<_>>(), (0..CHUNK).collect::<Vec<_>>());
/// ```
/// ```compile_fail,E0423
/// let _ = xp_core::expr::InChunk(1 << 40);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InChunk(usize);

impl InChunk {
    /// Every position, in order.
    #[inline(always)]
    pub fn all() -> impl Iterator<Item = InChunk> {
        (0..CHUNK).map(InChunk)
    }

    /// The position as a number.
    #[inline(always)]
    #[must_use]
    pub fn get(self) -> usize {
        self.0
    }
}

/// An expression over device addresses.
///
/// # Safety
/// `get` may only read what `fill` prepared, and `fill` only the elements of its leaves that the plan names.
pub unsafe trait Kernel: Clone + Send + Sync + 'static {
    /// What it produces.
    type Elem: Element;

    /// Goes to the row at `index`, the position along all axes of the plan but the last.
    ///
    /// # Safety
    /// The position must be inside the plan the kernel was lowered for.
    unsafe fn seek(&mut self, index: &[usize]);

    /// Makes the elements `start..start + len` of the row available as chunk positions `0..len`.
    ///
    /// # Safety
    /// `len <= CHUNK`, the elements must be inside the row, and the leaves' memory must be alive and readable.
    unsafe fn fill<I: Isa>(&mut self, start: usize, len: usize);

    /// As [`Kernel::fill`], but [`Kernel::get`] may then be called for the positions `0..len` only: what lies in memory as
    /// it is needed is not copied, and nothing is computed that is not asked for.
    ///
    /// # Safety
    /// As for [`Kernel::fill`].
    #[inline(always)]
    unsafe fn fill_part<I: Isa>(&mut self, start: usize, len: usize) {
        // SAFETY: passed on.
        unsafe { self.fill::<I>(start, len) }
    }

    /// The element at position `j` of the chunk; meaningless, but not undefined, from `len` on.
    ///
    /// # Safety
    /// `j < CHUNK`, or `j < len` after `fill_part`, and one of the two must have been called since the kernel was last moved.
    unsafe fn get<I: Isa>(&self, j: usize) -> Self::Elem;

    /// Moves every operand by `by` positions along an axis of the plan: position 0 is then the former position `by`. With
    /// [`Plan::narrowed`] it makes the kernel and the plan of a whole array those of a part, for a backend that holds parts only.
    ///
    /// Where the plan [is walked as one row](Plan::is_flat), the axis is the first one.
    fn advance(&mut self, axis: usize, by: usize);

    /// From now on [`Kernel::fill`] asks the memory for what lies `by` positions further along an axis of the plan than the chunk,
    /// where that is as contiguous as the chunk: a hint, for passes over more than the caches hold.
    fn look_ahead(&mut self, _axis: usize, _by: usize) {}

    /// Walks the operands as `plan` does, another plan over the same positions than the one that the kernel was lowered for;
    /// `next` is the number of its first leaf, and becomes that of the one after its last. With [`Plan::split`] and
    /// [`Plan::restrided`] a backend walks operands that lie elsewhere than their strides say.
    fn replan(&mut self, plan: &Plan, next: &mut usize);

    /// Replaces every address by `map(address)`: how a backend turns its handles into pointers.
    fn rebase(&mut self, map: &dyn Fn(*const u8) -> *const u8);

    /// Adds the computation to a program, and says which value is its result. All but what leaves hold depends on the type
    /// of the kernel alone.
    fn emit(&self, to: &mut Program) -> Value;

    /// The address of the operand and its strides along the axes of the plan, when the kernel copies one operand and does nothing else.
    fn as_copy(&self) -> Option<(*const Self::Elem, &[isize])> {
        None
    }

    /// The first element of the row it is at, when it reads one operand whose neighbours in the row are neighbours in memory, and
    /// does nothing else: loops over them need no [`Kernel::fill`] then, and no state but an address.
    #[inline(always)]
    fn as_row(&self) -> Option<*const Self::Elem> {
        None
    }
}

/// A chunk's worth of packed elements, allocated when first needed.
#[derive(Clone, Debug)]
struct Scratch<T, const N: usize = CHUNK>(Option<Box<[T; N]>>);
impl<T: Element, const N: usize> Scratch<T, N> {
    /// The elements, at first all equal to what `any` gives. (Not to a constant zero: zeroed memory is slow to get in small pieces.)
    #[inline(always)]
    fn get(&mut self, any: impl FnOnce() -> T) -> &mut [T; N] {
        self.0.get_or_insert_with(|| Box::new([any(); N]))
    }
}

/// Asks for the cache lines of a chunk.
#[inline(always)]
fn prefetch_chunk<T>(chunk: *const T) {
    const LINE: usize = 64;
    for line in 0..(CHUNK * size_of::<T>()).div_ceil(LINE) {
        prefetch(chunk.wrapping_byte_add(line * LINE));
    }
}

/// An array operand.
#[derive(Clone, Debug)]
pub struct Load<T> {
    base: *const T,
    row: *const T,
    /// The packed or direct chunk; null before the first one of a row.
    chunk: *const T,
    walk: AxisVec<isize>,
    mode: Mode<T>,
    /// The way to what will be read soon; 0 if nothing is asked for.
    ahead: isize,
    scratch: Scratch<T>,
}
#[derive(Clone, Debug)]
enum Mode<T> {
    /// Neighbours in the row are neighbours in memory.
    Direct,
    /// One element for the whole row.
    Constant,
    /// A fixed distance between neighbours in the row.
    Strided(isize),
    /// The plan is walked as one row, along which the operand repeats itself: every chunk is a part of so many elements repeated.
    Periodic(usize, AxisVec<usize>, Scratch<T, { 2 * CHUNK }>),
    /// The plan is walked as one row, but this operand is not contiguous: positions come from the plan's shape.
    Gather(AxisVec<usize>),
}
// SAFETY: a leaf only reads, and the caller of `fill` vouches for the memory.
unsafe impl<T: Send> Send for Load<T> {}
// SAFETY: as above; `&Load` gives no access to the memory without an unsafe call.
unsafe impl<T: Sync> Sync for Load<T> {}

impl<T: Element> Load<T> {
    /// The operand that starts at `base` and is walked as leaf `k` of `plan`.
    ///
    /// # Safety
    /// Every position of the plan must be an element of the operand, which must outlive the kernel.
    #[inline]
    pub unsafe fn new(base: *const T, plan: &Plan, k: usize) -> Self {
        Self::walked(base.wrapping_offset(plan.start(k)), plan, k)
    }

    /// The operand whose first element that is read is `base`.
    #[inline]
    fn walked(base: *const T, plan: &Plan, k: usize) -> Self {
        let walk = AxisVec::from(&plan.leaf(k)[..plan.shape().len()]);
        let shape = plan.shape();
        let mode = if !plan.is_flat() {
            match walk[shape.len() - 1] {
                1 => Mode::Direct,
                0 => Mode::Constant,
                s => Mode::Strided(s),
            }
        } else if crate::shape::is_contiguous(shape, &walk) {
            Mode::Direct
        } else if walk.iter().all(|&s| s == 0) {
            Mode::Constant
        } else {
            let repeated = walk.iter().take_while(|&&s| s == 0).count();
            match shape[repeated..].iter().product::<usize>() {
                period @ ..=CHUNK if repeated > 0 => Mode::Periodic(period, shape.into(), Scratch(None)),
                _ => Mode::Gather(shape.into()),
            }
        };
        Load { base, row: base, chunk: core::ptr::null(), walk, mode, ahead: 0, scratch: Scratch(None) }
    }
}

// SAFETY: reads only positions of the plan, through `base`.
unsafe impl<T: Element> Kernel for Load<T> {
    type Elem = T;

    #[inline]
    unsafe fn seek(&mut self, index: &[usize]) {
        let offset: isize = index.iter().zip(&self.walk).map(|(&i, &s)| i as isize * s).sum();
        self.row = self.base.wrapping_offset(offset);
        self.chunk = core::ptr::null();
    }

    #[inline(always)]
    unsafe fn fill<I: Isa>(&mut self, start: usize, len: usize) {
        if let Mode::Direct = self.mode
            && len == CHUNK
        {
            self.chunk = self.row.wrapping_add(start);
            if self.ahead != 0 {
                prefetch_chunk(self.chunk.wrapping_offset(self.ahead));
            }
            return;
        }
        // The chunk of a constant serves the whole row.
        if let Mode::Constant = self.mode
            && !self.chunk.is_null()
        {
            return;
        }
        if let Mode::Periodic(period, shape, scratch) = &mut self.mode {
            if self.chunk.is_null() {
                // SAFETY: the caller keeps the memory alive, and a period is inside the plan.
                unsafe { repeat(self.base, shape, &self.walk, *period, scratch) };
            }
            if let Some(repeated) = &scratch.0 {
                // A chunk that begins inside the first period, which is not longer than a chunk, is inside two chunks.
                self.chunk = repeated[start % *period..].as_ptr();
            }
            return;
        }
        // SAFETY: the caller keeps `start + len` inside the row and the memory alive. Nothing else is read: the start of the row
        // may be the memory of somebody else, or nobody's, so the way from there to the first element wraps.
        unsafe {
            let (base, row, walk) = (self.base, self.row, &self.walk);
            let to = self.scratch.get(|| match &self.mode {
                Mode::Direct => *row.wrapping_add(start),
                Mode::Constant => *row,
                Mode::Strided(step) => *row.wrapping_offset(start as isize * step),
                Mode::Periodic(_, shape, _) | Mode::Gather(shape) => {
                    let mut one = [T::default()];
                    gather(base, shape, walk, start, &mut one);
                    one[0]
                }
            });
            match &self.mode {
                Mode::Direct => core::ptr::copy_nonoverlapping(self.row.wrapping_add(start), to.as_mut_ptr(), len),
                Mode::Constant => *to = [*self.row; CHUNK],
                Mode::Strided(step) => {
                    let from = self.row.wrapping_offset(start as isize * step);
                    for (j, slot) in to[..len].iter_mut().enumerate() {
                        *slot = *from.offset(j as isize * step);
                    }
                }
                Mode::Periodic(_, shape, _) | Mode::Gather(shape) => gather(self.base, shape, &self.walk, start, &mut to[..len]),
            }
            self.chunk = to.as_ptr();
        }
    }

    #[inline(always)]
    unsafe fn fill_part<I: Isa>(&mut self, start: usize, len: usize) {
        if let Mode::Direct = self.mode {
            self.chunk = self.row.wrapping_add(start);
            return;
        }
        // SAFETY: passed on.
        unsafe { self.fill::<I>(start, len) }
    }

    #[inline(always)]
    unsafe fn get<I: Isa>(&self, j: usize) -> T {
        // SAFETY: `fill` left CHUNK readable elements at `chunk`.
        unsafe { *self.chunk.add(j) }
    }

    fn advance(&mut self, axis: usize, by: usize) {
        self.base = self.base.wrapping_offset((by as isize).wrapping_mul(self.walk[axis]));
        self.row = self.base;
        self.chunk = core::ptr::null();
    }

    fn look_ahead(&mut self, axis: usize, by: usize) {
        self.ahead = (by as isize).wrapping_mul(self.walk[axis]);
    }

    fn replan(&mut self, plan: &Plan, next: &mut usize) {
        *next += 1;
        *self = Load::walked(self.base, plan, *next - 1);
    }

    fn rebase(&mut self, map: &dyn Fn(*const u8) -> *const u8) {
        self.base = map(self.base.cast()).cast();
        self.row = self.base;
        self.chunk = core::ptr::null();
    }

    fn emit(&self, to: &mut Program) -> Value {
        to.leaf(T::DTYPE, LeafKind::Array(self.base.addr(), wide(&self.walk)))
    }

    fn as_copy(&self) -> Option<(*const T, &[isize])> {
        Some((self.base, &self.walk))
    }

    #[inline(always)]
    fn as_row(&self) -> Option<*const T> {
        matches!(self.mode, Mode::Direct).then_some(self.row)
    }
}

/// Reads `to.len()` elements from the row-major position `start` on.
///
/// # Safety
/// The positions must be inside `shape`, and `base` with `walk` readable there.
unsafe fn gather<T: Copy>(base: *const T, shape: &[usize], walk: &[isize], start: usize, to: &mut [T]) {
    let last = shape.len() - 1;
    let mut index = [0usize; MAX_NDIM];
    let mut rest = start;
    for k in (0..=last).rev() {
        index[k] = rest % shape[k];
        rest /= shape[k];
    }
    let mut offset: isize = index.iter().zip(walk).map(|(&i, &s)| i as isize * s).sum();
    let mut to = to;
    while !to.is_empty() {
        // To the end of the innermost axis.
        let (run, after) = to.split_at_mut((shape[last] - index[last]).min(to.len()));
        // The start may be nobody's memory.
        let from = base.wrapping_offset(offset);
        // SAFETY: the run is inside `shape`, and `from` is its first element.
        unsafe {
            match walk[last] {
                0 => run.fill(*from),
                1 => run.iter_mut().enumerate().for_each(|(j, slot)| *slot = *from.add(j)),
                s => run.iter_mut().enumerate().for_each(|(j, slot)| *slot = *from.offset(j as isize * s)),
            }
        }
        to = after;
        let mut k = last;
        index[k] += run.len();
        offset += walk[k] * run.len() as isize;
        while index[k] == shape[k] && k > 0 {
            offset -= walk[k] * shape[k] as isize;
            index[k] = 0;
            k -= 1;
            index[k] += 1;
            offset += walk[k];
        }
    }
}

/// Packs the first `period` elements in row-major order, again and again.
///
/// # Safety
/// As for [`gather`].
#[cold]
unsafe fn repeat<T: Element>(base: *const T, shape: &[usize], walk: &[isize], period: usize, scratch: &mut Scratch<T, { 2 * CHUNK }>) {
    // SAFETY: the first position is inside the plan.
    let to = scratch.get(|| unsafe { *base });
    // SAFETY: by the caller.
    unsafe { gather(base, shape, walk, 0, &mut to[..period]) };
    for j in period..to.len() {
        to[j] = to[j - period];
    }
}

/// Strides along the axes of a plan, with zeros along those that it does not have.
fn wide(strides: &[isize]) -> Walk {
    let mut walk = [0; MAX_NDIM];
    walk[..strides.len()].copy_from_slice(strides);
    walk
}

/// A scalar operand.
#[derive(Clone, Copy, Debug)]
pub struct Constant<T>(pub T);

// SAFETY: reads no memory.
unsafe impl<T: Element> Kernel for Constant<T> {
    type Elem = T;
    #[inline(always)]
    unsafe fn seek(&mut self, _: &[usize]) {}
    #[inline(always)]
    unsafe fn fill<I: Isa>(&mut self, _: usize, _: usize) {}
    #[inline(always)]
    unsafe fn get<I: Isa>(&self, _: usize) -> T {
        self.0
    }
    fn advance(&mut self, _: usize, _: usize) {}
    fn replan(&mut self, _: &Plan, _: &mut usize) {}
    fn rebase(&mut self, _: &dyn Fn(*const u8) -> *const u8) {}
    fn emit(&self, to: &mut Program) -> Value {
        to.scalar(self.0)
    }
}

/// An operand without memory: an integer that grows by a fixed step along each axis.
#[derive(Clone, Debug)]
pub struct Position {
    start: i64,
    row: i64,
    chunk: [i64; CHUNK],
    step: i64,
    walk: AxisVec<isize>,
    flat: Option<AxisVec<usize>>,
}
impl Position {
    /// `start` plus the strides of leaf `k` of `plan`.
    pub fn new(start: i64, plan: &Plan, k: usize) -> Self {
        Self::walked(start.wrapping_add(plan.start(k) as i64), plan, k)
    }

    /// The operand that is `start` at the first position.
    fn walked(start: i64, plan: &Plan, k: usize) -> Self {
        let walk = AxisVec::from(&plan.leaf(k)[..plan.shape().len()]);
        let step = walk[plan.shape().len() - 1] as i64;
        let flat = plan.is_flat().then(|| plan.shape().into());
        Position { start, row: start, chunk: [0; CHUNK], step, walk, flat }
    }
}
// SAFETY: reads no memory.
unsafe impl Kernel for Position {
    type Elem = i64;
    #[inline]
    unsafe fn seek(&mut self, index: &[usize]) {
        let steps = index.iter().zip(&self.walk);
        self.row = steps.fold(self.start, |at, (&i, &s)| at.wrapping_add((i as i64).wrapping_mul(s as i64)));
    }
    #[inline(always)]
    unsafe fn fill<I: Isa>(&mut self, start: usize, len: usize) {
        match &self.flat {
            None => {
                let first = self.row.wrapping_add((start as i64).wrapping_mul(self.step));
                for (j, slot) in self.chunk.iter_mut().enumerate() {
                    *slot = first.wrapping_add((j as i64).wrapping_mul(self.step));
                }
            }
            Some(shape) => {
                for (j, slot) in self.chunk[..len].iter_mut().enumerate() {
                    let mut rest = start + j;
                    *slot = self.start;
                    for k in (0..shape.len()).rev() {
                        *slot = slot.wrapping_add(((rest % shape[k]) as i64).wrapping_mul(self.walk[k] as i64));
                        rest /= shape[k];
                    }
                }
            }
        }
    }
    #[inline(always)]
    unsafe fn get<I: Isa>(&self, j: usize) -> i64 {
        self.chunk[j & (CHUNK - 1)]
    }
    fn advance(&mut self, axis: usize, by: usize) {
        self.start = self.start.wrapping_add((by as i64).wrapping_mul(self.walk[axis] as i64));
        self.row = self.start;
    }
    fn replan(&mut self, plan: &Plan, next: &mut usize) {
        *next += 1;
        *self = Position::walked(self.start, plan, *next - 1);
    }
    fn rebase(&mut self, _: &dyn Fn(*const u8) -> *const u8) {}
    fn emit(&self, to: &mut Program) -> Value {
        to.leaf(i64::DTYPE, LeafKind::Counter(self.start, wide(&self.walk)))
    }
}

/// An array operand whose position along the first axis is looked up in an index array: `x[indices[i], ...]`.
#[derive(Clone, Debug)]
pub struct LoadRows<T> {
    load: Load<T>,
    indices: *const i64,
    index_step: isize,
}
// SAFETY: as for `Load`.
unsafe impl<T: Send> Send for LoadRows<T> {}
// SAFETY: as for `Load`.
unsafe impl<T: Sync> Sync for LoadRows<T> {}
impl<T: Element> LoadRows<T> {
    /// Rows of `base`, walked as leaf `k` of `plan`, in the order of `indices`. The indices must have been checked.
    ///
    /// # Safety
    /// As for [`Load::new`], every index must be inside the operand's first axis, and axis 0 of the plan that of the indices.
    pub unsafe fn new(base: *const T, indices: *const i64, index_step: isize, plan: &Plan, k: usize) -> Self {
        let indices = indices.wrapping_offset(plan.start(k) * index_step);
        LoadRows { load: Load::walked(base, plan, k), indices, index_step }
    }
}
// SAFETY: the indices were checked against the operand's first axis when the expression was built.
unsafe impl<T: Element> Kernel for LoadRows<T> {
    type Elem = T;
    #[inline]
    unsafe fn seek(&mut self, index: &[usize]) {
        let (first, rest) = index.split_first().unwrap_or((&0, &[]));
        // SAFETY: `first` is inside the index array, whose length is the plan's first axis.
        let row = unsafe { *self.indices.wrapping_offset(*first as isize * self.index_step) };
        let mut offset = row as isize * self.load.walk[0];
        for (&i, &s) in rest.iter().zip(&self.load.walk[1..]) {
            offset += i as isize * s;
        }
        self.load.row = self.load.base.wrapping_offset(offset);
        self.load.chunk = core::ptr::null();
    }
    #[inline(always)]
    unsafe fn fill<I: Isa>(&mut self, start: usize, len: usize) {
        // SAFETY: passed on.
        unsafe { self.load.fill::<I>(start, len) }
    }
    #[inline(always)]
    unsafe fn fill_part<I: Isa>(&mut self, start: usize, len: usize) {
        // SAFETY: passed on.
        unsafe { self.load.fill_part::<I>(start, len) }
    }
    #[inline(always)]
    unsafe fn get<I: Isa>(&self, j: usize) -> T {
        // SAFETY: passed on.
        unsafe { self.load.get::<I>(j) }
    }
    fn advance(&mut self, axis: usize, by: usize) {
        if axis == 0 {
            self.indices = self.indices.wrapping_offset((by as isize).wrapping_mul(self.index_step));
        } else {
            self.load.advance(axis, by);
        }
    }
    fn replan(&mut self, plan: &Plan, next: &mut usize) {
        self.load.replan(plan, next);
    }
    fn rebase(&mut self, map: &dyn Fn(*const u8) -> *const u8) {
        self.load.rebase(map);
        self.indices = map(self.indices.cast()).cast();
    }
    fn emit(&self, to: &mut Program) -> Value {
        let (address, indices) = (self.load.base.addr(), self.indices.addr());
        to.leaf(T::DTYPE, LeafKind::Rows { address, walk: wide(&self.load.walk), indices, index_step: self.index_step })
    }
}

/// One operand under an operation.
#[derive(Clone, Debug)]
pub struct MapKernel<Op, E, O> {
    op: Op,
    arg: E,
    repaired: Scratch<O>,
}
impl<Op, E, O> MapKernel<Op, E, O> {
    pub(super) fn new(op: Op, arg: E) -> Self {
        MapKernel { op, arg, repaired: Scratch(None) }
    }
}
impl<Op: UnaryOp<E::Elem>, E: Kernel> MapKernel<Op, E, Op::Out> {
    /// Computes the first `count` elements of the chunk where the operation has a slow path, and takes it for those of the
    /// first `len` that need it.
    ///
    /// # Safety
    /// The operand must have been filled for `count` positions.
    #[inline(always)]
    unsafe fn repair<I: Isa>(&mut self, count: usize, len: usize) {
        if !Op::REPAIRS {
            return;
        }
        // SAFETY: by the caller; there is at least one position.
        let first = self.op.apply::<I>(unsafe { self.arg.get::<I>(0) });
        let out = self.repaired.get(|| first);
        let mut bad = false;
        for (j, slot) in out[..count].iter_mut().enumerate() {
            // SAFETY: by the caller.
            let x = unsafe { self.arg.get::<I>(j) };
            bad |= self.op.needs_repair(x);
            *slot = self.op.apply::<I>(x);
        }
        if bad {
            for (j, slot) in out[..len].iter_mut().enumerate() {
                // SAFETY: by the caller, as `len` is at most `count`.
                *slot = self.op.repair(unsafe { self.arg.get::<I>(j) }, *slot);
            }
        }
    }
}
// SAFETY: reads what its operand reads.
unsafe impl<Op: UnaryOp<E::Elem>, E: Kernel> Kernel for MapKernel<Op, E, Op::Out> {
    type Elem = Op::Out;
    #[inline]
    unsafe fn seek(&mut self, index: &[usize]) {
        // SAFETY: passed on.
        unsafe { self.arg.seek(index) }
    }
    #[inline(always)]
    unsafe fn fill<I: Isa>(&mut self, start: usize, len: usize) {
        // SAFETY: passed on; `get` follows `fill` without a move.
        unsafe {
            self.arg.fill::<I>(start, len);
            self.repair::<I>(CHUNK, len);
        }
    }
    #[inline(always)]
    unsafe fn fill_part<I: Isa>(&mut self, start: usize, len: usize) {
        // SAFETY: passed on; `get` follows `fill_part` without a move.
        unsafe {
            self.arg.fill_part::<I>(start, len);
            self.repair::<I>(len, len);
        }
    }
    #[inline(always)]
    unsafe fn get<I: Isa>(&self, j: usize) -> Op::Out {
        if Op::REPAIRS {
            match &self.repaired.0 {
                Some(chunk) => chunk[j & (CHUNK - 1)],
                None => Op::Out::default(),
            }
        } else {
            // SAFETY: passed on.
            self.op.apply::<I>(unsafe { self.arg.get::<I>(j) })
        }
    }
    fn advance(&mut self, axis: usize, by: usize) {
        self.arg.advance(axis, by);
    }
    fn look_ahead(&mut self, axis: usize, by: usize) {
        self.arg.look_ahead(axis, by);
    }
    fn replan(&mut self, plan: &Plan, next: &mut usize) {
        self.arg.replan(plan, next);
    }
    fn rebase(&mut self, map: &dyn Fn(*const u8) -> *const u8) {
        self.arg.rebase(map);
    }
    fn emit(&self, to: &mut Program) -> Value {
        let x = self.arg.emit(to);
        to.call(Op::NAME, Op::DEVICE, &[x], &self.op.parameters(), Op::Out::DTYPE)
    }
}

/// Two operands under an operation, promoted to one dtype.
#[derive(Clone, Debug)]
pub struct ZipKernel<Op, L, R>(pub(super) Op, pub(super) L, pub(super) R);
// SAFETY: reads what its operands read.
unsafe impl<Op, L: Kernel, R: Kernel> Kernel for ZipKernel<Op, L, R>
where
    L::Elem: Promote<R::Elem>,
    Op: BinaryOp<<L::Elem as Promote<R::Elem>>::Output>,
{
    type Elem = Op::Out;
    #[inline]
    unsafe fn seek(&mut self, index: &[usize]) {
        // SAFETY: passed on.
        unsafe {
            self.1.seek(index);
            self.2.seek(index);
        }
    }
    #[inline(always)]
    unsafe fn fill<I: Isa>(&mut self, start: usize, len: usize) {
        // SAFETY: passed on.
        unsafe {
            self.1.fill::<I>(start, len);
            self.2.fill::<I>(start, len);
        }
    }
    #[inline(always)]
    unsafe fn fill_part<I: Isa>(&mut self, start: usize, len: usize) {
        // SAFETY: passed on.
        unsafe {
            self.1.fill_part::<I>(start, len);
            self.2.fill_part::<I>(start, len);
        }
    }
    #[inline(always)]
    unsafe fn get<I: Isa>(&self, j: usize) -> Op::Out {
        // SAFETY: passed on.
        let (x, y) = unsafe { (self.1.get::<I>(j), self.2.get::<I>(j)) };
        self.0.apply::<I>(<L::Elem as Promote<R::Elem>>::promote_left(x), <L::Elem as Promote<R::Elem>>::promote_right(y))
    }
    fn advance(&mut self, axis: usize, by: usize) {
        self.1.advance(axis, by);
        self.2.advance(axis, by);
    }
    fn look_ahead(&mut self, axis: usize, by: usize) {
        self.1.look_ahead(axis, by);
        self.2.look_ahead(axis, by);
    }
    fn replan(&mut self, plan: &Plan, next: &mut usize) {
        self.1.replan(plan, next);
        self.2.replan(plan, next);
    }
    fn rebase(&mut self, map: &dyn Fn(*const u8) -> *const u8) {
        self.1.rebase(map);
        self.2.rebase(map);
    }
    fn emit(&self, to: &mut Program) -> Value {
        let promoted = <L::Elem as Promote<R::Elem>>::Output::DTYPE;
        let x = self.1.emit(to);
        let x = to.convert(x, promoted);
        let y = self.2.emit(to);
        let y = to.convert(y, promoted);
        to.call(Op::NAME, Op::DEVICE, &[x, y], &self.0.parameters(), Op::Out::DTYPE)
    }
}

/// Three operands under an operation; the last two have one dtype.
#[derive(Clone, Debug)]
pub struct Zip3Kernel<Op, C, L, R>(pub(super) Op, pub(super) C, pub(super) L, pub(super) R);
// SAFETY: reads what its operands read.
unsafe impl<Op, C: Kernel, L: Kernel, R: Kernel> Kernel for Zip3Kernel<Op, C, L, R>
where
    L::Elem: Promote<R::Elem>,
    Op: TernaryOp<C::Elem, <L::Elem as Promote<R::Elem>>::Output>,
{
    type Elem = <L::Elem as Promote<R::Elem>>::Output;
    #[inline]
    unsafe fn seek(&mut self, index: &[usize]) {
        // SAFETY: passed on.
        unsafe {
            self.1.seek(index);
            self.2.seek(index);
            self.3.seek(index);
        }
    }
    #[inline(always)]
    unsafe fn fill<I: Isa>(&mut self, start: usize, len: usize) {
        // SAFETY: passed on.
        unsafe {
            self.1.fill::<I>(start, len);
            self.2.fill::<I>(start, len);
            self.3.fill::<I>(start, len);
        }
    }
    #[inline(always)]
    unsafe fn fill_part<I: Isa>(&mut self, start: usize, len: usize) {
        // SAFETY: passed on.
        unsafe {
            self.1.fill_part::<I>(start, len);
            self.2.fill_part::<I>(start, len);
            self.3.fill_part::<I>(start, len);
        }
    }
    #[inline(always)]
    unsafe fn get<I: Isa>(&self, j: usize) -> Self::Elem {
        // SAFETY: passed on.
        let (c, x, y) = unsafe { (self.1.get::<I>(j), self.2.get::<I>(j), self.3.get::<I>(j)) };
        self.0.apply::<I>(c, <L::Elem as Promote<R::Elem>>::promote_left(x), <L::Elem as Promote<R::Elem>>::promote_right(y))
    }
    fn advance(&mut self, axis: usize, by: usize) {
        self.1.advance(axis, by);
        self.2.advance(axis, by);
        self.3.advance(axis, by);
    }
    fn look_ahead(&mut self, axis: usize, by: usize) {
        self.1.look_ahead(axis, by);
        self.2.look_ahead(axis, by);
        self.3.look_ahead(axis, by);
    }
    fn replan(&mut self, plan: &Plan, next: &mut usize) {
        self.1.replan(plan, next);
        self.2.replan(plan, next);
        self.3.replan(plan, next);
    }
    fn rebase(&mut self, map: &dyn Fn(*const u8) -> *const u8) {
        self.1.rebase(map);
        self.2.rebase(map);
        self.3.rebase(map);
    }
    fn emit(&self, to: &mut Program) -> Value {
        let c = self.1.emit(to);
        let x = self.2.emit(to);
        let x = to.convert(x, Self::Elem::DTYPE);
        let y = self.3.emit(to);
        let y = to.convert(y, Self::Elem::DTYPE);
        to.call(Op::NAME, Op::DEVICE, &[c, x, y], &self.0.parameters(), Self::Elem::DTYPE)
    }
}
