//! Programs as CUDA C++.
//!
//! A source is the types ([`PRELUDE`]), the functions of all operations ([`LIBRARY`]), those of a user's own operations, how
//! operands are read, the program as functions of a position, and the loop.

use std::fmt::Write;

use xp_core::expr::program::{Leaf, LeafKind, Program, Step, Value};
use xp_core::ops::{DeviceSource, Language};

use crate::{
    error::{Error, Result},
    expression::{Code, Form, Neighbours, Part},
    kernels::{LIBRARY, PRELUDE, c_name},
};

const OPERANDS: &str = include_str!("kernels/operands.cu");
const DENSE: &str = include_str!("kernels/dense.cu");
const ROWS: &str = include_str!("kernels/rows.cu");
const TILED: &str = include_str!("kernels/tiled.cu");
const STRIDED: &str = include_str!("kernels/strided.cu");
const FUSED_REDUCE: &str = concat!(include_str!("kernels/words.cu"), include_str!("kernels/fused_reduce.cu"));

/// The source of a kernel.
///
/// # Errors
/// [`Error::InvalidArgument`] for an operation that has no function in CUDA C++.
pub(crate) fn source(code: &Code) -> Result<String> {
    let Code { program, form, ndim, wide, extra, twins } = code;
    let mut own = Own::default();
    let index = if *wide { "i64" } else { "u32" };
    let (defines, types, template) = match form {
        Form::Dense => (format!("#define PACK {extra}\n"), OUT.to_owned(), DENSE),
        Form::Rows => (format!("#define PACK {extra}\n"), OUT.to_owned(), ROWS),
        Form::Strided => (String::new(), OUT.to_owned(), STRIDED),
        Form::Tiled(turned) => (tiles(program, turned), OUT.to_owned(), TILED),
        Form::Reduce(parts, Neighbours { count, at_once }) => {
            let accumulator: usize = parts.iter().map(|part| part.accumulator).sum();
            let defines =
                format!("#define KEPT {extra}\n#define ACCUMULATOR {accumulator}\n#define PACK {count}\n#define AT_ONCE {}\n", u8::from(*at_once));
            (defines, reductions(parts, &mut own)?, FUSED_REDUCE)
        }
    };
    let functions = functions(program, form, twins, &mut own)?;
    let own = own.namespaces();
    Ok(format!("{PRELUDE}{LIBRARY}{own}#define NDIM {ndim}\ntypedef {index} Index;\n{defines}{OPERANDS}{functions}{types}{template}"))
}

/// The type of the output of a loop without reduction.
const OUT: &str = "typedef Element Out;\n";

/// What a loop over tiles declares and fills for its turned operands, and hands to the expression.
fn tiles(program: &Program, turned: &[usize]) -> String {
    let each = |f: &dyn Fn(usize, &str) -> String| turned.iter().map(|&k| f(k, c_name(program.leaves()[k].dtype))).collect::<String>();
    format!(
        "#define TILES{}\n#define LOAD{}\n#define STAGED{}\n",
        each(&|k, dtype| format!(" __shared__ {dtype} tile{k}[TILE][TILE + 1];")),
        each(&|k, _| format!(" tile{k}[x][j] = p{k}.get(at);")),
        each(&|k, _| format!(" , tile{k}[i][x]")),
    )
}

/// The reductions that run together as one, `R`, over an accumulator of all of theirs: what the kernel takes for them
/// (`OUTPUTS`), and how it writes their results (`STORE`).
fn reductions(parts: &[Part], own: &mut Own) -> Result<String> {
    let mut text = String::new();
    for (k, part) in parts.iter().enumerate() {
        let template = own.qualified("reduce", part.name, part.source)?;
        let _ = writeln!(text, "typedef {template}<Element> R{k};");
        for (j, &result) in part.results.iter().enumerate() {
            // What the host has memory for, whatever the template says.
            let _ = writeln!(text, "typedef {} Out{k}_{j};", c_name(result));
        }
    }
    let each = |f: &dyn Fn(usize, &Part) -> String| parts.iter().enumerate().map(|(k, part)| f(k, part)).collect::<String>();
    // One reduction alone is its own accumulator.
    let field = |k: usize| if parts.len() == 1 { String::new() } else { format!(".a{k}") };
    if parts.len() == 1 {
        text += "typedef R0 R;\ntypedef R0::Acc Acc;\n";
    } else {
        let _ = writeln!(
            text,
            "struct Acc {{ {}}};\nstruct R {{\n  DEVICE Acc identity() {{ Acc a; {}return a; }}\n  \
             DEVICE Acc push(Acc a, Element x, i64 i) {{ {}return a; }}\n  DEVICE Acc merge(Acc a, Acc b) {{ {}return a; }}\n}};",
            each(&|k, _| format!("R{k}::Acc a{k}; ")),
            each(&|k, _| format!("a.a{k} = R{k}::identity(); ")),
            each(&|k, _| format!("a.a{k} = R{k}::push(a.a{k}, x, i); ")),
            each(&|k, _| format!("a.a{k} = R{k}::merge(a.a{k}, b.a{k}); ")),
        );
    }
    let parameters = |k: usize, part: &Part, f: &dyn Fn(&str, String) -> String| {
        part.parameters.iter().enumerate().map(|(j, &dtype)| f(c_name(dtype), format!("q{k}_{j}"))).collect::<String>()
    };
    let results = |k: usize, part: &Part, f: &dyn Fn(String) -> String| (0..part.results.len()).map(|j| f(format!("{k}_{j}"))).collect::<String>();
    let outputs = each(&|k, part| {
        let places = results(k, part, &|n| format!(" Out{n}* out{n},"));
        places + &parameters(k, part, &|dtype, name| format!(" {dtype} {name},"))
    });
    let store = each(&|k, part| {
        if part.partial {
            return format!(" R{k}::partial(acc{}, place{});", field(k), results(k, part, &|n| format!(", out{n}")));
        }
        let values = parameters(k, part, &|_, name| format!(", {name}"));
        format!(" out{k}_0[place] = R{k}::finish(acc{}, count{values});", field(k))
    });
    let _ = writeln!(text, "#define OUTPUTS{outputs}\n#define STORE{store}");
    Ok(text)
}

/// The program as functions of what the loop numbers: positions, or places where operands are dense.
fn functions(program: &Program, form: &Form, twins: &[(usize, usize)], own: &mut Own) -> Result<String> {
    let leaves = program.leaves();
    let join = |f: &dyn Fn(usize, &Leaf) -> String| leaves.iter().enumerate().map(|(k, leaf)| f(k, leaf)).collect::<String>();
    let list = |f: &dyn Fn(usize, &Leaf) -> String| leaves.iter().enumerate().map(|(k, leaf)| f(k, leaf)).collect::<Vec<_>>().join(", ");
    let mut text = format!(
        "typedef {} Element;\n#define PARAMETERS{}\n#define ARGUMENTS{}\nDEVICE Element compute({}) {{\n{}  return {};\n}}\n",
        c_name(program.dtype(program.result())),
        join(&|k, leaf| format!(" , {} p{k}", parameter(leaf))),
        join(&|k, _| format!(" , p{k}")),
        list(&|k, leaf| format!("{} x{k}", c_name(leaf.dtype))),
        statements(program, twins, own)?,
        name(program.result()),
    );
    let get = |how: &str| list(&|k, _| format!("p{k}.{how}"));
    match form {
        Form::Dense => {
            let _ = writeln!(text, "DEVICE Element flat(i64 i PARAMETERS) {{ return compute({}); }}", get("flat(i)"));
        }
        Form::Strided | Form::Reduce(..) => {
            let _ = writeln!(text, "DEVICE Element element(const At& at PARAMETERS) {{ return compute({}); }}", get("get(at)"));
        }
        Form::Tiled(turned) => {
            let staged = turned.iter().map(|&k| format!(" , {} t{k}", c_name(leaves[k].dtype))).collect::<String>();
            let operands = list(&|k, _| if turned.contains(&k) { format!("t{k}") } else { format!("p{k}.get(at)") });
            let _ = writeln!(text, "DEVICE Element element(const At& at{staged} PARAMETERS) {{ return compute({operands}); }}");
        }
        Form::Rows => {}
    }
    let place = match form {
        Form::Dense => "i64 i",
        Form::Rows | Form::Reduce(_, Neighbours { at_once: true, .. }) => "const At& i",
        Form::Strided | Form::Tiled(_) | Form::Reduce(..) => return Ok(text),
    };
    let _ = write!(
        text,
        "DEVICE Pack<Element, PACK> packed({place} PARAMETERS) {{\n  {}\n  Pack<Element, PACK> all;\n#pragma unroll\n  \
         for (int k = 0; k < PACK; k++) all.at[k] = compute({});\n  return all;\n}}\n",
        join(&|k, leaf| format!("Pack<{}, PACK> a{k} = p{k}.pack<PACK>(i); ", c_name(leaf.dtype))),
        list(&|k, _| format!("a{k}.at[k]")),
    );
    Ok(text)
}

/// One statement per step: `f64 v2 = op_add(v1, x0);`.
fn statements(program: &Program, twins: &[(usize, usize)], own: &mut Own) -> Result<String> {
    let mut text = String::new();
    let first = |value: Value| match value {
        Value::Leaf(k) => Value::Leaf(twins.iter().find(|twin| twin.0 == k).map_or(k, |twin| twin.1)),
        step => step,
    };
    for (k, step) in program.steps().iter().enumerate() {
        let value = match step {
            Step::Call { name: operation, source, arguments, .. } => {
                let arguments: Vec<String> = arguments.iter().map(|&x| name(first(x))).collect();
                format!("{}({})", own.qualified("op", operation, *source)?, arguments.join(", "))
            }
            Step::Convert { value, to } => format!("convert<{}>({})", c_name(*to), name(*value)),
        };
        let _ = writeln!(text, "  {} {} = {value};", c_name(step.to()), name(Value::Step(k)));
    }
    Ok(text)
}

fn name(value: Value) -> String {
    match value {
        Value::Leaf(k) => format!("x{k}"),
        Value::Step(k) => format!("v{k}"),
    }
}

/// The type of the parameter that stands for a leaf.
fn parameter(leaf: &Leaf) -> String {
    let dtype = c_name(leaf.dtype);
    match leaf.kind {
        LeafKind::Array(..) => format!("Array<{dtype}>"),
        LeafKind::Scalar(_) => format!("Scalar<{dtype}>"),
        LeafKind::Counter(..) => "Counter".into(),
        LeafKind::Rows { .. } => format!("Rows<{dtype}>"),
    }
}

/// The sources of a user's operations, each in a namespace of its own.
#[derive(Default)]
struct Own(Vec<&'static str>);

impl Own {
    /// The name by which a source calls the function of an operation, or a reduction's class template. Anybody may name an
    /// operation, and what is no name would become code.
    fn qualified(&mut self, prefix: &str, name: &str, source: DeviceSource) -> Result<String> {
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            let reason = format!("an operation is named `{name}`: letters, digits and `_` make a name");
            return Err(Error::InvalidArgument { operation: "compilation".into(), reason });
        }
        if source.is_library() {
            return Ok(format!("{prefix}_{name}"));
        }
        let Some(text) = source.of(Language::Cuda) else {
            let reason = format!("the operation `{name}` has no source in CUDA C++; give it one in its `DEVICE`");
            return Err(Error::InvalidArgument { operation: name.into(), reason });
        };
        let known = self.0.iter().position(|other| *other == text);
        let place = known.unwrap_or_else(|| {
            self.0.push(text);
            self.0.len() - 1
        });
        Ok(format!("own{place}::{prefix}_{name}"))
    }

    fn namespaces(&self) -> String {
        self.0.iter().enumerate().map(|(k, text)| format!("namespace own{k} {{\n{text}\n}}\n")).collect()
    }
}

#[cfg(test)]
mod tests {
    use xp_core::ops::{Exp, UnaryOp};

    use super::Own;

    #[test]
    fn names_are_no_code() {
        let library = <Exp as UnaryOp<f64>>::DEVICE;
        assert_eq!(Own::default().qualified("op", "exp", library).unwrap(), "op_exp");
        for name in ["", "exp(x0); *(f64*)0 = 1; op_exp", "exp ", "a::b", "e\u{301}"] {
            assert!(Own::default().qualified("op", name, library).is_err(), "{name}");
        }
    }
}
