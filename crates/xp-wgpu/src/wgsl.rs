//! The device library: every operation of xp as a function of WGSL, and what a source needs of it.
//!
//! WGSL has neither overloads nor templates, so a function bears the dtype of its first operand: `op_add_f32`. In registers the
//! integers of up to 32 bits are `i32` and `u32`, halves are `f32` rounded to their format, complex numbers are vectors. In
//! memory an element has the bytes that it has on the host: two words of 32 bits, one, or a part of one, which bindings that
//! kernels write reach by atomic operations: threads side by side write parts of one word.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::sync::OnceLock;

use xp_core::DType;

use crate::kernel::Access;

const REAL: &str = include_str!("library/real.wgsl");
const GAMMA: &str = include_str!("library/gamma.wgsl");
const INCOMPLETE: &str = include_str!("library/incomplete.wgsl");
const COMPLEX: &str = include_str!("library/complex.wgsl");
const INTEGER: &str = include_str!("library/integer.wgsl");
const OTHER: &str = include_str!("library/other.wgsl");

/// The name of a dtype in the names of functions; `None` for those that no device has.
pub(crate) fn name(dtype: DType) -> Option<&'static str> {
    Some(match dtype {
        DType::Bool => "bool",
        DType::I8 => "i8",
        DType::I16 => "i16",
        DType::I32 => "i32",
        DType::I64 => "i64",
        DType::U8 => "u8",
        DType::U16 => "u16",
        DType::U32 => "u32",
        DType::U64 => "u64",
        DType::F16 => "f16",
        DType::BF16 => "bf16",
        DType::F32 => "f32",
        DType::C64 => "c64",
        _ => return None,
    })
}

/// The dtype whose arithmetic a narrower one has.
pub(crate) fn base(dtype: DType) -> DType {
    match dtype {
        DType::I8 | DType::I16 => DType::I32,
        DType::U8 | DType::U16 => DType::U32,
        DType::F16 | DType::BF16 => DType::F32,
        other => other,
    }
}

/// The type of a value in registers.
pub(crate) fn register(dtype: DType) -> &'static str {
    match base(dtype) {
        DType::C64 => "vec2<f32>",
        other => name(other).unwrap_or("f32"),
    }
}

/// The number of 32-bit words of a value among the arguments of a kernel.
pub(crate) fn words(dtype: DType) -> usize {
    dtype.size().div_ceil(4)
}

/// The number of 32-bit words in memory of `n` elements.
pub(crate) fn memory_words(dtype: DType, n: usize) -> usize {
    n.saturating_mul(dtype.size()).div_ceil(4)
}

/// How many elements of `size` bytes share a word of memory.
pub(crate) fn per_word(size: usize) -> usize {
    (4 / size).max(1)
}

/// The type of a binding to elements of `size` bytes.
pub(crate) fn array(size: usize, access: Access) -> &'static str {
    if per_word(size) > 1 && access == Access::Write { "array<atomic<u32>>" } else { "array<u32>" }
}

/// What makes a result of the base dtype one of a narrower one.
fn narrowing(dtype: DType) -> Option<&'static str> {
    Some(match dtype {
        DType::I8 => "wrap_i8",
        DType::I16 => "wrap_i16",
        DType::U8 => "wrap_u8",
        DType::U16 => "wrap_u16",
        DType::F16 => "round_f16",
        DType::BF16 => "round_bf16",
        _ => return None,
    })
}

/// A value of a dtype, made of a result of its base dtype.
pub(crate) fn narrowed(dtype: DType, value: &str) -> String {
    narrowing(dtype).map_or_else(|| value.to_owned(), |function| format!("{function}({value})"))
}

/// The value that one word holds, or two, given as expressions.
pub(crate) fn of_words(dtype: DType, low: &str, high: &str) -> String {
    match base(dtype) {
        DType::Bool => format!("({low} != 0u)"),
        DType::I32 => format!("bitcast<i32>({low})"),
        DType::U32 => low.to_owned(),
        DType::F32 => format!("bitcast<f32>({low})"),
        DType::C64 => format!("vec2<f32>(bitcast<f32>({low}), bitcast<f32>({high}))"),
        DType::I64 => format!("bitcast<i64>(join_words({low}, {high}))"),
        _ => format!("join_words({low}, {high})"),
    }
}

/// The value of a narrow dtype from its 8 or 16 bits.
fn of_bits(dtype: DType, bits: &str) -> String {
    match dtype {
        DType::Bool => format!("({bits} != 0u)"),
        DType::I8 | DType::I16 => narrowed(dtype, &format!("bitcast<i32>({bits})")),
        DType::F16 => format!("f32_of_half({bits})"),
        DType::BF16 => format!("bitcast<f32>({bits} << 16u)"),
        _ => bits.to_owned(),
    }
}

/// The 8 or 16 bits of a value of a narrow dtype, the lowest of a word whose others are 0.
pub(crate) fn to_bits(dtype: DType, value: &str) -> String {
    match dtype {
        DType::Bool => format!("select(0u, 1u, {value})"),
        DType::I8 => format!("(bitcast<u32>({value}) & 0xffu)"),
        DType::I16 => format!("(bitcast<u32>({value}) & 0xffffu)"),
        DType::F16 => format!("half_of_f32({value})"),
        DType::BF16 => format!("brain_of_f32({value})"),
        _ => value.to_owned(),
    }
}

/// The value of an element from the memory at `index`, an expression that counts elements, of a binding that the kernel reads.
pub(crate) fn load(dtype: DType, memory: &str, index: &str) -> String {
    match per_word(dtype.size()) {
        1 if words(dtype) == 1 => of_words(dtype, &format!("{memory}[{index}]"), ""),
        1 => of_words(dtype, &format!("{memory}[2u * ({index})]"), &format!("{memory}[2u * ({index}) + 1u]")),
        many => of_bits(dtype, &bits_at(many, &format!("{memory}[({index}) / {many}u]"), index)),
    }
}

/// The value of an element of a binding that the kernel writes.
pub(crate) fn load_written(dtype: DType, memory: &str, index: &str) -> String {
    match per_word(dtype.size()) {
        1 => load(dtype, memory, index),
        many => of_bits(dtype, &bits_at(many, &format!("atomicLoad(&{memory}[({index}) / {many}u])"), index)),
    }
}

/// The bits of an element of a word, which `many` share.
fn bits_at(many: usize, word: &str, index: &str) -> String {
    format!("part_{many}({word}, {index})")
}

/// The statement that writes the bits of an element into a word, which `many` share.
fn store_bits(many: usize, memory: &str, index: &str, bits: &str) -> String {
    let word = format!("&{memory}[({index}) / {many}u]");
    // Other threads change other parts meanwhile.
    format!("atomicXor({word}, change_{many}(atomicLoad({word}), {index}, {bits}));")
}

/// The statements that write a value, the name of a variable, to the memory at `index`.
pub(crate) fn store(dtype: DType, memory: &str, index: &str, value: &str) -> String {
    match dtype {
        DType::U32 => format!("{memory}[{index}] = {value};"),
        DType::I32 | DType::F32 => format!("{memory}[{index}] = bitcast<u32>({value});"),
        DType::C64 => {
            format!("{memory}[2u * ({index})] = bitcast<u32>({value}.x); {memory}[2u * ({index}) + 1u] = bitcast<u32>({value}.y);")
        }
        DType::I64 => {
            format!("{memory}[2u * ({index})] = low_word(bitcast<u64>({value})); {memory}[2u * ({index}) + 1u] = high_word(bitcast<u64>({value}));")
        }
        DType::U64 => format!("{memory}[2u * ({index})] = low_word({value}); {memory}[2u * ({index}) + 1u] = high_word({value});"),
        narrow => store_bits(per_word(narrow.size()), memory, index, &to_bits(narrow, value)),
    }
}

/// The statements that copy an element of `size` bytes, whatever it is, from the binding `a` to `o`.
pub(crate) fn copy(size: usize, to: &str, from: &str) -> String {
    match per_word(size) {
        1 => (0..size / 4).map(|w| format!("  o[{}u * {to} + {w}u] = a[{}u * {from} + {w}u];\n", size / 4, size / 4)).collect(),
        many => format!("  {}\n", store_bits(many, "o", to, &bits_at(many, &format!("a[({from}) / {many}u]"), from))),
    }
}

/// The conversion of a value, as [`xp_core::Element::cast`] does it; both dtypes are ones that devices have.
pub(crate) fn convert(from: DType, to: DType, x: &str) -> String {
    use DType::{Bool, C64, F32, I32, I64, U32, U64};
    if from == to {
        return x.to_owned();
    }
    let (source, target) = (base(from), base(to));
    if source == C64 && target != Bool {
        return convert(F32, to, &format!("{x}.x"));
    }
    let value = match (source, target) {
        (_, C64) => return format!("vec2<f32>({}, 0.0)", convert(from, F32, x)),
        (_, Bool) => return format!("is_true_{}({x})", name(source).unwrap_or_default()),
        (Bool, _) => format!("select({0}(0), {0}(1), {x})", register(to)),
        (F32, I32) => match to {
            DType::I8 => return format!("i32_of_f32({x}, -128, 127)"),
            DType::I16 => return format!("i32_of_f32({x}, -32768, 32767)"),
            _ => return format!("i32_of_f32({x}, i32(-2147483647 - 1), 2147483647)"),
        },
        (F32, U32) => match to {
            DType::U8 => return format!("u32_of_f32({x}, 255u)"),
            DType::U16 => return format!("u32_of_f32({x}, 65535u)"),
            _ => return format!("u32_of_f32({x}, 4294967295u)"),
        },
        (F32, I64 | U64) => return format!("{}_of_f32({x})", register(to)),
        (_, F32) if source != F32 => format!("f32_of_{}({x})", register(from)),
        (I32, U32) => format!("bitcast<u32>({x})"),
        (U32, I32) => format!("bitcast<i32>({x})"),
        (I32, I64) => format!("i64_of_i32({x})"),
        (U32, I64) => format!("bitcast<i64>(u64({x}))"),
        (I32, U64) => format!("bitcast<u64>(i64_of_i32({x}))"),
        (U32, U64) => format!("u64({x})"),
        (I64, U64) => format!("bitcast<u64>({x})"),
        (U64, I64) => format!("bitcast<i64>({x})"),
        (I64, I32) => format!("bitcast<i32>(low_word(bitcast<u64>({x})))"),
        (U64, I32) => format!("bitcast<i32>(low_word({x}))"),
        (I64, U32) => format!("low_word(bitcast<u64>({x}))"),
        (U64, U32) => format!("low_word({x})"),
        // Between dtypes of one base only the width changes.
        _ => x.to_owned(),
    };
    narrowed(to, &value)
}

/// A function or a structure of the library, and what it uses.
struct Item {
    text: String,
    uses: Vec<String>,
}

/// The items of a text by their names: what begins a line with `fn`, `struct`, `alias` or `const`, up to its end.
pub(crate) fn items(text: &str) -> Vec<(String, String)> {
    let mut items: Vec<(String, String)> = vec![];
    let mut open = false;
    for line in text.lines() {
        let begins = ["fn ", "struct ", "alias ", "const "].iter().find_map(|kind| line.strip_prefix(kind));
        if let (false, Some(rest)) = (open, begins) {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            items.push((rest[..end].to_owned(), String::new()));
            open = true;
        }
        if open && let Some((_, item)) = items.last_mut() {
            item.push_str(line);
            item.push('\n');
            let depth = item.matches('{').count() as isize - item.matches('}').count() as isize;
            open = depth > 0 || !line.ends_with(['}', ';']);
        }
    }
    items
}

/// The identifiers of a text.
fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|w| w.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
}

/// A text with every identifier replaced.
pub(crate) fn renamed(text: &str, with: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric() || c == '_') {
        out.push_str(&rest[..start]);
        let tail = &rest[start..];
        let end = tail.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(tail.len());
        match with(&tail[..end]) {
            Some(new) => out.push_str(&new),
            None => out.push_str(&tail[..end]),
        }
        rest = &tail[end..];
    }
    out.push_str(rest);
    out
}

fn library() -> &'static HashMap<String, Item> {
    static LIBRARY: OnceLock<HashMap<String, Item>> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let mut all = vec![];
        for text in [REAL, GAMMA, INCOMPLETE, COMPLEX, OTHER] {
            all.extend(items(text));
        }
        for (name, bits, signed, minus_one) in
            [("i32", "32", "true", "-1"), ("u32", "32", "false", "0xffffffffu"), ("i64", "64", "true", "i64(-1)"), ("u64", "64", "false", "~u64(0u)")]
        {
            let text = renamed(INTEGER, |word| match word {
                "T" => Some(name.to_owned()),
                "BITS" => Some(bits.to_owned()),
                "SIGNED" => Some(signed.to_owned()),
                "MINUS_ONE" => Some(minus_one.to_owned()),
                _ => word.strip_suffix("_T").map(|stem| format!("{stem}_{name}")),
            });
            all.extend(items(&text));
        }
        all.into_iter()
            .map(|(name, text)| {
                let uses = identifiers(&text).filter(|w| *w != name).map(str::to_owned).collect();
                (name, Item { text, uses })
            })
            .collect()
    })
}

/// Whether the library has a function.
pub(crate) fn has(name: &str) -> bool {
    library().contains_key(name)
}

/// The items of the library that a text uses, directly or by others.
pub(crate) fn used_by(text: &str) -> String {
    let mut wanted: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&str> = identifiers(text).collect();
    while let Some(word) = open.pop() {
        if let Some((name, item)) = library().get_key_value(word)
            && wanted.insert(name)
        {
            open.extend(item.uses.iter().map(String::as_str));
        }
    }
    wanted.into_iter().fold(String::new(), |mut out, name| {
        let _ = write!(out, "{}", library()[name].text);
        out
    })
}

/// The function of an operation of xp over operands of these dtypes, and its text where it is not one of the library but made
/// of one: an operation on a narrow dtype, or a choice.
pub(crate) fn operation(name_of: &str, operands: &[DType], to: DType) -> Option<(String, String)> {
    let first = if name_of == "where" { *operands.get(1)? } else { *operands.first()? };
    let function = format!("op_{name_of}_{}", name(first)?);
    if has(&function) {
        return Some((function, String::new()));
    }
    if name_of == "where" {
        let t = register(first);
        return Some((function.clone(), format!("fn {function}(c: bool, x: {t}, y: {t}) -> {t} {{ return select(y, x, c); }}\n")));
    }
    let wide = format!("op_{name_of}_{}", name(base(first))?);
    if base(first) == first || !has(&wide) {
        return None;
    }
    let parameters: Vec<String> = operands.iter().enumerate().map(|(k, &d)| format!("x{k}: {}", register(d))).collect();
    let arguments: Vec<String> = (0..operands.len()).map(|k| format!("x{k}")).collect();
    let value = narrowed(to, &format!("{wide}({})", arguments.join(", ")));
    Some((function.clone(), format!("fn {function}({}) -> {} {{ return {value}; }}\n", parameters.join(", "), register(to))))
}

/// Everything of the library.
#[cfg(test)]
pub(crate) fn whole_library() -> String {
    let mut all: Vec<&str> = library().keys().map(String::as_str).collect();
    all.sort_unstable();
    used_by(&all.join(" "))
}

#[cfg(test)]
mod tests {
    use xp_core::ops::{OperationKind, operations};

    use super::*;

    /// Dtypes of devices.
    fn dtypes() -> impl Iterator<Item = DType> {
        DType::ALL.into_iter().filter(|&d| name(d).is_some())
    }

    fn check(source: &str) {
        let module = naga::front::wgsl::parse_str(source).unwrap_or_else(|e| panic!("{}", e.emit_to_string(source)));
        naga::valid::Validator::new(Default::default(), naga::valid::Capabilities::all())
            .validate(&module)
            .unwrap_or_else(|e| panic!("{e:?}\n{source}"));
    }

    #[test]
    fn the_whole_library_is_valid() {
        check(&whole_library());
    }

    #[test]
    fn every_operation_has_a_function_for_every_dtype_of_devices() {
        let (mut text, mut missing) = (String::new(), vec![]);
        for op in operations().filter(|o| o.kind != OperationKind::Reduction) {
            for dtype in dtypes() {
                let Some(to) = (op.result)(dtype) else { continue };
                let operands = vec![dtype; if op.kind == OperationKind::Unary { 1 } else { 2 }];
                match operation(op.name, &operands, to) {
                    Some((name, made)) => text += &format!("{made}// {name}\n"),
                    None => missing.push(format!("{} of {dtype}", op.name)),
                }
            }
        }
        assert!(missing.is_empty(), "{missing:?}");
        check(&format!("{}{text}", used_by(&text)));
    }

    #[test]
    fn every_conversion_is_valid() {
        let mut text = String::new();
        for from in dtypes() {
            for to in dtypes() {
                let (a, b) = (name(from).unwrap(), name(to).unwrap());
                text += &format!("fn c_{a}_{b}(x: {}) -> {} {{ return {}; }}\n", register(from), register(to), convert(from, to, "x"));
            }
        }
        check(&format!("{}{text}", used_by(&text)));
    }
}
