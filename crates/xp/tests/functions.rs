//! `docs/functions.md`: which function exists for which dtypes and backends.
//!
//! A function is declared once, in Rust: the bound on its element type says which dtypes it takes, the bound on its backend
//! what it needs, its documentation what it computes. Elementwise operations and reductions come from xp's own tables, the others are read
//! from these declarations (signatures, and the rows of the tables that make functions); this test fails when a function of the standard is missing or when the page does not say what the sources say. To write
//! the page anew: `XP_WRITE_DOCS=1 cargo test -p xp-array --test functions`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use xp::linalg::Eig;
use xp::ops::{OperationKind, operations};
use xp::{Backend, Cpu, DType, Floating, Linalg};
use xp_conformance::pages;

/// The standard's functions by category, version 2025.12.
const STANDARD: &[(&str, &str)] = &[
    ("Creation", "arange asarray empty empty_like eye from_dlpack full full_like linspace meshgrid ones ones_like tril triu zeros zeros_like"),
    ("Data types", "astype can_cast finfo iinfo isdtype result_type"),
    (
        "Elementwise",
        "abs acos acosh add asin asinh atan atan2 atanh bitwise_and bitwise_left_shift bitwise_invert bitwise_or bitwise_right_shift \
         bitwise_xor ceil clip conj copysign cos cosh divide equal exp expm1 floor floor_divide greater greater_equal hypot imag isfinite \
         isinf isnan less less_equal log log1p log2 log10 logaddexp logical_and logical_not logical_or logical_xor maximum minimum \
         multiply negative nextafter not_equal positive pow real reciprocal remainder round sign signbit sin sinh square sqrt subtract \
         tan tanh trunc",
    ),
    ("Indexing", "take take_along_axis"),
    ("Linear algebra", "matmul matrix_transpose tensordot vecdot"),
    (
        "Manipulation",
        "broadcast_arrays broadcast_shapes broadcast_to concat expand_dims flip moveaxis permute_dims repeat reshape roll squeeze stack \
         tile unstack",
    ),
    ("Searching", "argmax argmin count_nonzero nonzero searchsorted where"),
    ("Sets", "isin unique_all unique_counts unique_inverse unique_values"),
    ("Sorting", "argsort sort"),
    ("Statistics", "cumulative_prod cumulative_sum max mean min prod std sum var"),
    ("Utilities", "all any diff"),
    ("Inspection", "capabilities default_device default_dtypes devices dtypes"),
    (
        "`linalg`",
        "cholesky cross det diagonal eig eigh eigvalsh eigvals inv matmul matrix_norm matrix_power matrix_rank matrix_transpose outer pinv \
         qr slogdet solve svd svdvals tensordot trace vecdot vector_norm",
    ),
    ("`fft`", "fft ifft fftn ifftn rfft irfft rfftn irfftn hfft ihfft fftfreq rfftfreq fftshift ifftshift"),
];

/// What Rust calls otherwise, or has in another form.
const RENAMED: &[(&str, &str, &str)] =
    &[("asarray", "`Array::from_vec`, `array!`", "all"), ("from_dlpack", "the Python module", "all but bfloat16"), ("where", "`where_`", "all")];

/// Where the functions of a module are declared.
const SOURCES: &[(&str, &str)] = &[
    (
        "",
        "xp-core/src/array/create.rs xp-core/src/array/manipulate.rs xp-core/src/elementwise.rs xp-core/src/matmul.rs xp-core/src/reduction.rs xp-core/src/sorting.rs \
         xp-core/src/standard.rs",
    ),
    ("", "xp-core/src/shape.rs xp-core/src/inspection.rs xp-core/src/dtype/info.rs xp-core/src/dtype/promote.rs"),
    (
        "linalg",
        "xp-core/src/linalg/functions.rs xp-core/src/linalg/least.rs xp-core/src/linalg/lu.rs xp-core/src/linalg/mod.rs xp-core/src/linalg/norms.rs xp-core/src/matmul.rs",
    ),
    ("extra", "xp-core/src/extra/create.rs xp-core/src/extra/distance.rs xp-core/src/extra/einsum.rs xp-core/src/extra/partial.rs"),
    (
        "extra",
        "xp-core/src/extra/quantile.rs xp-core/src/extra/sets.rs xp-core/src/extra/statistics.rs xp-core/src/extra/values.rs xp-core/src/extra/special.rs",
    ),
    ("random", "xp-core/src/random.rs"),
    ("fft", "xp-fft/src/fourier.rs xp-fft/src/helper.rs xp-fft/src/trigonometric.rs xp-fft/src/hankel.rs xp-fft/src/signal.rs"),
];

/// Public functions that are no part of what users call.
const INTERNAL: &[&str] = &[
    "from_nested",
    "contiguous_strides",
    "is_contiguous",
    "normalize_axis",
    "normalize_axes",
    "normalize_index",
    "size_of_shape",
    "spawn",
    "new",
    "difference",
];

/// What a declaration says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Function {
    dtypes: String,
    needs: &'static str,
    /// What is called, with its arguments.
    call: String,
    /// The first sentence of the documentation.
    doc: String,
    /// Where the whole documentation is.
    link: Option<String>,
}

impl Function {
    /// The columns behind the function.
    fn row(&self) -> String {
        let or_dash = |s: &str| if s.is_empty() { "-".to_string() } else { s.replace('|', "\\|") };
        format!("{} | {} | {}", or_dash(&self.doc), or_dash(&self.dtypes), or_dash(self.needs))
    }

    /// The function as a link, where there is a page.
    fn shown(&self) -> String {
        let call = self.call.replace('|', "\\|");
        self.link.as_ref().map_or_else(|| format!("`{call}`"), |link| format!("[`{call}`]({link})"))
    }
}

/// Functions by module and name.
type Functions = BTreeMap<(String, String), Function>;

#[test]
fn the_page_says_what_the_sources_say() {
    let functions = declared();
    let page = page(&functions);
    pages::file("docs/functions.md", &page, "cargo test -p xp-array --test functions");
}

/// A file with functions beside the standard that [`SOURCES`] does not name would be left out of the page in silence.
#[test]
fn no_file_is_left_out() {
    for folder in ["xp-core/src/extra", "xp-core/src/linalg"] {
        for entry in fs::read_dir(crates().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let file = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
            let text = fs::read_to_string(&path).unwrap();
            let mut names = text.lines().filter_map(|line| line.strip_prefix("pub fn ")?.split(['<', '(']).next());
            let declares = names.any(|name| !INTERNAL.contains(&name));
            assert!(!declares || SOURCES.iter().any(|(_, files)| files.split_whitespace().any(|name| name == file)), "{file} is no file of SOURCES");
        }
    }
}

#[test]
fn nothing_of_the_standard_is_missing() {
    let functions = declared();
    for (category, names) in STANDARD {
        for name in names.split_whitespace() {
            assert!(find(&functions, category, name).is_some(), "{category}: {name}");
        }
    }
    assert_eq!(STANDARD.iter().map(|(_, names)| names.split_whitespace().count()).sum::<usize>(), 135 + 5 + 25 + 14);
}

/// The Python module makes its functions of the same table; its type stubs are written by hand.
#[test]
fn stubs_have_every_operation_of_the_standard() {
    let stubs = fs::read_to_string(crates().join("xp-py/python/xparray/__init__.pyi")).unwrap();
    for operation in operations() {
        let known = stubs.contains(&format!("\ndef {}(", operation.name));
        assert_eq!(known, operation.standard, "{}: is it a function of the standard, and in __init__.pyi?", operation.name);
    }
}

#[test]
fn declarations_are_understood() {
    let functions = declared();
    let dtypes = |module: &str, name: &str| functions[&(module.to_string(), name.to_string())].dtypes.clone();
    assert_eq!(dtypes("", "exp"), "floating");
    assert_eq!(dtypes("", "add"), "numeric");
    assert_eq!(dtypes("", "matmul"), "numeric");
    assert_eq!(dtypes("", "where_"), "all");
    assert_eq!(dtypes("", "copysign"), "real floating");
    assert_eq!(dtypes("", "bitwise_and"), "bool, integers");
    assert_eq!(dtypes("", "logical_or"), "bool");
    assert_eq!(dtypes("", "sort"), "real-valued");
    assert_eq!(dtypes("linalg", "eig"), "floating");
    assert_eq!(functions[&("linalg".into(), "eig".into())].needs, "general eigenvalues");
    assert_eq!(functions[&("linalg".into(), "svd".into())].needs, "linear algebra");
    assert_eq!(functions[&("fft".into(), "rfft".into())].needs, "transforms");
}

/// Fails to compile when a backend has less than the page says.
#[test]
fn backends_have_what_they_are_said_to_have() {
    fn linear<B: Linalg<T> + Eig<T>, T: Floating>() {}
    linear::<Cpu, f32>();
    linear::<Cpu, f64>();
    linear::<Cpu, num_complex::Complex<f32>>();
    linear::<Cpu, num_complex::Complex<f64>>();
    #[cfg(feature = "fft")]
    {
        fn transforms<B: xp::fft::Fft<T>, T: xp::Float>() {}
        transforms::<Cpu, f32>();
        transforms::<Cpu, f64>();
    }
    assert!(DType::ALL.iter().all(|d| Cpu::supports(*d)));
    #[cfg(feature = "wgpu")]
    {
        fn factors<B: Linalg<T>, T: Floating>() {}
        factors::<xp::Wgpu, f32>();
        factors::<xp::Wgpu, num_complex::Complex<f32>>();
        #[cfg(feature = "fft")]
        {
            fn transforms<B: xp::fft::Fft<T>, T: xp::Float>() {}
            transforms::<xp::Wgpu, f32>();
        }
        assert!(DType::ALL.iter().all(|d| xp::Wgpu::supports(*d) != matches!(d, DType::F64 | DType::C128)));
    }
}

fn page(functions: &Functions) -> String {
    let mut out = String::from(
        "# Functions\n\n\
         Generated from the sources by `crates/xp/tests/functions.rs`, which fails when this page is out of date.\n\n\
         | dtypes | are |\n|---|---|\n\
         | all | bool, integers, floats, complex |\n\
         | numeric | int8 to int64, uint8 to uint64, floats, complex |\n\
         | real-valued | integers, floats |\n\
         | floating | floats, complex |\n\
         | real floating | float16, bfloat16, float32, float64 |\n\n\
         | needs | `Cpu` | `Wgpu` |\n|---|---|---|\n\
         | - | all dtypes | all but float64, complex128 |\n\
         | linear algebra | float32, float64, complex64, complex128 | float32, complex64 |\n\
         | general eigenvalues | float32, float64, complex64, complex128 | none |\n\
         | transforms | float32, float64, complex64, complex128 | float32, complex64 |\n",
    );
    let mut listed = vec![];
    out.push_str("\n## The standard, version 2025.12\n");
    for (category, names) in STANDARD {
        let _ = write!(out, "\n### {category}\n\n| function | what it computes | dtypes | needs |\n|---|---|---|---|\n");
        for name in names.split_whitespace() {
            if let Some((key, f)) = find(functions, category, name) {
                let _ = writeln!(out, "| {} | {} |", shown(name, &f), f.row());
                listed.extend(key);
            }
        }
    }
    for (module, title) in [
        ("", "Beside the standard"),
        ("linalg", "`linalg`, beside the standard"),
        ("extra", "`extra`"),
        ("random", "`random::Generator`"),
        ("fft", "`fft`, beside the standard"),
    ] {
        let _ = write!(out, "\n## {title}\n\n| function | what it computes | dtypes | needs |\n|---|---|---|---|\n");
        for (_, f) in functions.iter().filter(|(key, _)| key.0 == module && !listed.contains(key)) {
            let _ = writeln!(out, "| {} | {} |", f.shown(), f.row());
        }
    }
    out
}

fn shown(name: &str, f: &Function) -> String {
    match RENAMED.iter().find(|r| r.0 == name) {
        Some((_, rust, _)) => format!("`{name}`: {rust}"),
        None => f.shown(),
    }
}

/// A function of the standard, and where it was declared.
fn find(functions: &Functions, category: &str, name: &str) -> Option<(Option<(String, String)>, Function)> {
    if let Some((_, _, dtypes)) = RENAMED.iter().find(|r| r.0 == name) {
        let declared = functions.keys().find(|k| k.1 == format!("{name}_")).cloned();
        let doc = declared.as_ref().map_or(String::new(), |key| functions[key].doc.clone());
        return Some((declared, Function { dtypes: (*dtypes).to_string(), needs: "", call: name.to_string(), doc, link: None }));
    }
    let module = category.trim_matches('`');
    let modules: &[&str] = if module == category { &[""] } else { &[module, ""] };
    modules.iter().find_map(|m| {
        let key = (m.to_string(), name.to_string());
        functions.get(&key).map(|f| (Some(key.clone()), f.clone()))
    })
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every public function, read from the sources.
fn declared() -> Functions {
    let mut out = Functions::new();
    for operation in operations() {
        let (place, arguments) = match operation.kind {
            OperationKind::Unary => ("elementwise/unary_functions", "x"),
            OperationKind::Binary => ("elementwise/binary_functions", "x1, x2"),
            OperationKind::Reduction => ("reduction/reduction_functions", "x, axes"),
            _ => continue,
        };
        let f = Function {
            dtypes: dtypes_of(operation.bound).unwrap_or_else(|| panic!("{}: bound {}", operation.name, operation.bound)).to_string(),
            needs: "",
            call: format!("{}({arguments})", operation.name),
            doc: operation.doc.to_string(),
            link: Some(format!("https://docs.rs/xp-core/latest/xp_core/{place}/fn.{}.html", operation.name)),
        };
        out.insert((String::new(), operation.name.to_string()), f);
    }
    for (module, files) in SOURCES {
        for file in files.split_whitespace() {
            let text = fs::read_to_string(crates().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
            for (name, f) in signatures(&text, *module == "random").into_iter().chain(rows(&text)) {
                if !(INTERNAL.contains(&&*name)
                    || *module == "linalg" && file.ends_with("matmul.rs") && !matches!(&*name, "outer" | "tensordot" | "vecdot"))
                {
                    out.insert((module.to_string(), name), f);
                }
            }
        }
    }
    out
}

/// Functions that are written out: `pub fn name<generics>(…) -> … where … {`.
fn signatures(text: &str, methods: bool) -> Vec<(String, Function)> {
    let start = if methods { "\n    pub fn " } else { "\npub fn " };
    let mut out = vec![];
    for (at, _) in text.match_indices(start) {
        let rest = &text[at + start.len()..];
        let head = &rest[..rest.find("{\n").unwrap_or(rest.len())];
        let end = head.find(['<', '(']).unwrap_or(head.len());
        let (name, rest) = head.split_at(end);
        let f = Function {
            dtypes: element_bound(rest),
            needs: backend_bound(rest),
            call: format!("{name}({})", arguments(rest)),
            doc: doc_before(&text[..at]),
            link: None,
        };
        out.push((name.to_string(), f));
    }
    out
}

/// The names and types of the arguments, without generic parameters and arrays' types.
fn arguments(head: &str) -> String {
    let Some(open) = head.find('(') else { return String::new() };
    let mut depth = 0i32;
    let close = head[open..].find(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0
    });
    let list = &head[open + 1..close.map_or(head.len(), |k| open + k)];
    let (mut parts, mut depth) = (vec![String::new()], 0i32);
    for c in list.chars() {
        depth += i32::from("([<".contains(c)) - i32::from(")]>".contains(c));
        match c {
            ',' if depth == 0 => parts.push(String::new()),
            c => parts.last_mut().expect("one at least").push(c),
        }
    }
    let shown = |part: &str| match part.split_once(':') {
        Some((name, ty)) if ty.contains("Array<") => {
            if ty.contains('[') {
                format!("&[{}]", name.trim())
            } else {
                name.trim().to_string()
            }
        }
        Some((name, ty)) => format!("{}: {}", name.trim(), ty.trim()),
        None => part.trim().to_string(),
    };
    parts
        .iter()
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|part| !part.is_empty() && !part.ends_with("self"))
        .map(|part| shown(&part))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The first sentence of the documentation that ends where a declaration begins, without links.
fn doc_before(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .rev()
        .map(str::trim)
        .take_while(|line| line.starts_with("///") || line.starts_with("#["))
        .filter(|line| !line.starts_with("#["))
        .collect();
    first_sentence(
        &lines.into_iter().rev().map(|line| line.trim_start_matches("///").trim()).take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" "),
    )
}

fn first_sentence(doc: &str) -> String {
    let end = doc.find(". ").map_or(doc.len(), |k| k + 1);
    let mut out = String::new();
    let mut rest = doc[..end].trim_end_matches(':');
    // [`name`](target) and [`name`] become `name`.
    while let Some(open) = rest.find("[`") {
        let Some(close) = rest[open..].find("`]").map(|k| open + k) else { break };
        out.push_str(&rest[..open]);
        out.push_str(&rest[open + 1..close + 1]);
        rest = &rest[close + 2..];
        if rest.starts_with('(') {
            rest = rest.split_once(')').map_or("", |(_, after)| after);
        }
    }
    out + rest
}

/// Functions that are rows of a table: `name Bound (…) -> …;`, and
/// those of `xp-fft`, `name, name_with: Bound -> …;`.
fn rows(text: &str) -> Vec<(String, Function)> {
    let mut out = vec![];
    let mut table = "";
    let mut at = 0;
    for line in text.lines() {
        let before = &text[..at];
        at += line.len() + 1;
        if let Some(name) = line.strip_suffix("! {").or_else(|| line.split_once("! { ").map(|(name, _)| name)) {
            table = name;
        } else if line == "}" {
            table = "";
        }
        let words: Vec<&str> = line.trim().trim_end_matches(';').split([' ', ',', ':']).filter(|w| !w.is_empty()).collect();
        let row = line.starts_with("    ") && line.ends_with(';') && !line.trim_start().starts_with("//");
        let doc = doc_before(before);
        let (name, bound, needs, arguments, doc) = match (table, &words[..]) {
            ("forwards", [name, bound, ..]) if row => {
                let rest = arguments(line);
                (*name, *bound, "", if rest.is_empty() { "x".into() } else { format!("x, {rest}") }, doc)
            }
            ("transforms", [name, _, kind, ..]) if row => (*name, if *kind == "Float" { "Float" } else { "Floating" }, "transforms", "x".into(), doc),
            _ => continue,
        };
        let dtypes = dtypes_of(bound).unwrap_or_else(|| panic!("{name}: bound {bound}")).to_string();
        out.push((name.to_string(), Function { dtypes, needs, call: format!("{name}({arguments})"), doc, link: None }));
    }
    out
}

/// The dtypes that the bounds on a function's element type allow.
fn element_bound(head: &str) -> String {
    if head.contains("::Output: Num") {
        return "numeric".into();
    }
    let bounds =
        ["T", "C", "R"].iter().flat_map(|p| head.match_indices(&format!("{p}: ")).map(|(at, m)| (at, &head[at + m.len()..])).collect::<Vec<_>>());
    for (at, bound) in bounds {
        let before = head[..at].chars().next_back();
        let name: String = bound.chars().take_while(|c| c.is_alphanumeric()).collect();
        if !before.is_some_and(char::is_alphanumeric)
            && let Some(dtypes) = dtypes_of(&name)
        {
            return dtypes.to_string();
        }
    }
    let fixed = ["bool", "i64"].into_iter().find(|t| head.contains(&format!("Array<B, {t}")));
    match fixed {
        Some("bool") => "bool".into(),
        Some(_) => "int64".into(),
        None if head.contains("T: Element") || head.contains("Promote<") => "all".into(),
        None => "".into(),
    }
}

fn dtypes_of(bound: &str) -> Option<&'static str> {
    Some(match bound {
        "Element" => "all",
        "Num" => "numeric",
        "Real" => "real-valued",
        "Integer" => "integers",
        "Bits" => "bool, integers",
        "Floating" => "floating",
        "Float" => "real floating",
        "bool" => "bool",
        _ => return None,
    })
}

fn backend_bound(head: &str) -> &'static str {
    match head {
        h if h.contains("B: Eig<") => "general eigenvalues",
        h if h.contains("B: Linalg<") => "linear algebra",
        h if h.contains("Fft<") => "transforms",
        _ => "",
    }
}
