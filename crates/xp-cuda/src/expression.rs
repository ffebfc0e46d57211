//! Kernels generated from expressions: elementwise loops and reductions, one launch each.
//!
//! A kernel's source is the text of the expression ([`xp_core::expr::source`]) between the device library and a loop of this
//! crate. Addresses, shapes, strides and scalars are arguments, so that an expression is compiled once per number of axes.

use std::fmt::Write;

use xp_core::dtype::Kind;
use xp_core::expr::source::{Leaf, LeafKind, Source, type_name};
use xp_core::expr::{Kernel, Plan};
use xp_core::reduction::Reduction;
use xp_core::{DType, Element, MAX_NDIM};

use crate::{
    device::Device,
    error::{Error, Result},
    kernel::Arguments,
    kernels::{LIBRARY, PRELUDE, THREADS, launch_blocks},
};

const OPERANDS: &str = include_str!("kernels/operands.cu");
const DENSE: &str = include_str!("kernels/dense.cu");
const ROWS: &str = include_str!("kernels/rows.cu");
const STRIDED: &str = include_str!("kernels/strided.cu");
const FUSED_REDUCE: &str = include_str!("kernels/fused_reduce.cu");

/// Bytes of arguments that every driver takes.
const MOST_ARGUMENTS: usize = 4096;

/// Runs an expression over a plan; `out` is the address of the first element of the output.
///
/// # Errors
/// Those of the compiler and the driver.
///
/// # Safety
/// As for [`xp_core::Backend::eval`].
pub(crate) unsafe fn eval<K: Kernel>(device: &Device, kernel: &K, plan: &Plan, out: u64) -> Result<()> {
    let program = Program::new::<K>(kernel);
    let n = plan.size();
    let (form, pack) = program.form(plan, out);
    let axes = Axes::elementwise(plan, if form == Form::Rows { pack } else { 1 });
    let items = if form == Form::Rows { n / pack } else { n };
    let layout = Layout { ndim: axes.ndim(), wide: n > MOST_NARROW, extra: pack };
    let kernel = device.cached_kernel(&program.key(&layout, form.name()), form.name(), || {
        let defines = if form == Form::Strided { String::new() } else { format!("#define PACK {pack}\n") };
        format!("{}{}typedef Element Out;\n{}", program.head(&layout, &defines), program.functions(form), form.source())
    })?;
    let mut arguments = Arguments::new();
    axes.push_walk(&mut arguments, items, plan.out(), layout.wide);
    let mut threads = items;
    if form == Form::Dense {
        let packs = if program.is_aligned(out, pack) { n / pack } else { 0 };
        arguments.push(packs as i64);
        threads = if packs > 0 { packs.max(n - packs * pack) } else { n };
    }
    arguments.push(out);
    program.push(&mut arguments, &axes)?;
    // SAFETY: the parameters of the loop in order; the caller vouches for the memory.
    unsafe { kernel.launch(device.shape_for(threads, THREADS), &arguments) }
}

/// The loops over an expression.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One axis, every operand dense or constant.
    Dense,
    /// Rows along which every operand is dense or constant.
    Rows,
    Strided,
}

impl Form {
    fn name(self) -> &'static str {
        match self {
            Form::Dense => "dense",
            Form::Rows => "rows",
            Form::Strided => "strided",
        }
    }

    fn source(self) -> &'static str {
        match self {
            Form::Dense => DENSE,
            Form::Rows => ROWS,
            Form::Strided => STRIDED,
        }
    }
}

/// Runs an expression over a plan and reduces it; `out` is the address of the first element of the output.
///
/// # Errors
/// As for [`eval`], and [`Error::OutOfMemory`] for partial results.
///
/// # Safety
/// As for [`xp_core::Backend::reduce`].
pub(crate) unsafe fn reduce<R: Reduction<K::Elem>, K: Kernel>(device: &Device, kernel: &K, plan: &Plan, count: usize, out: u64) -> Result<()> {
    let program = Program::new::<K>(kernel);
    let axes = Axes::reduction(plan);
    let work = Work::new(plan, &axes);
    let layout = Layout { ndim: axes.ndim(), wide: work.outputs.max(work.reduced) > MOST_NARROW, extra: axes.kept };
    let reduction = format!("{}<{}>", R::source(), type_name(K::Elem::DTYPE));
    let name = "fused_reduce";
    let kernel = device.cached_kernel(&program.key(&layout, &reduction), name, || {
        let defines = format!("#define KEPT {}\n", axes.kept);
        let types = format!("typedef {reduction} R;\ntypedef R::Acc Acc;\ntypedef R::Out Out;\n");
        format!("{}{}{types}{FUSED_REDUCE}", program.head(&layout, &defines), program.functions(Form::Strided))
    })?;
    let (partials, counters) = if work.chunks > 1 { (work.chunks * work.outputs * LARGEST_ACCUMULATOR, work.groups() * 4) } else { (0, 0) };
    let partial = device.alloc(partials, R::NAME)?;
    let finished = device.alloc_zeroed(counters, R::NAME)?;
    let mut arguments = Arguments::new();
    axes.push_walk(&mut arguments, work.outputs, plan.out(), layout.wide);
    arguments.push(work.reduced as i64).push(work.width as u32).push(work.chunk as i64).push(work.chunks as i64).push(count as i64);
    arguments.push(out).push(partial.pointer()).push(finished.pointer());
    program.push(&mut arguments, &axes)?;
    // SAFETY: the parameters of `fused_reduce` in order; the caller vouches for the memory, scratch memory is freed in stream
    // order.
    unsafe { launch_blocks(&kernel, (work.groups() * work.chunks) as i64, [THREADS, 1, 1], &arguments) }
}

/// The largest accumulator of a reduction, in bytes: a complex number, or a number and its position.
const LARGEST_ACCUMULATOR: usize = 16;

/// Loops up to this size count in 32 bits; one bit is to spare for steps and divisions.
const MOST_NARROW: usize = i32::MAX as usize;

/// An expression as text, and its leaves.
struct Program {
    source: Source,
    result: String,
    dtype: DType,
}

/// What a kernel depends on besides the expression.
struct Layout {
    ndim: usize,
    /// Whether positions need 64 bits.
    wide: bool,
    /// Elements per access, or axes that are kept.
    extra: usize,
}

impl Program {
    fn new<K: Kernel>(kernel: &K) -> Self {
        let mut source = Source::default();
        let result = kernel.emit(&mut source);
        Program { result: result.name().into(), source, dtype: K::Elem::DTYPE }
    }

    /// What distinguishes the kernel from all others, in few bytes.
    fn key(&self, layout: &Layout, kind: &str) -> String {
        let mut key = format!("{kind} {} {} {} {}", type_name(self.dtype), layout.ndim, layout.wide, layout.extra);
        for leaf in self.source.leaves() {
            let _ = write!(key, " {}", parameter(leaf));
        }
        let _ = write!(key, "\n{}{}", self.source.text(), self.result);
        key
    }

    /// Everything before the functions of the expression.
    fn head(&self, layout: &Layout, defines: &str) -> String {
        let index = if layout.wide { "i64" } else { "u32" };
        format!("{PRELUDE}{LIBRARY}#define NDIM {}\ntypedef {index} Index;\n{defines}{OPERANDS}", layout.ndim)
    }

    /// The expression as functions of what the loop numbers: positions, or places where operands are dense.
    fn functions(&self, form: Form) -> String {
        let leaves = self.source.leaves();
        let join = |f: &dyn Fn(usize, &Leaf) -> String| leaves.iter().enumerate().map(|(k, leaf)| f(k, leaf)).collect::<String>();
        let list = |f: &dyn Fn(usize, &Leaf) -> String| leaves.iter().enumerate().map(|(k, leaf)| f(k, leaf)).collect::<Vec<_>>().join(", ");
        let mut text = format!(
            "typedef {} Element;\n#define PARAMETERS{}\n#define ARGUMENTS{}\nDEVICE Element compute({}) {{\n{}  return {};\n}}\n",
            type_name(self.dtype),
            join(&|k, leaf| format!(" , {} p{k}", parameter(leaf))),
            join(&|k, _| format!(" , p{k}")),
            list(&|k, leaf| format!("{} x{k}", type_name(leaf.dtype))),
            self.source.text(),
            self.result,
        );
        let get = |how: &str| list(&|k, _| format!("p{k}.{how}"));
        match form {
            Form::Dense => {
                let _ = writeln!(text, "DEVICE Element flat(i64 i PARAMETERS) {{ return compute({}); }}", get("flat(i)"));
            }
            Form::Strided => {
                let _ = writeln!(text, "DEVICE Element element(const At& at PARAMETERS) {{ return compute({}); }}", get("get(at)"));
            }
            Form::Rows => {}
        }
        let place = match form {
            Form::Dense => "i64 i",
            Form::Rows => "const At& i",
            Form::Strided => return text,
        };
        let _ = write!(
            text,
            "DEVICE Pack<Element, PACK> packed({place} PARAMETERS) {{\n  {}\n  Pack<Element, PACK> all;\n#pragma unroll\n  \
             for (int k = 0; k < PACK; k++) all.at[k] = compute({});\n  return all;\n}}\n",
            join(&|k, leaf| format!("Pack<{}, PACK> a{k} = p{k}.pack<PACK>(i); ", type_name(leaf.dtype))),
            list(&|k, _| format!("a{k}.at[k]")),
        );
        text
    }

    /// Elements that a thread reads and writes at once: 16 bytes of the widest type, 32 of those with eight bytes.
    fn pack(&self) -> usize {
        match self.widest() {
            1 => 16,
            2 => 8,
            4 | 8 => 4,
            _ => 2,
        }
    }

    /// The size of the widest element.
    fn widest(&self) -> usize {
        self.source.leaves().iter().map(|leaf| leaf.dtype.size()).chain([self.dtype.size()]).max().unwrap_or(1)
    }

    /// The loop for a plan, and the elements that it reads and writes at once where it can.
    fn form(&self, plan: &Plan, out: u64) -> (Form, usize) {
        let pack = self.pack();
        let last = plan.shape().len().wrapping_sub(1);
        let dense = last < MAX_NDIM
            && plan.out()[last] == 1
            && self.source.leaves().iter().all(|leaf| match &leaf.kind {
                LeafKind::Array(_, walk) => matches!(walk[last], 0 | 1),
                LeafKind::Scalar(_) | LeafKind::Counter(..) => true,
                LeafKind::Rows { .. } => false,
            });
        if !dense {
            return (Form::Strided, 0);
        }
        if last == 0 {
            return (Form::Dense, pack);
        }
        // Every row has to begin where a pack may, and to be made of packs.
        let fits = |pack: usize| {
            let steps = |walk: &[isize]| walk[..last].iter().all(|&step| step.unsigned_abs().is_multiple_of(pack));
            plan.shape()[last].is_multiple_of(pack)
                && steps(&plan.out()[..=last])
                && self.is_aligned(out, pack)
                && self.source.leaves().iter().all(|leaf| match &leaf.kind {
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

    /// Whether accesses of `pack` elements are aligned.
    fn is_aligned(&self, out: u64, pack: usize) -> bool {
        let aligned = |address: usize, dtype: DType| address.is_multiple_of((pack * dtype.size()).min(16));
        aligned(out as usize, self.dtype)
            && self.source.leaves().iter().all(|leaf| match &leaf.kind {
                // What is read in packs has a step of 1; along another axis that asks for more than is needed.
                LeafKind::Array(address, walk) if walk.contains(&1) => aligned(address.addr(), leaf.dtype),
                _ => true,
            })
    }

    /// Appends the leaves as the parameters of [`parameter`].
    fn push(&self, arguments: &mut Arguments, axes: &Axes) -> Result<()> {
        for leaf in self.source.leaves() {
            match &leaf.kind {
                LeafKind::Array(address, walk) => {
                    arguments.push(address.addr() as u64);
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
                LeafKind::Rows { address, walk, indices, index_step, start } => {
                    arguments.push(address.addr() as u64);
                    axes.push_steps(arguments, walk);
                    arguments.push(indices.addr() as u64).push(*index_step as i64).push(*start as i64).push(axes.place_of_first() as i64);
                }
            }
        }
        if arguments.len() > MOST_ARGUMENTS {
            let reason = format!("{} operands in one expression: split it with `eval`", self.source.leaves().len());
            return Err(Error::InvalidArgument { operation: "evaluation".into(), reason });
        }
        Ok(())
    }
}

/// The type of the parameter that stands for a leaf.
fn parameter(leaf: &Leaf) -> String {
    let dtype = type_name(leaf.dtype);
    match leaf.kind {
        LeafKind::Array(..) => format!("Array<{dtype}>"),
        LeafKind::Scalar(_) => format!("Scalar<{dtype}>"),
        LeafKind::Counter(..) => "Counter".into(),
        LeafKind::Rows { .. } => format!("Rows<{dtype}>"),
    }
}

/// The axes of a plan in the order in which the kernel numbers them, filled up in front to a number that kernels are made for.
struct Axes {
    /// The plan's axis, or `None` for one of length 1.
    order: Vec<Option<usize>>,
    shape: [usize; MAX_NDIM],
    /// How many of them number the outputs.
    kept: usize,
}

impl Axes {
    /// The axes of an elementwise loop, the last one counted in packs.
    fn elementwise(plan: &Plan, pack: usize) -> Self {
        let order = filled((0..plan.shape().len()).collect());
        let mut shape = shape_of(plan);
        shape[plan.shape().len().saturating_sub(1)] /= pack;
        Axes { kept: order.len(), order, shape }
    }

    /// The axes that are kept, then those that are reduced.
    fn reduction(plan: &Plan) -> Self {
        let axes = |reduced: bool| filled((0..plan.shape().len()).filter(|&k| plan.reduced()[k] == reduced).collect());
        let mut order = axes(false);
        let kept = order.len();
        order.extend(axes(true));
        Axes { order, shape: shape_of(plan), kept }
    }

    fn ndim(&self) -> usize {
        self.order.len()
    }

    /// The number of positions along some of the axes.
    fn size(&self, range: std::ops::Range<usize>) -> usize {
        self.order[range].iter().flatten().map(|&k| self.shape[k]).product()
    }

    /// Appends a `Walk`.
    fn push_walk(&self, arguments: &mut Arguments, n: usize, out: &[isize], wide: bool) {
        arguments.push(n as i64);
        let length = |axis: &Option<usize>| axis.map_or(1, |k| self.shape[k]) as u64;
        for axis in &self.order {
            arguments.push(length(axis) as i64);
        }
        self.push_steps(arguments, out);
        let divisors = || self.order.iter().map(|axis| divisor(length(axis), if wide { 64 } else { 32 }));
        for (factor, _) in divisors() {
            arguments.push(factor);
        }
        for (_, shift) in divisors() {
            arguments.push(i64::from(shift));
        }
    }

    /// Appends the steps along the axes.
    fn push_steps(&self, arguments: &mut Arguments, walk: &[isize]) {
        for axis in &self.order {
            arguments.push(axis.map_or(0, |k| walk[k]) as i64);
        }
    }

    /// Where the plan's first axis is.
    fn place_of_first(&self) -> usize {
        self.order.iter().position(|&axis| axis == Some(0)).expect("a plan has axes")
    }
}

/// The factor `f` and the shift `s` for which `i / d` is `(i f / 2^bits + i) / 2^s` for all `i` below `2^(bits - 1)`, both
/// quotients rounded down; `d` is below `2^(bits - 1)` too.
fn divisor(d: u64, bits: u32) -> (u64, u32) {
    let d = d.max(1);
    let shift = d.next_power_of_two().trailing_zeros();
    let factor = (((1u128 << shift) - u128::from(d)) << bits) / u128::from(d) + 1;
    (factor as u64, shift)
}

fn shape_of(plan: &Plan) -> [usize; MAX_NDIM] {
    let mut shape = [1; MAX_NDIM];
    shape[..plan.shape().len()].copy_from_slice(plan.shape());
    shape
}

fn filled(axes: Vec<usize>) -> Vec<Option<usize>> {
    let n = match axes.len() {
        0 | 1 => 1,
        n @ 2..=4 => n,
        n => n.next_multiple_of(MAX_NDIM / 2),
    };
    std::iter::repeat_n(None, n - axes.len()).chain(axes.into_iter().map(Some)).collect()
}

/// How a reduction is cut into blocks. It depends on the shape alone.
struct Work {
    outputs: usize,
    /// Elements of each output.
    reduced: usize,
    /// Outputs side by side in a block.
    width: usize,
    /// Elements of an output that a block takes, and the number of such pieces.
    chunk: usize,
    chunks: usize,
}

/// Elements that a thread takes at least, when there are many.
const PER_THREAD: usize = 64;
/// Blocks that fill any device.
const ENOUGH_BLOCKS: usize = 4096;

impl Work {
    fn new(plan: &Plan, axes: &Axes) -> Self {
        let (outputs, reduced) = (axes.size(0..axes.kept), axes.size(axes.kept..axes.ndim()));
        let threads = THREADS as usize;
        let row_reduced = plan.reduced().last().copied().unwrap_or(true);
        // Neighbouring threads read neighbouring elements: along the row when that is reduced, else of neighbouring outputs.
        let side_by_side = if row_reduced { 1 } else { outputs.next_power_of_two().min(32) };
        let height = (reduced / 4).max(1).next_power_of_two().min(threads / side_by_side);
        let width = threads / height;
        let groups = outputs.div_ceil(width).max(1);
        let pieces = reduced.div_ceil(height * PER_THREAD).clamp(1, (ENOUGH_BLOCKS / groups).max(1));
        let chunk = reduced.div_ceil(pieces).next_multiple_of(height).max(1);
        Work { outputs, reduced, width, chunk, chunks: reduced.div_ceil(chunk).max(1) }
    }

    fn groups(&self) -> usize {
        self.outputs.div_ceil(self.width)
    }
}

/// Generated sources: an expression with every operation that is defined for a dtype, for every dtype and kind of loop, and
/// every reduction.
pub(crate) fn samples() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for dtype in DType::ALL {
        let name = type_name(dtype);
        for ndim in [1, 3] {
            all.push((format!("dense and strided {name} {ndim}"), sample(dtype, ndim, false)));
        }
        if dtype == DType::F32 {
            all.push((format!("more than 2^31 elements {name}"), sample(dtype, 6, true)));
        }
        let real = matches!(dtype.kind(), Kind::SignedInteger | Kind::UnsignedInteger | Kind::RealFloating);
        let reductions: &[&str] = match dtype.kind() {
            Kind::Bool => &["all", "any", "count_nonzero"],
            _ if real => &["sum", "prod", "all", "any", "count_nonzero", "max", "min", "argmax", "argmin"],
            _ => &["sum", "prod", "mean", "all", "any", "count_nonzero"],
        };
        for reduction in reductions.iter().chain(if dtype.kind() == Kind::RealFloating { &["mean"][..] } else { &[] }) {
            let mut source = Source::default();
            let x = source.leaf(dtype, LeafKind::Array(std::ptr::null(), [0; MAX_NDIM]));
            let program = Program { result: x.name().into(), source, dtype };
            let head = program.head(&Layout { ndim: 3, wide: false, extra: 0 }, "#define KEPT 1\n");
            let types = format!("typedef reduce_{reduction}<{name}> R;\ntypedef R::Acc Acc;\ntypedef R::Out Out;\n");
            all.push((format!("{reduction} {name}"), format!("{head}{}{types}{FUSED_REDUCE}", program.functions(Form::Strided))));
        }
    }
    all
}

/// Loops that copy an array: dense ones for every dtype, and the others for both widths of indices.
pub(crate) fn copies() -> Vec<(String, String)> {
    let copy = |dtype: DType, ndim: usize, wide: bool, form: Form| {
        let mut source = Source::default();
        let x = source.leaf(dtype, LeafKind::Array(std::ptr::null(), [0; MAX_NDIM]));
        let program = Program { result: x.name().into(), source, dtype };
        let head = program.head(&Layout { ndim, wide, extra: 0 }, &format!("#define PACK {}\n", program.pack()));
        let name = format!("{} {}{}", form.name(), type_name(dtype), if wide { " wide" } else { "" });
        (name, format!("{head}{}typedef Element Out;\n{}", program.functions(form), form.source()))
    };
    let dense = DType::ALL.into_iter().map(|dtype| copy(dtype, 1, false, Form::Dense));
    let others = [false, true].into_iter().flat_map(|wide| [Form::Rows, Form::Strided].map(|form| copy(DType::F32, 3, wide, form)));
    dense.chain(others).collect()
}

/// A loop over the sum of what every operation for a dtype gives.
fn sample(dtype: DType, ndim: usize, wide: bool) -> String {
    const NUMBERS: (&[&str], &[&str]) = (
        &["negative", "positive", "square", "sign", "round", "conj", "real", "imag", "abs", "abs_square", "isnan", "isinf", "isfinite"],
        &["add", "subtract", "multiply", "pow", "equal", "not_equal"],
    );
    const REALS: (&[&str], &[&str]) =
        (&["floor", "ceil", "trunc"], &["maximum", "minimum", "floor_divide", "remainder", "less", "less_equal", "greater", "greater_equal"]);
    const BITS: (&[&str], &[&str]) = (&["bitwise_invert"], &["bitwise_and", "bitwise_or", "bitwise_xor"]);
    const INTEGERS: (&[&str], &[&str]) = (&[], &["bitwise_left_shift", "bitwise_right_shift"]);
    const FLOATING: (&[&str], &[&str]) = (
        &[
            "exp",
            "expm1",
            "log",
            "log1p",
            "log2",
            "log10",
            "sin",
            "cos",
            "tan",
            "asin",
            "acos",
            "atan",
            "sinh",
            "cosh",
            "tanh",
            "asinh",
            "acosh",
            "atanh",
            "reciprocal",
            "sqrt",
        ],
        &["divide"],
    );
    const FLOATS: (&[&str], &[&str]) =
        (&["erf", "erfc", "gammaln", "expit", "logit", "signbit"], &["atan2", "hypot", "copysign", "nextafter", "logaddexp", "xlogy"]);
    const BOOLEANS: (&[&str], &[&str]) = (&["logical_not"], &["logical_and", "logical_or", "logical_xor", "equal", "not_equal"]);
    let lists: &[(&[&str], &[&str])] = match dtype.kind() {
        Kind::Bool => &[BITS, BOOLEANS],
        Kind::SignedInteger | Kind::UnsignedInteger => &[NUMBERS, REALS, BITS, INTEGERS],
        Kind::RealFloating => &[NUMBERS, REALS, FLOATING, FLOATS],
        Kind::ComplexFloating => &[NUMBERS, FLOATING],
    };
    let mut source = Source::default();
    let walk = [0; MAX_NDIM];
    let rows = || LeafKind::Rows { address: std::ptr::null(), walk, indices: std::ptr::null(), index_step: 1, start: 0 };
    let x = source.leaf(dtype, LeafKind::Array(std::ptr::null(), walk)).name().to_owned();
    // A dense loop knows no looked-up rows.
    let y = source.leaf(dtype, if ndim == 1 { LeafKind::Scalar([0; 16]) } else { rows() }).name().to_owned();
    let counter = source.leaf(DType::I64, LeafKind::Counter(0, walk));
    let mut result = source.convert(counter, dtype).name().to_owned();
    for (unary, binary) in lists {
        let calls = unary.iter().map(|op| format!("op_{op}({x})")).chain(binary.iter().map(|op| format!("op_{op}({x}, {y})")));
        for call in calls {
            // Every result is used, so that nothing is left out as dead code.
            let value = source.compute(dtype, &format!("convert<{}>({call})", type_name(dtype)));
            let join = if dtype == DType::Bool { "op_logical_xor" } else { "op_add" };
            result = source.compute(dtype, &format!("{join}({result}, {})", value.name())).name().into();
        }
    }
    for other in DType::ALL {
        if dtype.kind() != Kind::ComplexFloating || other.kind() == Kind::ComplexFloating {
            let there = source.compute(other, &format!("convert<{}>({result})", type_name(other)));
            result = source
                .compute(dtype, &format!("op_where(op_equal({x}, {x}), convert<{}>({}), {result})", type_name(dtype), there.name()))
                .name()
                .into();
        }
    }
    let program = Program { result, source, dtype };
    let pack = program.pack();
    let form = if ndim == 1 { Form::Dense } else { Form::Strided };
    let head = program.head(&Layout { ndim, wide, extra: 0 }, &format!("#define PACK {pack}\n"));
    format!("{head}{}typedef Element Out;\n{}", program.functions(form), form.source())
}

#[cfg(test)]
mod tests {
    use super::divisor;

    #[test]
    fn a_multiplication_divides() {
        let numbers = |bits: u32| {
            let most = (1u64 << (bits - 1)) - 1;
            let around = (0..bits - 1).flat_map(|b| [-1i64, 0, 1].map(|d| (1u64 << b).saturating_add_signed(d)));
            let mut all: Vec<u64> =
                around.chain([1, 3, 5, 7, 10, 641, 1000, 65_537, most / 3, most - 1, most]).filter(|&x| (1..=most).contains(&x)).collect();
            all.dedup();
            all
        };
        for bits in [32, 64] {
            for &d in &numbers(bits) {
                let (factor, shift) = divisor(d, bits);
                assert!(bits == 64 || factor < 1 << 32, "{d}: {factor}");
                let check = |i: u64| {
                    let high = ((u128::from(i) * u128::from(factor)) >> bits) as u64;
                    assert_eq!((high + i) >> shift, i / d, "{i} / {d} in {bits} bits");
                };
                let most = (1u64 << (bits - 1)) - 1;
                check(0);
                for &i in &numbers(bits) {
                    check(i);
                    // Multiples and their neighbours are where a quotient could be wrong.
                    let multiple = i / d * d;
                    check(multiple);
                    check(multiple.saturating_sub(1));
                    check((multiple + (d - 1)).min(most));
                }
            }
        }
    }
}
