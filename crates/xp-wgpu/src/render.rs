//! Programs as WGSL.
//!
//! A kernel is the program as a function of a position, between what reads the operands and a loop. Where operands start, their
//! strides, shapes and scalars are arguments, in the words `p`, so that an expression is compiled once per number of axes.

use std::collections::BTreeSet;
use std::fmt::Write;

use xp_core::expr::program::{LeafKind, Program, Step, Value};
use xp_core::ops::{DeviceSource, Language};
use xp_core::{DType, Error, Result};

use crate::kernel::{Access, Source};
use crate::reductions::{self, Part};
use crate::{Wgpu, wgsl};

/// All that the code of a kernel depends on: equal ones are compiled once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Code {
    pub(crate) program: Program,
    pub(crate) form: Form,
    /// The number of axes.
    pub(crate) ndim: usize,
    /// Leaves that lie in the memory of the output.
    pub(crate) in_place: Vec<usize>,
}

/// The loops over an expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// One result for each element; `packed` where results that share words of memory lie one behind the other, and a thread makes a whole word.
    Map { packed: bool },
    /// Results of the elements along the axes that are marked; `last` writes results, what is not last partial ones.
    Reduce { reduced: Vec<bool>, parts: Vec<Part>, last: bool },
    /// Results of partial ones.
    Join { parts: Vec<Part> },
}

/// Whether the device has a dtype.
pub(crate) fn check(dtype: DType) -> Result<()> {
    if wgsl::name(dtype).is_some() { Ok(()) } else { Err(Error::UnsupportedDType { backend: <Wgpu as xp_core::Backend>::NAME, dtype }) }
}

/// The source of a kernel.
///
/// # Errors
/// For an operation that has no function in WGSL, and a dtype that the device lacks.
pub(crate) fn source(code: &Code) -> Result<Source> {
    for leaf in code.program.leaves() {
        check(leaf.dtype)?;
    }
    for step in code.program.steps() {
        check(step.to())?;
    }
    let mut functions = Functions::default();
    match &code.form {
        Form::Map { packed } => map(code, *packed, functions),
        Form::Reduce { reduced, parts, last } => {
            let element = code.program.dtype(code.program.result());
            let reduction = reductions::render(parts, element, &mut functions)?;
            reduce(code, reduced, &reduction, parts, *last, functions)
        }
        Form::Join { parts } => {
            let element = code.program.dtype(code.program.result());
            let reduction = reductions::render(parts, element, &mut functions)?;
            let body = format!("{}{}{}", functions.text(), reduction.text, reductions::join(parts, &reduction));
            Ok(reductions::outputs(Source::new("reduction", body).typed("partial", "array<Acc>", Access::Read), parts, false))
        }
    }
}

/// Where in `p` the words of each thing are.
struct Layout {
    next: usize,
}

impl Layout {
    fn take(&mut self, words: usize) -> usize {
        self.next += words;
        self.next - words
    }
}

/// A kernel that writes one result for each element.
///
/// Arguments: the number of elements, the lengths of the axes, the output's start and strides, then those of the leaves.
fn map(code: &Code, packed: bool, mut functions: Functions) -> Result<Source> {
    let ndim = code.ndim;
    let mut layout = Layout { next: 0 };
    let n = layout.take(1);
    let shape = layout.take(ndim);
    let out = layout.take(1 + ndim);
    let axes: Vec<usize> = (0..ndim).collect();
    let result = code.program.dtype(code.program.result());
    let (reads, bindings) = leaves(code, &mut layout);
    let statements = statements(&code.program, &mut functions)?;
    let (functions, split, value) = (functions.text(), split("position", &axes, shape), name(code.program.result()));
    let main = "@compute @workgroup_size(256)\nfn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, \
                @builtin(local_invocation_index) thread: u32) {\n";
    let body = if packed {
        let many = wgsl::per_word(result.size());
        let bits = 32 / many;
        format!(
            "{functions}fn element(position: u32) -> {} {{\n{split}{reads}{statements}  return {value};\n}}\n{main}  \
             let word = (group.y * groups.x + group.x) * 256u + thread;\n  let before = p[{out}] % {many}u;\n  var bits = 0u;\n  var mask = 0u;\n  \
             for (var k = 0u; k < {many}u; k++) {{\n    let position = word * {many}u + k - before;\n    if (position < p[{n}]) {{\n      \
             let result = element(position);\n      bits |= {} << (k * {bits}u);\n      mask |= {}u << (k * {bits}u);\n    }}\n  }}\n  \
             let to = p[{out}] / {many}u + word;\n  if (mask == 0xffffffffu) {{ atomicStore(&o[to], bits); }}\n  \
             else if (mask != 0u) {{ atomicXor(&o[to], (atomicLoad(&o[to]) ^ bits) & mask); }}\n}}\n",
            wgsl::register(result),
            wgsl::to_bits(result, "result"),
            (1u64 << bits) - 1,
        )
    } else {
        format!(
            "{functions}{main}  let position = (group.y * groups.x + group.x) * 256u + thread;\n  if (position >= p[{n}]) {{ return; }}\n\
             {split}{reads}{statements}  let to = u32(s({out}u){});\n  let result = {value};\n  {}\n}}\n",
            offset(&axes, out + 1),
            wgsl::store(result, "o", "to", "result"),
        )
    };
    let source = Source::new(title(&code.program), body).elements("o", result.size(), Access::Write);
    Ok(bindings.into_iter().fold(source, |source, binding| source.binding(binding, Access::Read)))
}

/// A kernel that reduces.
///
/// Arguments: the numbers of outputs, of elements of each, of outputs side by side, of elements of a piece, of pieces, of all
/// elements that are reduced; the lengths of the axes; the strides of outputs; those of leaves; then the outputs' own.
fn reduce(code: &Code, reduced: &[bool], reduction: &reductions::Rendered, parts: &[Part], last: bool, mut functions: Functions) -> Result<Source> {
    let ndim = code.ndim;
    let mut layout = Layout { next: reductions::HEADER };
    let shape = layout.take(ndim);
    let out = layout.take(ndim);
    let along = |wanted: bool| (0..ndim).filter(|&k| reduced[k] == wanted).collect::<Vec<_>>();
    let (kept, summed) = (along(false), along(true));
    let (reads, bindings) = leaves(code, &mut layout);
    let statements = statements(&code.program, &mut functions)?;
    let element = wgsl::register(code.program.dtype(code.program.result()));
    let coordinates = |axes: &[usize]| axes.iter().map(|k| format!("c{k}: i32")).collect::<Vec<_>>().join(", ");
    let all: Vec<usize> = (0..ndim).collect();
    let arguments = all.iter().map(|k| format!("c{k}")).collect::<Vec<_>>().join(", ");
    let text = format!(
        "{}{}fn compute({}) -> {element} {{\n{reads}{statements}  return {};\n}}\n{}",
        functions.text(),
        reduction.text,
        coordinates(&all),
        name(code.program.result()),
        reductions::main(
            parts,
            reduction,
            &reductions::Loop {
                kept: split("output", &kept, shape),
                reduced: split("i", &summed, shape),
                element: format!("compute({arguments})"),
                place: format!("u32(0{})", offset(&kept, out)),
                first_output: layout.next,
                last,
            }
        ),
    );
    let source = reductions::outputs(Source::new(title(&code.program), text), parts, !last);
    Ok(bindings.into_iter().fold(source, |source, binding| source.binding(binding, Access::Read)))
}

/// What a kernel is called in messages.
fn title(program: &Program) -> String {
    match program.steps().last() {
        Some(Step::Call { name, .. }) => (*name).to_owned(),
        Some(Step::Convert { .. }) => "astype".into(),
        None => "copy".into(),
    }
}

/// The coordinates `c0`, `c1`, ... along some axes of the position that a variable counts, the last axis the fastest.
pub(crate) fn split(position: &str, axes: &[usize], shape: usize) -> String {
    let Some((first, rest)) = axes.split_first() else { return String::new() };
    let mut text = format!("  var rest_{position} = {position};\n");
    for k in rest.iter().rev() {
        let at = shape + k;
        let _ = writeln!(text, "  let c{k} = i32(rest_{position} % p[{at}]); rest_{position} = rest_{position} / p[{at}];");
    }
    let _ = writeln!(text, "  let c{first} = i32(rest_{position});");
    text
}

/// The distance of a position from the start, by strides that are arguments from `strides` on.
fn offset(axes: &[usize], strides: usize) -> String {
    axes.iter().map(|k| format!(" + c{k} * s({}u)", strides + k)).collect()
}

/// The statements that read the leaves, and the bindings they need after the outputs: that of a leaf, then that of its indices.
fn leaves(code: &Code, layout: &mut Layout) -> (String, Vec<String>) {
    let (mut text, mut bindings) = (String::new(), vec![]);
    let axes: Vec<usize> = (0..code.ndim).collect();
    for (k, leaf) in code.program.leaves().iter().enumerate() {
        let in_place = code.in_place.contains(&k);
        let mut load = |index: &str| {
            if in_place {
                return wgsl::load_written(leaf.dtype, "o", index);
            }
            bindings.push(format!("a{k}"));
            wgsl::load(leaf.dtype, &format!("a{k}"), index)
        };
        let value = match &leaf.kind {
            LeafKind::Array(..) => {
                let at = layout.take(1 + code.ndim);
                load(&format!("u32(s({at}u){})", offset(&axes, at + 1)))
            }
            LeafKind::Scalar(_) => {
                let at = layout.take(wgsl::words(leaf.dtype));
                scalar(leaf.dtype, &format!("{at}u"))
            }
            LeafKind::Counter(..) => {
                let at = layout.take(2 + 2 * code.ndim);
                let wide = |at: usize| format!("bitcast<i64>(join_words(p[{at}], p[{}]))", at + 1);
                let steps: String = axes.iter().map(|a| format!(" + i64(c{a}) * {}", wide(at + 2 + 2 * a))).collect();
                format!("{}{steps}", wide(at))
            }
            LeafKind::Rows { .. } => {
                let at = layout.take(3 + code.ndim);
                let row = format!("bitcast<i32>(r{k}[2u * u32(s({}u) + c0 * s({}u))])", at + 1, at + 2);
                let value = load(&format!("u32(s({at}u) + {row} * s({}u){})", at + 3, offset(&axes[1..], at + 3)));
                bindings.push(format!("r{k}"));
                value
            }
        };
        let _ = writeln!(text, "  let x{k} = {value};");
    }
    (text, bindings)
}

/// The value of a scalar among the arguments.
pub(crate) fn scalar(dtype: DType, at: &str) -> String {
    wgsl::of_words(dtype, &format!("p[{at}]"), &format!("p[{at} + 1u]"))
}

/// One statement per step: `let v2: f32 = op_add_f32(v1, x0);`.
fn statements(program: &Program, functions: &mut Functions) -> Result<String> {
    let mut text = String::new();
    for (k, step) in program.steps().iter().enumerate() {
        let value = match step {
            Step::Call { name: operation, source, arguments, to } => {
                let dtypes: Vec<DType> = arguments.iter().map(|&x| program.dtype(x)).collect();
                let arguments: Vec<String> = arguments.iter().map(|&x| name(x)).collect();
                functions.call(operation, *source, &dtypes, *to, &arguments.join(", "))?
            }
            Step::Convert { value, to } => wgsl::convert(program.dtype(*value), *to, &name(*value)),
        };
        let _ = writeln!(text, "  let {}: {} = {value};", name(Value::Step(k)), wgsl::register(step.to()));
    }
    Ok(text)
}

fn name(value: Value) -> String {
    match value {
        Value::Leaf(k) => format!("x{k}"),
        Value::Step(k) => format!("v{k}"),
    }
}

/// The functions of a kernel that are not the library's.
#[derive(Default)]
pub(crate) struct Functions {
    made: BTreeSet<String>,
    own: Vec<&'static str>,
}

impl Functions {
    /// The call of an operation.
    pub(crate) fn call(&mut self, operation: &str, source: DeviceSource, dtypes: &[DType], to: DType, arguments: &str) -> Result<String> {
        if source.is_library() {
            let missing =
                || Error::Value { what: "evaluation", why: format!("the operation `{operation}` is not defined for {dtypes:?} on this device") };
            let (function, made) = wgsl::operation(operation, dtypes, to).ok_or_else(missing)?;
            self.made.insert(made);
            return Ok(format!("{function}({arguments})"));
        }
        let function = self.own(operation, source)?;
        Ok(wgsl::narrowed(to, &format!("{function}op_{operation}({arguments})")))
    }

    /// What the names of a user's own source begin with in a kernel.
    pub(crate) fn own(&mut self, operation: &str, source: DeviceSource) -> Result<String> {
        let what = "evaluation";
        if operation.is_empty() || !operation.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(Error::Value { what, why: format!("an operation is named `{operation}`: letters, digits and `_` make a name") });
        }
        let missing = || Error::Value { what, why: format!("the operation `{operation}` has no source in WGSL; give it one in its `DEVICE`") };
        let text = source.of(Language::Wgsl).ok_or_else(missing)?;
        let place = self.own.iter().position(|other| *other == text).unwrap_or_else(|| {
            self.own.push(text);
            self.own.len() - 1
        });
        Ok(format!("own{place}_"))
    }

    /// Their text.
    pub(crate) fn text(&self) -> String {
        let mut text: String = self.made.iter().map(String::as_str).collect();
        for (k, own) in self.own.iter().enumerate() {
            // Lines may be indented: names are what the source declares at its outermost level.
            let flat: String = own.lines().flat_map(|line| [line.trim_start(), "\n"]).collect();
            let declared: Vec<String> = wgsl::items(&flat).into_iter().map(|(name, _)| name).collect();
            text += &wgsl::renamed(&flat, |word| declared.iter().any(|d| d == word).then(|| format!("own{k}_{word}")));
        }
        text
    }
}
