//! Expressions on the device: elementwise loops are one launch, reductions one or two.

use xp_core::Result;
use xp_core::expr::program::{LeafKind, Program, Step};
use xp_core::expr::{Kernel, Plan};
use xp_core::reduction::{Outputs, Reduction};

use crate::device::Device;
use crate::elements::push_words;
use crate::kernel::THREADS;
use crate::memory::{Found, Memory};
use crate::queue::Arguments;
use crate::reductions::{self, Part};
use crate::render::{self, Code, Form};
use crate::wgsl;

/// Positions are counted in 32 bits.
const MOST: usize = i32::MAX as usize;

/// Runs an expression over a plan; the output begins at the element `offset` of `out`.
///
/// # Errors
/// Those of the compiler, and of a plan that is too large.
pub(crate) fn eval<K: Kernel>(device: &Device, kernel: &K, plan: &Plan, out: &Memory, offset: usize) -> Result<()> {
    let n = size(device, plan.shape().iter().copied())?;
    let program = Program::of(kernel);
    let ndim = plan.shape().len();
    let operands = Operands::of(device, &program, n, Some(out))?;
    let many = wgsl::per_word(program.dtype(program.result()).size());
    let packed = many > 1 && is_dense(plan);
    let code = Code { program, form: Form::Map { packed }, ndim, in_place: operands.in_place.clone() };
    let kernel = device.expression(&code, || render::source(&code))?;
    let mut arguments = Arguments::default();
    arguments.push(n);
    plan.shape().iter().for_each(|&x| _ = arguments.push(x));
    arguments.push(offset);
    plan.out().iter().for_each(|&x| _ = arguments.push_signed(x));
    operands.push(&mut arguments, &code.program, ndim);
    let memory: Vec<&wgpu::Buffer> = std::iter::once(out.buffer()).chain(&operands.buffers).collect();
    let threads = if packed && n > 0 { (offset % many + n).div_ceil(many) } else { n };
    device.launch(&kernel, threads.div_ceil(THREADS), &arguments, &memory)
}

/// Whether results lie one behind the other.
fn is_dense(plan: &Plan) -> bool {
    let mut next = 1;
    plan.shape().iter().zip(plan.out()).rev().all(|(&length, &stride)| {
        let own = next;
        next *= length as isize;
        length == 1 || stride == own
    })
}

/// Runs an expression over a plan and reduces it, by several reductions at once where there are several.
///
/// # Errors
/// As for [`eval`], and [`xp_core::Error::OutOfMemory`] for partial results.
pub(crate) fn reduce<R: Reduction<K::Elem>, K: Kernel>(
    device: &Device,
    reduction: R,
    kernel: &K,
    plan: &Plan,
    count: usize,
    out: <R::Out as Outputs>::Places,
) -> Result<()> {
    let reduced = plan.reduced().to_vec();
    let along = |wanted: bool| plan.shape().iter().zip(&reduced).filter(move |(_, r)| **r == wanted).map(|(n, _)| *n);
    let (outputs, elements) = (size(device, along(false))?, size(device, along(true))?);
    if outputs == 0 {
        return Ok(());
    }
    let given = reduction.parts();
    let dtypes = R::Out::dtypes();
    let (mut rest, mut addresses) = (dtypes.into_iter(), R::Out::addresses(out).into_iter());
    let part = |part: &xp_core::reduction::Part| Part {
        name: part.name,
        source: part.device,
        results: rest.by_ref().take(part.results()).collect(),
        partial: part.partial,
        parameters: part.parameters().map(|p| p.0).collect(),
    };
    let parts: Vec<Part> = given.iter().map(part).collect();
    let mut results = Arguments::default();
    let mut found = vec![];
    for (part, own) in given.iter().zip(&parts) {
        for (dtype, address) in own.results.iter().zip(addresses.by_ref()) {
            let place = device.find(address.addr(), dtype.size(), R::NAME)?;
            results.push(place.offset);
            found.push(place.buffer);
        }
        for (dtype, bytes) in part.parameters() {
            let is_freedom = part.device.is_library() && matches!(part.name, "var" | "std");
            let value = f64::from_ne_bytes(bytes[..8].try_into().expect("eight bytes"));
            match reductions::passed(dtype) == dtype {
                true => push_words(dtype, &bytes[..dtype.size()], &mut results.0),
                // The number of degrees of freedom, where it is one.
                false if is_freedom => {
                    let freedom = count as f64 - value;
                    results.0.push((if freedom > 0.0 { freedom as f32 } else { f32::NAN }).to_bits());
                }
                false => results.0.push((value as f32).to_bits()),
            }
        }
    }
    let program = Program::of(kernel);
    let long = program.steps().iter().any(|step| matches!(step, Step::Call { name, .. } if LONG.contains(name)));
    let most = if long { FEW_PER_THREAD } else { MOST_PER_THREAD };
    let work = Work::new(outputs, elements, reduced.last().copied().unwrap_or(true), most);
    let ndim = plan.shape().len();
    let operands = Operands::of(device, &program, elements, None)?;
    let last = work.pieces == 1;
    let code = Code { program, form: Form::Reduce { reduced: reduced.clone(), parts: parts.clone(), last }, ndim, in_place: vec![] };
    let kernel = device.expression(&code, || render::source(&code))?;
    let mut header = Arguments::default();
    header.push(outputs).push(elements).push(work.width).push(work.piece).push(work.pieces).push(count);
    let mut arguments = Arguments(header.0.clone());
    plan.shape().iter().for_each(|&x| _ = arguments.push(x));
    plan.out().iter().for_each(|&x| _ = arguments.push_signed(x));
    operands.push(&mut arguments, &code.program, ndim);
    let groups = outputs.div_ceil(work.width) * work.pieces;
    if last {
        arguments.0.extend(&results.0);
        let memory: Vec<&wgpu::Buffer> = found.iter().chain(&operands.buffers).collect();
        return device.launch(&kernel, groups, &arguments, &memory);
    }
    let bytes: usize = given.iter().map(|part| reductions::accumulator_bytes(part.accumulator)).sum();
    let partial = Memory::new(device, (work.pieces * outputs * bytes).div_ceil(4), R::NAME)?;
    let memory: Vec<&wgpu::Buffer> = std::iter::once(partial.buffer()).chain(&operands.buffers).collect();
    device.launch(&kernel, groups, &arguments, &memory)?;

    let code = Code { program: code.program, form: Form::Join { parts }, ndim: 0, in_place: vec![] };
    let kernel = device.expression(&code, || render::source(&code))?;
    let kept: Vec<usize> = (0..ndim).filter(|&k| !reduced[k]).collect();
    let mut arguments = header;
    arguments.push(kept.len());
    kept.iter().for_each(|&k| _ = arguments.push(plan.shape()[k]));
    kept.iter().for_each(|&k| _ = arguments.push_signed(plan.out()[k]));
    arguments.0.extend(&results.0);
    let memory: Vec<&wgpu::Buffer> = std::iter::once(partial.buffer()).chain(&found).collect();
    device.launch(&kernel, outputs.div_ceil(THREADS), &arguments, &memory)
}

/// The number of positions along some axes.
fn size(device: &Device, axes: impl IntoIterator<Item = usize>) -> Result<usize> {
    let n = axes.into_iter().try_fold(1usize, |n, length| n.checked_mul(length));
    n.filter(|&n| n <= MOST).ok_or_else(|| device.fail("evaluation", format!("more than {MOST} positions in one loop: split the expression")))
}

/// The memory of the leaves.
struct Operands {
    buffers: Vec<wgpu::Buffer>,
    /// Where each leaf that has memory starts, then where its indices do.
    offsets: Vec<usize>,
    /// Leaves in the memory of the output.
    in_place: Vec<usize>,
}

impl Operands {
    /// Where there are no `positions` nothing is read, and an address may be that of no element.
    fn of(device: &Device, program: &Program, positions: usize, out: Option<&Memory>) -> Result<Self> {
        let find = |address: usize, size: usize| {
            if positions == 0 { Ok(Found { buffer: device.fault(), offset: 0 }) } else { device.find(address, size, "evaluation") }
        };
        let mut all = Operands { buffers: vec![], offsets: vec![], in_place: vec![] };
        for (k, leaf) in program.leaves().iter().enumerate() {
            render::check(leaf.dtype)?;
            let (address, indices) = match &leaf.kind {
                LeafKind::Array(address, _) => (*address, None),
                LeafKind::Rows { address, indices, .. } => (*address, Some(*indices)),
                LeafKind::Scalar(_) | LeafKind::Counter(..) => continue,
            };
            let Found { buffer, offset } = find(address, leaf.dtype.size())?;
            all.offsets.push(offset);
            if out.is_some_and(|out| *out.buffer() == buffer) {
                all.in_place.push(k);
            } else {
                all.buffers.push(buffer);
            }
            if let Some(indices) = indices {
                let Found { buffer, offset } = find(indices, 8)?;
                all.offsets.push(offset);
                all.buffers.push(buffer);
            }
        }
        Ok(all)
    }

    /// Appends the arguments of the leaves, in the order in which the code reads them.
    fn push(&self, arguments: &mut Arguments, program: &Program, ndim: usize) {
        let mut offsets = self.offsets.iter();
        let mut next = || *offsets.next().expect("an offset for each leaf with memory");
        for leaf in program.leaves() {
            match &leaf.kind {
                LeafKind::Array(_, walk) => {
                    arguments.push(next());
                    walk[..ndim].iter().for_each(|&x| _ = arguments.push_signed(x));
                }
                LeafKind::Scalar(bytes) => push_words(leaf.dtype, &bytes[..leaf.dtype.size()], &mut arguments.0),
                LeafKind::Counter(start, walk) => {
                    arguments.push_wide(*start);
                    walk[..ndim].iter().for_each(|&x| _ = arguments.push_wide(x as i64));
                }
                LeafKind::Rows { walk, index_step, .. } => {
                    arguments.push(next()).push(next()).push_signed(*index_step);
                    walk[..ndim].iter().for_each(|&x| _ = arguments.push_signed(x));
                }
            }
        }
    }
}

/// How a reduction is cut into pieces. It depends on the shape alone.
struct Work {
    /// Outputs side by side in a group of threads.
    width: usize,
    /// Elements of an output that a group takes, and the number of such pieces.
    piece: usize,
    pieces: usize,
}

/// Operations of which an element may take thousands of iterations.
const LONG: [&str; 7] = ["betainc", "betaincc", "betaincinv", "gammainc", "gammaincc", "gammainccinv", "gammaincinv"];
/// The most elements of such operations that a thread takes.
const FEW_PER_THREAD: usize = 4;
/// Elements that a thread takes at least, when there are many.
const PER_THREAD: usize = 64;
/// Groups that fill any device.
const ENOUGH: usize = 4096;
/// Elements that a thread takes at most. Mesa's software driver ends every loop, without a word, when a thread has gone through
/// 65535 iterations of any loops, those inside of operations on elements included.
const MOST_PER_THREAD: usize = 512;

impl Work {
    /// `most` are the elements that a thread takes at most.
    fn new(outputs: usize, elements: usize, row_reduced: bool, most: usize) -> Self {
        // Neighbouring threads read neighbouring elements: along the row when that is reduced, else of neighbouring outputs.
        let side_by_side = if row_reduced { 1 } else { outputs.next_power_of_two().min(32) };
        let height = (elements / 4).max(1).next_power_of_two().min(THREADS / side_by_side);
        let width = THREADS / height;
        let groups = outputs.div_ceil(width);
        let enough = elements.div_ceil(height * PER_THREAD.min(most)).clamp(1, (ENOUGH / groups).max(1));
        let pieces = enough.max(elements.div_ceil(height * most));
        let piece = elements.div_ceil(pieces).next_multiple_of(height).max(1);
        Work { width, piece, pieces: elements.div_ceil(piece).max(1) }
    }
}

/// An error for elements that a loop cannot count.
pub(crate) fn check_count(device: &Device, n: usize, operation: &str) -> Result<()> {
    if n <= MOST { Ok(()) } else { Err(device.fail(operation, format!("{n} elements, of which one launch takes {MOST}: split the array"))) }
}

#[cfg(test)]
mod tests {
    use super::{MOST_PER_THREAD, Work};

    #[test]
    fn pieces_cover_all_elements() {
        for outputs in [1, 2, 31, 1000, 100_000] {
            for elements in [0, 1, 3, 255, 256, 70_000, 10_000_000] {
                for row in [false, true] {
                    let Work { width, piece, pieces } = Work::new(outputs, elements, row, MOST_PER_THREAD);
                    assert!(width.is_power_of_two() && width <= 256 && pieces * piece >= elements && (pieces - 1) * piece < elements.max(1));
                }
            }
        }
    }
}
