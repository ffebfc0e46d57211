//! Reductions in WGSL: the accumulators of each, and the loops around them.
//!
//! A group of threads takes `width` outputs side by side, 256 / width threads for each, and one piece of the elements that are
//! reduced to them. Where there are several pieces, a second launch joins their partial results. Sizes and order depend on
//! the shape alone, so a result is the same bit for bit on every device.

use std::fmt::Write;

use xp_core::ops::DeviceSource;
use xp_core::{DType, Error, Result};

use crate::kernel::{Access, Source};
use crate::render::{Functions, check, scalar};
use crate::wgsl::{self, convert, register};

/// One of the reductions that run together, as far as code depends on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) source: DeviceSource,
    /// The dtypes of what is written: of the result, or of the elements of the accumulator.
    pub(crate) results: Vec<DType>,
    pub(crate) partial: bool,
    /// The dtypes of the parameters; `f64` is passed as `f32`.
    pub(crate) parameters: Vec<DType>,
}

/// The functions of the reductions that run together, over an accumulator of all of theirs.
pub(crate) struct Rendered {
    pub(crate) text: String,
    /// What each writes, for each of its results: expressions of `acc`, `count` and the words of the parameters.
    finish: Vec<Vec<String>>,
}

/// Words of arguments before shapes and strides: outputs, elements of each, outputs side by side, elements of a piece, pieces,
/// all elements that are reduced to one output.
pub(crate) const HEADER: usize = 6;

/// The dtype in which parameters are passed.
pub(crate) fn passed(dtype: DType) -> DType {
    if dtype == DType::F64 { DType::F32 } else { dtype }
}

/// The words of the arguments of one reduction's outputs: where each starts, and the parameters.
fn words(part: &Part) -> usize {
    part.results.len() + part.parameters.iter().map(|&d| wgsl::words(passed(d))).sum::<usize>()
}

/// Bytes that are enough for the accumulator of a reduction whose host's has this size: every field counts as two words.
pub(crate) fn accumulator_bytes(host: usize) -> usize {
    2 * host.max(8) + 16
}

/// The dtype that sums are carried in.
fn wide(dtype: DType) -> DType {
    match dtype {
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => DType::I64,
        DType::U8 | DType::U16 | DType::U32 | DType::U64 => DType::U64,
        DType::F16 | DType::BF16 => DType::F32,
        other => other,
    }
}

/// The ends of the range of a dtype.
fn limits(dtype: DType) -> (String, String) {
    let (low, high) = match dtype {
        DType::I8 => ("-128", "127"),
        DType::I16 => ("-32768", "32767"),
        DType::I32 => ("i32(-2147483647 - 1)", "2147483647"),
        DType::U8 => ("0u", "255u"),
        DType::U16 => ("0u", "65535u"),
        DType::U32 => ("0u", "4294967295u"),
        DType::I64 => ("bitcast<i64>(join_words(0u, 0x80000000u))", "bitcast<i64>(join_words(0xffffffffu, 0x7fffffffu))"),
        DType::U64 => ("u64(0u)", "join_words(0xffffffffu, 0xffffffffu)"),
        _ => ("negated(infinity())", "infinity()"),
    };
    (low.into(), high.into())
}

/// The reductions over elements of a dtype.
///
/// # Errors
/// For a reduction that has no functions in WGSL, and dtypes that the device lacks.
pub(crate) fn render(parts: &[Part], element: DType, functions: &mut Functions) -> Result<Rendered> {
    let (mut text, mut finish) = (String::new(), vec![]);
    for (k, part) in parts.iter().enumerate() {
        part.results.iter().try_for_each(|&result| check(result))?;
        let x = register(element);
        let mut at = format!("first + {}u", parts[..k].iter().map(words).sum::<usize>() + part.results.len());
        let mut values = String::new();
        for &dtype in &part.parameters {
            check(passed(dtype))?;
            let value = scalar(passed(dtype), &at);
            let _ = write!(values, ", {value}");
            at += &format!(" + {}u", wgsl::words(passed(dtype)));
        }
        if part.source.is_library() {
            let result = if part.partial { result(part.name, element) } else { part.results[0] };
            let body = library(part.name, element, result)
                .ok_or_else(|| Error::Value { what: "reduction", why: format!("`{}` is not defined for {element} on this device", part.name) })?;
            text += &wgsl::renamed(&body, |word| ["Acc", "identity", "push", "merge", "finish"].contains(&word).then(|| format!("{word}{k}")));
            finish.push(match part.partial {
                true => elements(part, &format!("acc.a{k}"), element),
                false => vec![format!("finish{k}(acc.a{k}, count{values})")],
            });
        } else {
            let prefix = functions.own(part.name, part.source)?;
            let name = format!("{prefix}{}", part.name);
            let _ = write!(
                text,
                "alias Acc{k} = {name}_acc;\nfn identity{k}() -> Acc{k} {{ return {name}_identity(); }}\n\
                 fn push{k}(a: Acc{k}, x: {x}, i: u32) -> Acc{k} {{ return {name}_push(a, x, i); }}\n\
                 fn merge{k}(a: Acc{k}, b: Acc{k}) -> Acc{k} {{ return {name}_merge(a, b); }}\n"
            );
            finish.push(match part.partial {
                true => (0..part.results.len()).map(|j| wgsl::narrowed(part.results[j], &format!("{name}_partial_{j}(acc.a{k})"))).collect(),
                false => vec![wgsl::narrowed(part.results[0], &format!("{name}_finish(acc.a{k}, count{values})"))],
            });
        }
    }
    let each = |f: &dyn Fn(usize) -> String| (0..parts.len()).map(f).collect::<Vec<_>>().join(", ");
    let _ = write!(
        text,
        "struct Acc {{ {} }}\nfn identity() -> Acc {{ return Acc({}); }}\n\
         fn push(a: Acc, x: {}, i: u32) -> Acc {{ return Acc({}); }}\nfn merge(a: Acc, b: Acc) -> Acc {{ return Acc({}); }}\n",
        each(&|k| format!("a{k}: Acc{k}")),
        each(&|k| format!("identity{k}()")),
        register(element),
        each(&|k| format!("push{k}(a.a{k}, x, i)")),
        each(&|k| format!("merge{k}(a.a{k}, b.a{k})")),
    );
    Ok(Rendered { text, finish })
}

/// The dtype of the result of a reduction of xp, where only its accumulator is asked for.
fn result(name: &str, t: DType) -> DType {
    match name {
        "all" | "any" => DType::Bool,
        "argmax" | "argmin" | "count_nonzero" => DType::I64,
        "sum" | "prod" => wide(t),
        "var" | "std" | "squared_deviations" if t == DType::C64 => DType::F32,
        _ => t,
    }
}

/// The elements of the accumulator of a reduction of xp, as the host's has them.
fn elements(part: &Part, acc: &str, t: DType) -> Vec<String> {
    // The fields, and the dtypes that they are of.
    let (w, real) = (wide(t), DType::F32);
    let fields: &[(&str, DType)] = match part.name {
        "sum" | "mean" | "prod" => &[("", w)],
        "squared_deviations" => &[(".sum", w), (".squares", real)],
        "var" | "std" => &[(".n", real), (".first", w), (".mean", w), (".squares", real)],
        "ptp" => &[(".low", t), (".high", t)],
        "argmax" | "argmin" => &[(".value", t), (".place", DType::U32)],
        "all" | "any" | "count_nonzero" => &[("", DType::U32)],
        _ => &[("", t)],
    };
    fields.iter().zip(&part.results).map(|((field, from), to)| convert(*from, *to, &format!("{acc}{field}"))).collect()
}

/// A reduction of xp: the type `Acc`, and `identity`, `push`, `merge` and `finish`.
fn library(name: &str, t: DType, out: DType) -> Option<String> {
    let (x, w) = (register(t), wide(t));
    let (wn, wr) = (wgsl::name(w)?, register(w));
    let tn = wgsl::name(wgsl::base(t))?;
    let out_type = register(out);
    let (low, high) = limits(t);
    let widened = convert(t, w, "x");
    // A type, its start, how an element joins, how two join, and the result.
    let made = |acc: &str, identity: &str, push: &str, merge: &str, finish: &str| {
        format!(
            "{acc}\nfn identity() -> Acc {{ {identity} }}\nfn push(a: Acc, x: {x}, i: u32) -> Acc {{ {push} }}\n\
             fn merge(a: Acc, b: Acc) -> Acc {{ {merge} }}\nfn finish(a: Acc, count: u32) -> {out_type} {{ {finish} }}\n"
        )
    };
    let alias = |of: &str| format!("alias Acc = {of};");
    let sum = |finish: &str| {
        let identity = if w == DType::C64 { "return vec2<f32>(0.0, 0.0);".into() } else { format!("return {wr}(0);") };
        made(&alias(wr), &identity, &format!("return op_add_{wn}(a, {widened});"), &format!("return op_add_{wn}(a, b);"), finish)
    };
    let is_complex = t == DType::C64;
    let is_float = wgsl::base(t) == DType::F32;
    let better = |op: &str| if is_float { format!("op_{op}_f32(x, a) || is_nan(x)") } else { format!("op_{op}_{tn}(x, a)") };
    let extreme = |start: &str, op: &str| {
        let push = format!("return select(a, x, {});", better(op));
        made(&alias(x), &format!("return {start};"), &push, "return push(a, b, 0u);", "return a;")
    };
    let place = |start: &str, op: &str| {
        let (nan_b, nan_a) = if is_float { ("is_nan(b.value)", "is_nan(a.value)") } else { ("false", "false") };
        let merge = format!(
            "let better = op_{op}_{tn}(b.value, a.value) || ({nan_b} && !{nan_a});\n  \
             let tie = op_equal_{tn}(b.value, a.value) || ({nan_a} && {nan_b});\n  \
             if (better || (tie && b.place < a.place)) {{ return b; }}\n  return a;"
        );
        made(
            &format!("struct Acc {{ value: {x}, place: u32 }}"),
            &format!("return Acc({start}, 0xffffffffu);"),
            "return merge(a, Acc(x, i));",
            &merge,
            "return i64(a.place);",
        )
    };
    let truth = format!("is_true_{tn}(x)");
    let mean = if is_complex {
        "let n = f32_of_u32(count); return vec2<f32>(a.x / n, a.y / n);".to_owned()
    } else {
        format!("return {};", wgsl::narrowed(out, "(a / f32_of_u32(count))"))
    };
    let re = |v: &str| if is_complex { format!("{v}.x") } else { v.to_owned() };
    let im = |v: &str| if is_complex { format!("{v}.y") } else { "0.0".to_owned() };
    let zero = if is_complex { "vec2<f32>(0.0, 0.0)" } else { "0.0" };
    let scaled = |v: &str, by: &str| if is_complex { format!("vec2<f32>({v}.x * {by}, {v}.y * {by})") } else { format!("({v} * {by})") };
    let product = |a: &str, b: &str| format!("({} * {} + {} * {})", re(a), re(b), im(a), im(b));
    // Numbers of elements, of which whole ones of `f32` are exact up to 2^24; the parameter is the number of degrees of freedom.
    let moments = |finish: &str| {
        format!(
            "struct Acc {{ n: f32, first: {wr}, mean: {wr}, squares: f32 }}\nfn identity() -> Acc {{ return Acc(0.0, {zero}, {zero}, 0.0); }}\n\
             fn push(a: Acc, x: {x}, i: u32) -> Acc {{\n  let n = a.n + 1.0;\n  var first = a.first;\n  if (a.n == 0.0) {{ first = x; }}\n  \
             let before = op_subtract_{wn}(op_subtract_{wn}(x, first), a.mean);\n  let share = 1.0 / n;\n  \
             let mean = op_add_{wn}(a.mean, {});\n  let after = op_subtract_{wn}(op_subtract_{wn}(x, first), mean);\n  \
             return Acc(n, first, mean, a.squares + {});\n}}\n\
             fn merge(a: Acc, b: Acc) -> Acc {{\n  if (a.n == 0.0) {{ return b; }}\n  if (b.n == 0.0) {{ return a; }}\n  \
             let apart = op_add_{wn}(op_subtract_{wn}(b.first, a.first), op_subtract_{wn}(b.mean, a.mean));\n  let n = a.n + b.n;\n  \
             let share = b.n / n;\n  return Acc(n, a.first, op_add_{wn}(a.mean, {}), a.squares + b.squares + {} * (a.n * share));\n}}\n\
             fn finish(a: Acc, count: u32, freedom: f32) -> {out_type} {{\n  let value = a.squares / freedom;\n  return {};\n}}\n",
            scaled("before", "share"),
            product("before", "after"),
            scaled("apart", "share"),
            product("apart", "apart"),
            wgsl::narrowed(out, finish),
        )
    };
    Some(match name {
        "sum" => sum(&format!("return {};", convert(w, out, "a"))),
        "mean" => sum(&mean),
        "prod" => {
            let identity = if is_complex { "return vec2<f32>(1.0, 0.0);".into() } else { format!("return {wr}(1);") };
            let push = format!("return op_multiply_{wn}(a, {widened});");
            made(&alias(wr), &identity, &push, &format!("return op_multiply_{wn}(a, b);"), &format!("return {};", convert(w, out, "a")))
        }
        "squared_deviations" => {
            let (r, i) = (re("a.sum"), im("a.sum"));
            made(
                &format!("struct Acc {{ sum: {wr}, squares: f32 }}"),
                &format!("return Acc({zero}, 0.0);"),
                &format!("return Acc(op_add_{wn}(a.sum, x), a.squares + op_abs_square_{wn}(x));"),
                &format!("return Acc(op_add_{wn}(a.sum, b.sum), a.squares + b.squares);"),
                &format!(
                    "let n = f32_of_u32(max(count, 1u)); let left = a.squares - ({r} * ({r} / n) + {i} * ({i} / n));\n  \
                     if (is_nan(left)) {{ return a.squares; }}\n  return {};",
                    wgsl::narrowed(out, "at_least(left, 0.0)")
                ),
            )
        }
        "var" => moments("value"),
        "std" => moments("op_sqrt_f32(value)"),
        "max" => extreme(&low, "greater"),
        "min" => extreme(&high, "less"),
        "argmax" => place(&low, "greater"),
        "argmin" => place(&high, "less"),
        "ptp" => {
            let nan = if is_float { " || is_nan(x)" } else { "" };
            let subtract = wgsl::narrowed(out, &format!("op_subtract_{tn}(a.high, a.low)"));
            let join = if is_float {
                ("op_less_f32(b.low, a.low) || is_nan(b.low)", "op_greater_f32(b.high, a.high) || is_nan(b.high)")
            } else {
                ("b.low < a.low", "b.high > a.high")
            };
            made(
                &format!("struct Acc {{ low: {x}, high: {x} }}"),
                &format!("return Acc({high}, {low});"),
                &format!("return Acc(select(a.low, x, op_less_{tn}(x, a.low){nan}), select(a.high, x, op_greater_{tn}(x, a.high){nan}));"),
                &format!("return Acc(select(a.low, b.low, {}), select(a.high, b.high, {}));", join.0, join.1),
                &format!("return {subtract};"),
            )
        }
        "all" => made(&alias("u32"), "return 1u;", &format!("return a & select(0u, 1u, {truth});"), "return a & b;", "return a != 0u;"),
        "any" => made(&alias("u32"), "return 0u;", &format!("return a | select(0u, 1u, {truth});"), "return a | b;", "return a != 0u;"),
        "count_nonzero" => made(&alias("u32"), "return 0u;", &format!("return a + select(0u, 1u, {truth});"), "return a + b;", "return i64(a);"),
        _ => return None,
    })
}

/// Adds the bindings of the outputs: one for each, or one of partial results.
pub(crate) fn outputs(source: Source, parts: &[Part], partial: bool) -> Source {
    if partial {
        return source.typed("partial", "array<Acc>", Access::Write);
    }
    let results = parts.iter().flat_map(|part| &part.results).enumerate();
    results.fold(source, |source, (k, result)| source.elements(format!("o{k}"), result.size(), Access::Write))
}

/// What the loop of a reduction is made of.
pub(crate) struct Loop {
    /// The coordinates of an output, and of an element of it.
    pub(crate) kept: String,
    pub(crate) reduced: String,
    /// The element.
    pub(crate) element: String,
    /// The place of an output, less its start.
    pub(crate) place: String,
    /// Where the outputs' arguments are.
    pub(crate) first_output: usize,
    pub(crate) last: bool,
}

/// The statements that finish and write the results.
fn results(parts: &[Part], rendered: &Rendered, place: &str) -> String {
    let (mut text, mut at, mut n) = (String::new(), 0, 0);
    for (part, finish) in parts.iter().zip(&rendered.finish) {
        for (j, (&result, value)) in part.results.iter().zip(finish).enumerate() {
            let _ = writeln!(
                text,
                "    let to{n} = p[first + {}u] + {place};\n    let result{n} = {value};\n    {}",
                at + j,
                wgsl::store(result, &format!("o{n}"), &format!("to{n}"), &format!("result{n}"))
            );
            n += 1;
        }
        at += words(part);
    }
    text
}

const BEGIN: &str = "@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) ids: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
";

/// The loop of a reduction. Elements are combined in runs of 64, and these in runs of 64, which keeps the error of long sums small.
pub(crate) fn main(parts: &[Part], rendered: &Rendered, of: &Loop) -> String {
    let Loop { kept, reduced, element, place, first_output, last } = of;
    let write = if *last {
        format!("    let first = {first_output}u;\n    let count = p[5];\n{}", results(parts, rendered, place))
    } else {
        "    partial[piece * outputs + output] = acc;\n".into()
    };
    format!(
        "var<workgroup> tree: array<Acc, 256>;
{BEGIN}  let item = id.y * ids.x + id.x;
  let outputs = p[0];
  let width = p[2];
  let height = 256u / width;
  let groups = (outputs + width - 1u) / width;
  let piece = item / groups;
  let output = (item % groups) * width + thread % width;
  let row = thread / width;
  let end = min((piece + 1u) * p[3], p[1]);
  let inside = output < outputs && piece < p[4];
  var acc = identity();
{kept}  if (inside) {{
    var i = piece * p[3] + row;
    loop {{
      if (i >= end) {{ break; }}
      var runs = identity();
      for (var k = 0u; k < 64u && i < end; k++) {{
        var run = identity();
        let stop = min(i + 64u * height, end);
        loop {{
          if (i >= stop) {{ break; }}
{reduced}          run = push(run, {element}, i);
          i += height;
        }}
        runs = merge(runs, run);
      }}
      acc = merge(acc, runs);
    }}
  }}
  tree[thread] = acc;
  for (var half = height / 2u; half > 0u; half = half / 2u) {{
    workgroupBarrier();
    if (row < half) {{ tree[thread] = merge(tree[thread], tree[thread + half * width]); }}
  }}
  if (row == 0u && inside) {{
    acc = tree[thread];
{write}  }}
}}
"
    )
}

/// The kernel that joins partial results, one thread for each output.
///
/// Arguments: as of the first launch up to the strides of outputs, of which there are as many as axes; here the number of axes
/// that are kept, their lengths and strides follow the header.
pub(crate) fn join(parts: &[Part], rendered: &Rendered) -> String {
    format!(
        "{BEGIN}  let output = (id.y * ids.x + id.x) * 256u + thread;
  if (output >= p[0]) {{ return; }}
  var acc = identity();
  for (var piece = 0u; piece < p[4]; piece++) {{ acc = merge(acc, partial[piece * p[0] + output]); }}
  let axes = p[6];
  var place = 0;
  var rest = output;
  for (var k = axes; k > 0u; k--) {{
    let length = p[6u + k];
    place += i32(rest % length) * s(6u + axes + k);
    rest = rest / length;
  }}
  let first = 7u + 2u * axes;
  let count = p[5];
  {{
{}  }}
}}
",
        results(parts, rendered, "u32(place)")
    )
}
