//! Expressions on the device: elementwise loops and reductions, one launch each.
//!
//! A kernel is the [`Program`] of an expression, [rendered](crate::render) between the device library and a loop of this crate.
//! Addresses, shapes, strides and scalars are arguments, so that an expression is compiled once per number of axes.

use std::fmt;

use smallvec::SmallVec;
use xp_core::expr::program::{Leaf, LeafKind, Program, Step, Value};
use xp_core::expr::{Kernel as Lowered, Plan};
use xp_core::ops::DeviceSource;
use xp_core::reduction::{Outputs, Reduction};
use xp_core::{DType, Element, MAX_NDIM};

use crate::{
    axes::Axes,
    device::Device,
    error::{Error, Result},
    kernel::{Arguments, Kernel},
    kernel_key::Key,
    kernels::{LEAST_TILED, THREADS, TILE, launch_blocks, launch_items},
    render,
};

/// Bytes of arguments that every driver takes.
const MOST_ARGUMENTS: usize = 4096;

/// Runs an expression over a plan; `out` is the address of the first element of the output.
///
/// # Errors
/// Those of the compiler and the driver.
///
/// # Safety
/// As for [`xp_core::Backend::eval`].
pub(crate) unsafe fn eval<K: Lowered>(device: &Device, kernel: &K, plan: &Plan, out: u64) -> Result<()> {
    let operands = Operands { program: Program::of(kernel), dtype: K::Elem::DTYPE };
    let n = plan.size();
    let (form, pack) = operands.form(plan, out);
    if let Form::Tiled(_) = form {
        // SAFETY: passed on to the caller.
        return unsafe { eval_tiled(device, operands, form, plan, (out, pack)) };
    }
    let axes = Axes::elementwise(plan, if form == Form::Rows { pack } else { 1 });
    let items = if form == Form::Rows { n / pack } else { n };
    let wide = n > MOST_NARROW;
    let code = Code::new(operands.program, form, axes.ndim(), wide, pack);
    let kernel = code.kernel(device)?;
    let is_dense = code.form == Form::Dense;
    let operands = Operands { program: code.program, dtype: operands.dtype };
    let mut arguments = Arguments::new();
    axes.push_walk(&mut arguments, items, plan.out(), wide);
    let mut threads = items;
    if is_dense {
        let packs = if operands.is_aligned(out, pack) { n / pack } else { 0 };
        arguments.push(packs as i64);
        threads = if packs > 0 { packs.max(n - packs * pack) } else { n };
    }
    arguments.push(out);
    operands.push(&mut arguments, &axes)?;
    // SAFETY: the parameters of the loop in order; the caller vouches for the memory.
    unsafe { launch_items(&kernel, threads, &arguments) }
}

/// The loop over tiles of the last axis and the one along which operands are turned.
///
/// # Safety
/// As for [`eval`].
unsafe fn eval_tiled(device: &Device, operands: Operands, form: Form, plan: &Plan, (out, across): (u64, usize)) -> Result<()> {
    let last = plan.shape().len() - 1;
    let (axes, [height, width]) = (Axes::tiled(plan, across), [plan.shape()[across], plan.shape()[last]]);
    let (wide, dtype) = (plan.size() > MOST_NARROW, operands.dtype);
    let code = Code::new(operands.program, form, axes.ndim(), wide, 0);
    let kernel = code.kernel(device)?;
    let (operands, tiles) = (Operands { program: code.program, dtype }, axes.size(0..axes.ndim()));
    let mut arguments = Arguments::new();
    axes.push_walk(&mut arguments, tiles, plan.out(), wide);
    arguments.push(height as i64).push(width as i64).push(out);
    operands.push(&mut arguments, &axes)?;
    // SAFETY: the parameters of `tiled` in order; the caller vouches for the memory.
    unsafe { launch_blocks(&kernel, tiles, &arguments) }
}

/// Runs an expression over a plan and reduces it, by several reductions in one launch where there are several; `out` are the
/// addresses of the first elements of their outputs.
///
/// # Errors
/// As for [`eval`], and [`Error::OutOfMemory`] for partial results.
///
/// # Safety
/// As for [`xp_core::Backend::reduce`].
pub(crate) unsafe fn reduce<R: Reduction<K::Elem>, K: Lowered>(
    device: &Device,
    reduction: R,
    kernel: &K,
    plan: &Plan,
    count: usize,
    out: <R::Out as Outputs>::Places,
) -> Result<()> {
    let axes = Axes::reduction(plan);
    let operands = Operands { program: Program::of(kernel), dtype: K::Elem::DTYPE };
    let neighbours = operands.neighbours(plan, axes.size(axes.kept..axes.ndim()));
    let work = Work::new(plan, &axes, neighbours.count);
    let wide = work.outputs.max(work.reduced) > MOST_NARROW;
    let (parts, addresses, results) = (reduction.parts(), R::Out::addresses(out), R::Out::dtypes());
    let given: usize = parts.iter().map(xp_core::reduction::Part::results).sum();
    if given != results.len() {
        let reason = format!("{} results given by reductions that have {given}", results.len());
        return Err(Error::InvalidArgument { operation: R::NAME.into(), reason });
    }
    let (mut results, mut addresses) = (results.into_iter(), addresses.into_iter());
    let together: Vec<Part> = parts.iter().map(|part| Part::new(part, results.by_ref().take(part.results()).collect())).collect();
    let accumulator: usize = together.iter().map(|part| part.accumulator).sum();
    let code = Code::new(operands.program, Form::Reduce(together, neighbours), axes.ndim(), wide, axes.kept);
    let kernel = code.kernel(device)?;
    let operands = Operands { program: code.program, dtype: operands.dtype };
    let (partials, counters) = if work.chunks > 1 { (work.chunks * work.outputs * accumulator, work.groups() * 4) } else { (0, 0) };
    let partial = device.alloc(partials, R::NAME)?;
    let finished = device.alloc_zeroed(counters, R::NAME)?;
    let mut arguments = Arguments::new();
    axes.push_walk(&mut arguments, work.outputs, plan.out(), wide);
    arguments
        .push(work.reduced as i64)
        .push(work.width as u32)
        .push(u32::from(work.along))
        .push(work.chunk as i64)
        .push(work.chunks as i64)
        .push(count as i64);
    for part in &parts {
        for address in addresses.by_ref().take(part.results()) {
            arguments.push(address.addr() as u64);
        }
        for (dtype, bytes) in part.parameters() {
            arguments.push_bytes(&bytes[..dtype.size()], dtype.size());
        }
    }
    arguments.push(partial.pointer()).push(finished.pointer());
    operands.push(&mut arguments, &axes)?;
    // SAFETY: the parameters of `fused_reduce` in order; the caller vouches for the memory, scratch memory is freed in stream
    // order.
    unsafe { launch_blocks(&kernel, work.groups() * work.chunks, &arguments) }
}

/// Room for the accumulator of a reduction, in bytes: a complex number, or a number and its position. Where the one of the
/// host is larger there is as much room as that one takes; the kernel does not compile when its own is larger still.
pub(crate) const LEAST_ACCUMULATOR: usize = 16;

/// Loops up to this size count in 32 bits; one bit is to spare for steps and divisions.
const MOST_NARROW: usize = i32::MAX as usize;

/// Bytes of shared memory that every device gives a block.
const MOST_SHARED: usize = 48 << 10;

/// All that the code of a kernel depends on: equal ones are compiled once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Code {
    pub(crate) program: Program,
    pub(crate) form: Form,
    pub(crate) ndim: usize,
    /// Whether positions need 64 bits.
    pub(crate) wide: bool,
    /// Elements per access, or axes that are kept.
    pub(crate) extra: usize,
    /// Leaves that hold what an earlier one does, see [`twins`].
    pub(crate) twins: Vec<(usize, usize)>,
}

/// The leaves of random draws that are those of an earlier draw, each with the leaf that it repeats: both halves of the bits of a position
/// then come from one computation.
fn twins(program: &Program) -> Vec<(usize, usize)> {
    let draws = program.steps().iter().filter_map(|step| match step {
        Step::Call { name: "random_bits" | "random_bits_high", arguments, .. } => Some(arguments),
        _ => None,
    });
    let leaf = |value: &Value| match value {
        Value::Leaf(k) => Some((*k, &program.leaves()[*k].kind)),
        Value::Step(_) => None,
    };
    let same = |(a, b): (&Value, &Value)| match (leaf(a)?, leaf(b)?) {
        ((k, LeafKind::Counter(start, walk)), (j, LeafKind::Counter(other, path))) if start == other && walk == path => Some((k, j)),
        ((k, LeafKind::Scalar(bytes)), (j, LeafKind::Scalar(other))) if bytes == other => Some((k, j)),
        _ => None,
    };
    let mut found: Vec<(usize, usize)> = vec![];
    let mut before: Vec<&Vec<Value>> = vec![];
    for arguments in draws {
        match before.iter().find_map(|earlier| arguments.iter().zip(*earlier).map(same).collect::<Option<Vec<_>>>()) {
            Some(pairs) => found.extend(pairs),
            None => before.push(arguments),
        }
    }
    found
}

impl Code {
    pub(crate) fn new(program: Program, form: Form, ndim: usize, wide: bool, extra: usize) -> Self {
        Code { twins: twins(&program), program, form, ndim, wide, extra }
    }

    fn kernel(&self, device: &Device) -> Result<Kernel> {
        device.cached_kernel(Key::of(self), self.form.name(), || render::source(self), || format!(" of {self}"))
    }
}

/// The loops over an expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// One axis, every operand dense or constant.
    Dense,
    /// Rows along which every operand is dense or constant.
    Rows,
    Strided,
    /// Tiles, through which the operands of these numbers go: they are dense along another axis than the output.
    Tiled(Vec<usize>),
    /// Reductions that run together.
    Reduce(Vec<Part>, Neighbours),
}

/// The expression as messages show it: `sum(exp(multiply(x0, x1))) of float64`, where operands are numbered.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expression = Shown(&self.program, self.program.result());
        let dtype = self.program.dtype(self.program.result());
        match &self.form {
            Form::Reduce(parts, _) => {
                let names: Vec<_> = parts.iter().map(|part| part.name).collect();
                write!(f, "{}({expression}) of {dtype}", names.join(", "))
            }
            _ => write!(f, "{expression} of {dtype}"),
        }
    }
}

/// A value of a program, with what it is computed of.
struct Shown<'a>(&'a Program, Value);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let k = match self.1 {
            Value::Leaf(k) => return write!(f, "x{k}"),
            Value::Step(k) => k,
        };
        match &self.0.steps()[k] {
            Step::Call { name, arguments, .. } => {
                write!(f, "{name}(")?;
                for (k, &argument) in arguments.iter().enumerate() {
                    write!(f, "{}{}", if k > 0 { ", " } else { "" }, Shown(self.0, argument))?;
                }
                f.write_str(")")
            }
            Step::Convert { value, to } => write!(f, "astype({}, {to})", Shown(self.0, *value)),
        }
    }
}

/// A reduction of those that run together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    /// Where its class template is.
    pub(crate) source: DeviceSource,
    /// The room for its accumulator.
    pub(crate) accumulator: usize,
    /// The dtypes of what is written: of the result, or of the elements of the accumulator.
    pub(crate) results: SmallVec<[DType; 4]>,
    pub(crate) partial: bool,
    pub(crate) parameters: Vec<DType>,
}

impl Part {
    fn new(part: &xp_core::reduction::Part, results: SmallVec<[DType; 4]>) -> Self {
        // The device aligns complex numbers to their size.
        let accumulator = part.accumulator.max(1).next_multiple_of(LEAST_ACCUMULATOR);
        let parameters = part.parameters().map(|(dtype, _)| dtype).collect();
        Part { name: part.name, source: part.device, accumulator, results, partial: part.partial, parameters }
    }
}

impl Form {
    /// The name of the kernel.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Form::Dense => "dense",
            Form::Rows => "rows",
            Form::Strided => "strided",
            Form::Tiled(_) => "tiled",
            Form::Reduce(..) => "fused_reduce",
        }
    }
}

/// The elements of a row that a thread of a reduction takes one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Neighbours {
    /// How many there are, which the shape and the dtypes decide: so the order of a sum does not depend on where operands lie.
    pub(crate) count: usize,
    /// Whether they are read at once.
    pub(crate) at_once: bool,
}

/// Elements of a row that a thread reads and writes at once where the widest type has this size: 16 bytes, or 32 of those with eight.
pub(crate) fn pack_of(widest: usize) -> usize {
    match widest {
        1 => 16,
        2 => 8,
        4 | 8 => 4,
        _ => 2,
    }
}

/// The same where there is one axis: 16 bytes, so that neighbouring threads touch neighbouring pieces; every thread has two packs under way.
pub(crate) fn dense_pack_of(widest: usize) -> usize {
    16 / widest.clamp(1, 16)
}

/// A program with the dtype of its result: what its leaves hold.
struct Operands {
    program: Program,
    dtype: DType,
}

impl Operands {
    /// The size of the widest element.
    fn widest(&self) -> usize {
        self.program.leaves().iter().map(|leaf| leaf.dtype.size()).chain([self.dtype.size()]).max().unwrap_or(1)
    }

    /// The loop for a plan, and the elements that it reads and writes at once where it can, or the other axis of its tiles.
    fn form(&self, plan: &Plan, out: u64) -> (Form, usize) {
        let pack = pack_of(self.widest());
        let last = plan.shape().len().wrapping_sub(1);
        let dense = last < MAX_NDIM
            && plan.out()[last] == 1
            && self.program.leaves().iter().all(|leaf| match &leaf.kind {
                LeafKind::Array(_, walk) => matches!(walk[last], 0 | 1),
                LeafKind::Scalar(_) | LeafKind::Counter(..) => true,
                LeafKind::Rows { .. } => false,
            });
        if !dense {
            return self.tiles(plan).map_or((Form::Strided, 0), |(across, turned)| (Form::Tiled(turned), across));
        }
        if last == 0 {
            return (Form::Dense, dense_pack_of(self.widest()));
        }
        // Every row has to begin where a pack may, and to be made of packs.
        let fits = |pack: usize| {
            let steps = |walk: &[isize]| walk[..last].iter().all(|&step| step.unsigned_abs().is_multiple_of(pack));
            plan.shape()[last].is_multiple_of(pack)
                && steps(&plan.out()[..=last])
                && self.is_aligned(out, pack)
                && self.program.leaves().iter().all(|leaf| match &leaf.kind {
                    LeafKind::Array(_, walk) => walk[last] == 0 || steps(&walk[..=last]),
                    _ => true,
                })
        };
        // Two doubles are 16 bytes too.
        match [pack, 2].into_iter().find(|&p| p * self.widest() >= 16 && fits(p)) {
            Some(pack) => (Form::Rows, pack),
            None => (Form::Strided, 0),
        }
    }

    /// The first axis along which operands are dense while the output is so along the last one, and these operands, where both axes
    /// are long enough to fill tiles that fit the shared memory of every device.
    fn tiles(&self, plan: &Plan) -> Option<(usize, Vec<usize>)> {
        let last = plan.shape().len().checked_sub(1)?;
        if plan.out()[last] != 1 || plan.shape()[last] < LEAST_TILED {
            return None;
        }
        let is_turned = |leaf: &Leaf, k: usize| matches!(&leaf.kind, LeafKind::Array(_, walk) if walk[k] == 1 && walk[last].unsigned_abs() > 1);
        let across = (0..last).find(|&k| plan.shape()[k] >= LEAST_TILED && self.program.leaves().iter().any(|leaf| is_turned(leaf, k)))?;
        let turned: Vec<usize> = (0..self.program.leaves().len()).filter(|&k| is_turned(&self.program.leaves()[k], across)).collect();
        let bytes: usize = turned.iter().map(|&k| TILE * (TILE + 1) * self.program.leaves()[k].dtype.size()).sum();
        (bytes <= MOST_SHARED).then_some((across, turned))
    }

    /// Whether accesses of `pack` elements are aligned.
    fn is_aligned(&self, out: u64, pack: usize) -> bool {
        is_aligned(out as usize, self.dtype, pack) && self.reads_aligned(pack)
    }

    /// The same of the operands.
    fn reads_aligned(&self, pack: usize) -> bool {
        self.program.leaves().iter().all(|leaf| match &leaf.kind {
            // What is read in packs has a step of 1; along another axis that asks for more than is needed.
            LeafKind::Array(address, walk) if walk.contains(&1) => is_aligned(*address, leaf.dtype, pack),
            _ => true,
        })
    }

    /// The elements that a thread takes of a row, where rows of `reduced` elements are reduced, and whether it can read them at once: 16
    /// bytes of the widest operand.
    fn neighbours(&self, plan: &Plan, reduced: usize) -> Neighbours {
        let count = 16 / self.program.leaves().iter().map(|leaf| leaf.dtype.size()).max().unwrap_or(16).clamp(4, 16);
        let Some(last) = plan.reduced().len().checked_sub(1).filter(|&last| plan.reduced()[last] && reduced.is_multiple_of(count)) else {
            return Neighbours { count: 1, at_once: false };
        };
        let at_once = count > 1
            && plan.shape()[last].is_multiple_of(count)
            && self.reads_aligned(count)
            && self.program.leaves().iter().all(|leaf| match &leaf.kind {
                LeafKind::Array(_, walk) => {
                    walk[last] == 0 || (walk[last] == 1 && walk[..last].iter().all(|step| step.unsigned_abs().is_multiple_of(count)))
                }
                LeafKind::Scalar(_) | LeafKind::Counter(..) => true,
                LeafKind::Rows { .. } => false,
            });
        Neighbours { count, at_once }
    }

    /// Appends the leaves as the parameters that [`render`] declares.
    fn push(&self, arguments: &mut Arguments, axes: &Axes) -> Result<()> {
        for leaf in self.program.leaves() {
            match &leaf.kind {
                LeafKind::Array(address, walk) => {
                    arguments.push(*address as u64);
                    axes.push_steps(arguments, walk);
                }
                LeafKind::Scalar(bytes) => {
                    let size = leaf.dtype.size();
                    arguments.push_bytes(&bytes[..size], size);
                }
                LeafKind::Counter(start, walk) => {
                    arguments.push(*start);
                    axes.push_steps(arguments, walk);
                }
                LeafKind::Rows { address, walk, indices, index_step } => {
                    arguments.push(*address as u64);
                    axes.push_steps(arguments, walk);
                    arguments.push(*indices as u64).push(*index_step as i64).push(axes.place_of_first() as i64);
                }
            }
        }
        if arguments.len() > MOST_ARGUMENTS {
            let reason = format!("{} operands in one expression: split it with `eval`", self.program.leaves().len());
            return Err(Error::InvalidArgument { operation: "evaluation".into(), reason });
        }
        Ok(())
    }
}

/// Whether an access of `pack` elements at an address is aligned.
fn is_aligned(address: usize, dtype: DType, pack: usize) -> bool {
    address.is_multiple_of((pack * dtype.size()).min(16))
}

/// How a reduction is cut into blocks. It depends on the shape alone.
struct Work {
    outputs: usize,
    /// Elements of each output.
    reduced: usize,
    /// Outputs side by side in a block.
    width: usize,
    /// Whether neighbouring threads take neighbouring elements of one output, or one element each of neighbouring outputs.
    along: bool,
    /// Elements of an output that a block takes, and the number of such pieces.
    chunk: usize,
    chunks: usize,
}

/// Elements that a thread takes at least, when there are many.
const PER_THREAD: usize = 64;
/// Blocks that fill any device.
const ENOUGH_BLOCKS: usize = 4096;

impl Work {
    /// Threads take `together` neighbouring elements at a time.
    fn new(plan: &Plan, axes: &Axes, together: usize) -> Self {
        let (outputs, reduced) = (axes.size(0..axes.kept), axes.size(axes.kept..axes.ndim()));
        let threads = THREADS as usize;
        let row_reduced = plan.reduced().last().copied().unwrap_or(true);
        // Neighbouring threads read neighbouring elements: along the row when that is reduced, else of neighbouring outputs.
        let side_by_side = if row_reduced { 1 } else { outputs.next_power_of_two().min(32) };
        let height = (reduced / 4).max(1).next_power_of_two().min(threads / side_by_side);
        let width = threads / height;
        let groups = outputs.div_ceil(width).max(1);
        let pieces = reduced.div_ceil(height * PER_THREAD).clamp(1, (ENOUGH_BLOCKS / groups).max(1));
        let chunk = reduced.div_ceil(pieces).next_multiple_of(height * together).max(1);
        Work { outputs, reduced, width, along: row_reduced, chunk, chunks: reduced.div_ceil(chunk).max(1) }
    }

    fn groups(&self) -> usize {
        self.outputs.div_ceil(self.width)
    }
}

#[cfg(test)]
mod tests {
    use xp_core::ops::{DeviceSource, Parameters, RandomBits, TernaryOp};

    use super::*;

    const DRAWS: DeviceSource = <RandomBits as TernaryOp<i64, u64>>::DEVICE;

    /// The source of the difference of both halves of two draws, from these positions and keys.
    fn difference(starts: [i64; 2], keys: [u64; 2]) -> String {
        let mut program = Program::default();
        let halves = [0, 1].map(|k| {
            let position = program.leaf(DType::I64, LeafKind::Counter(starts[k], [1; MAX_NDIM]));
            let (key, stream) = (program.scalar(keys[k]), program.scalar(3u64));
            program.call(["random_bits", "random_bits_high"][k], DRAWS, &[position, key, stream], &Parameters::new(), DType::U64)
        });
        let result = program.call("subtract", DRAWS, &halves, &Parameters::new(), DType::U64);
        program.returns(result);
        render::source(&Code::new(program, Form::Strided, 1, false, 0)).unwrap()
    }

    #[test]
    fn both_halves_of_a_draw_come_from_one_position() {
        assert!(difference([5, 5], [7, 7]).contains("op_random_bits_high(x0, x1, x2)"));
        assert!(difference([5, 6], [7, 7]).contains("op_random_bits_high(x3, x4, x5)"));
        assert!(difference([5, 5], [7, 8]).contains("op_random_bits_high(x3, x4, x5)"));
    }
}
