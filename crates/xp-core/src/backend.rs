//! What a backend must do. About fifteen methods, each generic over an operation type: adding an operation adds no
//! method, and no bound to user code.

use core::fmt::{Debug, Display};
use core::ops::Range;

use crate::dtype::{DType, Element, Float, Num, Real};
use crate::error::{Error, Result};
use crate::expr::{Kernel, Plan};
use crate::mergeable::Mergeable;
use crate::reduction::{Outputs, Reduction};
use crate::shape::size_of_shape;

/// A place to store and compute arrays. A value of the type is a device: `Cpu`, or one of several GPUs.
///
/// User code names it as a bound, `B: Backend`, and calls nothing here: the functions of the standard are methods of
/// [`Array`](crate::Array).
///
/// # Safety
/// A buffer must hold as many elements as were asked for, a result every element that its documentation promises, and
/// `is_unique` may only be true of a buffer that has no other handle: safe code relies on it.
///
/// A method that is not `unsafe` must be sound for any arguments, and leave every other handle to a buffer as it was: it
/// checks lanes and lengths against the buffers ([`Lanes::check`] and its kin), and answers what does not fit with an error
/// or a panic. An `unsafe` method may trust what its documentation asks of the caller.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a backend of xp", note = "backends: `Cpu`, `Cuda`")]
pub unsafe trait Backend: Clone + PartialEq + Debug + Display + Send + Sync + 'static {
    /// The name for messages.
    const NAME: &'static str;
    /// The widest float it has.
    type MaxFloat: Float;
    /// Memory for elements. A clone is another handle to the same memory.
    type Buffer<T: Element>: Clone + Debug + Send + Sync + 'static;

    /// Whether the result of an elementwise expression lies as its operands do where these agree on an order of axes, so that reads and
    /// writes are of neighbours. Otherwise results are in row-major order, which the slices and iterators of the host are for.
    const KEEPS_ORDER: bool = false;

    /// The device to use when none is named.
    ///
    /// # Errors
    /// When there is no such device on this machine.
    fn default_device() -> Result<Self>;

    /// Every device of this machine.
    fn devices() -> Vec<Self> {
        Self::default_device().into_iter().collect()
    }

    /// Elements of the blocks of rows that a pass over a matrix goes in: few enough to stay in a cache, many enough to feed a
    /// matrix product that every thread works on.
    const BLOCK: usize = 1 << 17;

    /// Rows of such a block, of a matrix with `cols` columns.
    #[must_use]
    fn block_rows(cols: usize) -> usize {
        (Self::BLOCK / cols.max(1)).max(64)
    }

    /// Rows of a block that one part of [`Backend::map_parts`] goes through at a time, with `cols` elements for each of them: where
    /// parts are shared by threads, few enough for the cache of one.
    #[must_use]
    fn part_rows(cols: usize) -> usize {
        Self::block_rows(cols)
    }

    /// The values of `f` for every part of some work, in order. A backend whose work is done by threads of the host lets each of
    /// them do parts of its own, if there are enough, and runs what `f` calls on that thread.
    fn map_parts<R: Send>(&self, parts: usize, f: impl Fn(usize) -> R + Sync) -> Vec<R> {
        (0..parts).map(f).collect()
    }

    /// What `part` makes of the rows `0..rows`, of arrays that lie as the one in the memory `like`. A backend whose rows lie on several
    /// machines calls it for ranges of them, on the machine that has them, and joins what it gives: `part` reads those rows of its
    /// arrays, and other arrays that every machine has, and writes none but its own.
    ///
    /// # Errors
    /// Those of `part`, of `join`, and of what is between machines.
    fn fold_rows<T: Element, S: Mergeable<Self>>(
        &self,
        _like: &Self::Buffer<T>,
        rows: usize,
        part: impl Fn(Range<usize>) -> Result<S> + Sync,
        _join: impl FnMut(S, S) -> Result<S>,
    ) -> Result<S> {
        part(0..rows)
    }

    /// The numbers that `task` finds for `0..tasks`, or `None` where it fails. It reads the array in the memory `like` and others that lie
    /// alike. A backend of several machines lets each of them do some of the tasks, if all of them have the array, and none has to wait
    /// for the others in the middle of a task: such a task fails.
    ///
    /// # Errors
    /// Those of what is between machines.
    fn share_tasks<T: Element>(&self, _like: &Self::Buffer<T>, tasks: usize, task: &mut dyn FnMut(usize) -> Option<f64>) -> Result<Vec<Option<f64>>> {
        Ok((0..tasks).map(task).collect())
    }

    /// Whether arrays of a dtype can live here.
    #[must_use]
    fn supports(_: DType) -> bool {
        true
    }

    /// Memory for `len` elements, which hold arbitrary values.
    ///
    /// # Errors
    /// When memory runs out or the dtype is not supported.
    ///
    /// # Safety
    /// The elements must be written before they are read, by any method.
    unsafe fn alloc<T: Element>(&self, len: usize) -> Result<Self::Buffer<T>>;

    /// Memory for `len` elements that lie as the array in the memory `like`, which has `rows` rows: as many for each of its rows. A backend
    /// whose rows lie on several machines gives each of them memory for its own.
    ///
    /// # Errors
    /// As for [`Backend::alloc`].
    ///
    /// # Safety
    /// As for [`Backend::alloc`].
    unsafe fn alloc_rows<T: Element, U: Element>(&self, _like: &Self::Buffer<T>, _rows: usize, len: usize) -> Result<Self::Buffer<U>> {
        // SAFETY: passed on.
        unsafe { self.alloc(len) }
    }

    /// Memory that holds `values`.
    ///
    /// # Errors
    /// As for [`Backend::alloc`].
    fn upload<T: Element>(&self, values: Vec<T>) -> Result<Self::Buffer<T>>;

    /// Copies `len` elements from `start` on to the host.
    ///
    /// # Errors
    /// When an earlier operation on the device failed.
    ///
    /// # Panics
    /// May panic when there are no such elements.
    fn download<T: Element>(&self, buffer: &Self::Buffer<T>, start: usize, len: usize) -> Result<Vec<T>>;

    /// A copy of `len` elements from `start` on in the memory of another device of this backend, here by way of the host.
    ///
    /// # Errors
    /// As for [`Backend::download`], and as for [`Backend::upload`] on the other device.
    ///
    /// # Panics
    /// As for [`Backend::download`].
    fn transfer<T: Element>(&self, buffer: &Self::Buffer<T>, start: usize, len: usize, to: &Self) -> Result<Self::Buffer<T>> {
        to.upload(self.download(buffer, start, len)?)
    }

    /// The element at a position, on the host.
    ///
    /// # Errors
    /// When an earlier operation on the device failed.
    fn read<T: Element>(&self, buffer: &Self::Buffer<T>, at: usize) -> Result<T> {
        Ok(self.download(buffer, at, 1)?[0])
    }

    /// The address of the first element, in a form that only [`Backend::eval`] and its kin understand.
    fn address<T: Element>(buffer: &Self::Buffer<T>) -> *const T;

    /// The number of elements of the memory.
    fn len<T: Element>(buffer: &Self::Buffer<T>) -> usize;

    /// Whether this is the only handle to the memory.
    fn is_unique<T: Element>(buffer: &Self::Buffer<T>) -> bool;

    /// Waits until everything that was started has finished.
    ///
    /// # Errors
    /// When something that was started failed.
    fn synchronize(&self) -> Result<()> {
        Ok(())
    }

    /// Runs an elementwise kernel over a plan.
    ///
    /// # Errors
    /// When the device fails.
    ///
    /// # Safety
    /// The kernel must have been lowered for the plan with addresses of live buffers of this device; `out` must be
    /// large enough for the plan, and nobody else may use that memory, except that the kernel may read an element of
    /// `out` at the position where it is written.
    unsafe fn eval<K: Kernel>(&self, kernel: K, plan: &Plan, out: Slot<'_, Self, K::Elem>) -> Result<()>;

    /// Runs a kernel over a plan and reduces `count` elements to each output.
    ///
    /// # Errors
    /// When the device fails.
    ///
    /// # Safety
    /// As for [`Backend::eval`], of all buffers that `out` are the addresses of; the plan's output strides are 0 along the
    /// reduced axes.
    unsafe fn reduce<R: Reduction<K::Elem>, K: Kernel>(
        &self,
        reduction: R,
        kernel: K,
        plan: &Plan,
        count: usize,
        out: <R::Out as Outputs>::Places,
    ) -> Result<()>;

    /// Cumulative sums or products along the lanes of a contiguous array.
    ///
    /// # Errors
    /// [`Error::Value`] when the lanes are not those of the buffer, here and below; when the device fails.
    fn scan<T: Num>(&self, op: Scan, x: &Self::Buffer<T>, lanes: Lanes) -> Result<Self::Buffer<T>>;

    /// Sorts the lanes of a contiguous array. NaNs come last, or first if `descending`.
    ///
    /// # Errors
    /// When the device fails.
    fn sort<T: Real>(&self, x: &Self::Buffer<T>, lanes: Lanes, descending: bool) -> Result<Self::Buffer<T>>;

    /// Positions that sort the lanes of a contiguous array. Equal elements keep their order.
    ///
    /// # Errors
    /// When the device fails.
    fn argsort<T: Real>(&self, x: &Self::Buffer<T>, lanes: Lanes, descending: bool) -> Result<Self::Buffer<i64>>;

    /// Positions of the first `k` elements of the sorted lanes of a contiguous array, in sorted order: what the first `k`
    /// of [`Backend::argsort`] are.
    ///
    /// # Errors
    /// When the device fails.
    fn top_k<T: Real>(&self, x: &Self::Buffer<T>, lanes: Lanes, k: usize, descending: bool) -> Result<Self::Buffer<i64>> {
        lanes.first(k, "top_k")?;
        let first = self.upload((0..k as i64).collect())?;
        self.take(&self.argsort(x, lanes, descending)?, lanes, &first, None)
    }

    /// Positions at which elements of `queries` go into each sorted lane of `x`: before equal ones, or after if `right`.
    /// There are as many lanes of queries as lanes of `x`, or any number for one lane of `x`.
    ///
    /// # Errors
    /// When the device fails.
    fn searchsorted<T: Real>(&self, x: &Self::Buffer<T>, queries: &Self::Buffer<T>, right: bool) -> Result<Self::Buffer<i64>>;

    /// The distinct elements of a contiguous array in ascending order, -0 and 0 as one and every NaN as its own, with their
    /// counts, and if `places` where they are. `None` when the backend has nothing better than a sort: then the caller
    /// composes them of the other methods.
    ///
    /// # Errors
    /// When the device fails.
    fn unique<T: Real>(&self, _x: &Self::Buffer<T>, _places: bool) -> Result<Option<Distinct<Self, T>>> {
        Ok(None)
    }

    /// Elements of the lanes of a contiguous array at `indices`, the same for every lane, or one list per lane
    /// (`indices` then is a contiguous array with the lanes of `x` but for their length).
    ///
    /// # Errors
    /// [`Error::Index`] when an index is not in `-len..len`, at the latest when the host reads from the device; when the device fails.
    fn take<T: Element>(&self, x: &Self::Buffer<T>, lanes: Lanes, indices: &Self::Buffer<i64>, per_lane: Option<usize>) -> Result<Self::Buffer<T>>;

    /// Elements of a contiguous array where the mask, of the same length, holds.
    ///
    /// # Errors
    /// When the device fails.
    fn compress<T: Element>(&self, x: &Self::Buffer<T>, mask: &Self::Buffer<bool>) -> Result<(Self::Buffer<T>, usize)>;

    /// Writes `values` to the positions `indices` of the lanes of a contiguous array, in the order of the indices, or
    /// adds them if `add`. When the memory of `x` has another handle, `x` becomes a handle to a copy that is written.
    ///
    /// # Errors
    /// [`Error::Index`] when an index is not in `-len..len`: then nothing is written, and the error comes at the latest when the host
    /// reads from the device; when the device fails.
    fn put<T: Num>(&self, x: &mut Self::Buffer<T>, lanes: Lanes, indices: &Self::Buffer<i64>, values: &Self::Buffer<T>, add: bool) -> Result<()>;

    /// Products of matrices with any strides: `out[k] = a[k] @ b[k]` for all matrices of a stack, each row-major, one after
    /// the other.
    ///
    /// # Errors
    /// When the device fails.
    ///
    /// # Safety
    /// Strides and offsets must describe elements of the operands; `out` must have room for all products, and nobody else may
    /// use that memory, the operands included.
    unsafe fn matmul<T: Num>(
        &self,
        a: Stack<'_, Self, T>,
        b: Stack<'_, Self, T>,
        dims: [usize; 3],
        batches: &[[usize; 2]],
        out: Slot<'_, Self, T>,
    ) -> Result<()>;
}

/// A backend whose memory the host reads and writes like its own: arrays on it have slices, iterators, `x[[i, j]]`, `==`.
///
/// It has one device, the default value.
///
/// # Safety
/// [`Backend::address`] must be an address that the host can read and write, once the call that gave the buffer has returned.
#[diagnostic::on_unimplemented(
    message = "the host does not reach the memory of backend `{Self}`",
    note = "`to_host`, `item` and `get` copy elements to the host, `to_backend(&Cpu)` a whole array"
)]
pub unsafe trait HostMemory: Backend + Default {}

/// What [`Backend::unique`] finds.
#[derive(Debug)]
pub struct Distinct<B: Backend, T: Element> {
    /// The number of distinct elements.
    pub len: usize,
    /// The distinct elements.
    pub values: B::Buffer<T>,
    /// How often each occurs.
    pub counts: B::Buffer<i64>,
    /// The position of the first occurrence of each, and, for every element of the array, the position of its value.
    pub places: Option<[B::Buffer<i64>; 2]>,
}

/// Where a result goes: a buffer and the position of its first element.
#[derive(Debug)]
pub struct Slot<'a, B: Backend, T: Element> {
    /// The memory.
    pub buffer: &'a B::Buffer<T>,
    /// The position of the first element.
    pub offset: usize,
}

/// A contiguous array seen along one axis: `outer x len x inner`, of which the lanes run along `len`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lanes {
    /// Product of the lengths before the axis.
    pub outer: usize,
    /// Length of the axis.
    pub len: usize,
    /// Product of the lengths after the axis.
    pub inner: usize,
}
impl Lanes {
    /// The lanes of `shape` along `axis`.
    #[must_use]
    pub fn along(shape: &[usize], axis: usize) -> Lanes {
        Lanes { outer: shape[..axis].iter().product(), len: shape[axis], inner: shape[axis + 1..].iter().product() }
    }
    /// Number of elements.
    #[must_use]
    pub fn size(self) -> usize {
        self.outer * self.len * self.inner
    }

    /// Checks that these are the lanes of `elements` elements: what every method of a backend that takes lanes does first.
    ///
    /// # Errors
    /// [`Error::Value`] names the method, the lanes and the number of elements.
    pub fn check(self, elements: usize, method: &'static str) -> Result<()> {
        let Lanes { outer, len, inner } = self;
        if size_of_shape(&[outer, len, inner]) == Ok(elements) {
            return Ok(());
        }
        Err(Error::value(method, format!("lanes of {outer} x {len} x {inner} elements given for a buffer of {elements}")))
    }

    /// The number of elements of lanes with `count` elements each, such as one for every index.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn with_len(self, count: usize) -> Result<usize> {
        size_of_shape(&[self.outer, count, self.inner])
    }

    /// The number of elements of the first `k` of each lane.
    ///
    /// # Errors
    /// [`Error::Value`] when the lanes are shorter.
    pub fn first(self, k: usize, method: &'static str) -> Result<usize> {
        if k > self.len {
            return Err(Error::value(method, format!("the first {k} elements wanted of lanes of {}", self.len)));
        }
        self.with_len(k)
    }
}

/// Which cumulative operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan {
    /// Cumulative sum.
    Sum,
    /// Cumulative product.
    Prod,
}

/// A stack of matrices of equal shape and strides in one buffer; [`Backend::matmul`] gets the offsets of the matrices.
#[derive(Debug)]
pub struct Stack<'a, B: Backend, T: Element> {
    /// The memory.
    pub buffer: &'a B::Buffer<T>,
    /// Strides of rows and columns.
    pub strides: [isize; 2],
}
