//! Generated sources for a check by the real compiler.

use smallvec::smallvec;
use xp_core::dtype::Kind;
use xp_core::expr::program::{LeafKind, Program, Value};
use xp_core::ops::{DeviceSource, Exp, Language, OperationKind, Parameters, UnaryOp, operations};
use xp_core::{DType, MAX_NDIM};

use crate::{
    expression::{Code, Form, LEAST_ACCUMULATOR, Neighbours, Part, dense_pack_of, pack_of},
    kernels::c_name,
    render,
};

/// An expression with every operation that is defined for a dtype, for every dtype and kind of loop, every reduction, and its
/// accumulator.
pub(crate) fn samples() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for dtype in DType::ALL {
        let name = c_name(dtype);
        for ndim in [1, 3] {
            all.push((format!("dense and strided {name} {ndim}"), sample(dtype, ndim, false)));
        }
        if dtype == DType::F32 {
            all.push((format!("more than 2^31 elements {name}"), sample(dtype, 6, true)));
        }
        let public = operations().filter(|o| o.kind == OperationKind::Reduction);
        let part = |name, accumulator, result, parameters| Part {
            name,
            source: LIBRARY,
            accumulator,
            results: smallvec![result],
            partial: false,
            parameters,
        };
        let mut parts: Vec<Part> = public.filter_map(|o| Some(part(o.name, LEAST_ACCUMULATOR, (o.result)(dtype)?, vec![]))).collect();
        let widest = match dtype {
            DType::F16 | DType::BF16 | DType::F32 | DType::F64 => Some(dtype),
            DType::C64 => Some(DType::F32),
            DType::C128 => Some(DType::F64),
            _ => None,
        };
        if let Some(real) = widest {
            // Variances carry two complex numbers and two real ones, or sums and squares.
            parts.extend(["var", "std"].map(|name| part(name, 3 * LEAST_ACCUMULATOR, real, vec![DType::F64])));
            if !matches!(dtype, DType::F16 | DType::BF16) {
                parts.push(part("squared_deviations", 2 * LEAST_ACCUMULATOR, real, vec![]));
            }
        }
        let together = parts.iter().rev().take(4).cloned().collect::<Vec<_>>();
        let partial = |part: &Part| Part { results: elements(part.name, dtype).into(), partial: true, ..part.clone() };
        let partials: Vec<Vec<Part>> = parts.chunks(4).map(|some| some.iter().map(partial).collect()).collect();
        for parts in parts.into_iter().map(|part| vec![part]).chain([together]).chain(partials) {
            let named = |part: &Part| format!("{}{}", if part.partial { "partial " } else { "" }, part.name);
            let names = parts.iter().map(named).collect::<Vec<_>>().join(" and ");
            // Accumulators differ in what is done at the end alone.
            let ways = if parts[0].partial { &[true][..] } else { &[false, true] };
            for &at_once in ways {
                let form = Form::Reduce(parts.clone(), Neighbours { count: 4, at_once });
                let how = if at_once { " at once" } else { "" };
                all.push((format!("{names} {name}{how}"), rendered(&Code::new(copy_of(dtype), form, 3, false, 1))));
            }
        }
    }
    for dtype in DType::ALL {
        for wide in [false, true] {
            let code = Code::new(copy_of(dtype), Form::Tiled(vec![0]), 3, wide, 0);
            all.push((format!("tiled {}{}", c_name(dtype), if wide { " wide" } else { "" }), rendered(&code)));
        }
    }
    all.push(("a user's operations".into(), own()));
    all
}

/// The dtypes of the elements that an accumulator is, as `to_partial` of the host gives them.
fn elements(name: &str, dtype: DType) -> Vec<DType> {
    let wide = match dtype.kind() {
        Kind::SignedInteger => DType::I64,
        Kind::UnsignedInteger => DType::U64,
        _ if matches!(dtype, DType::F16 | DType::BF16) => DType::F32,
        _ => dtype,
    };
    let real = match wide {
        DType::C64 => DType::F32,
        DType::C128 => DType::F64,
        other => other,
    };
    match name {
        "sum" | "prod" | "mean" => vec![wide],
        "var" | "std" => vec![real, wide, wide, real],
        "squared_deviations" => vec![dtype, real],
        "argmax" | "argmin" => vec![dtype, DType::I64],
        "ptp" => vec![dtype; 2],
        "all" | "any" => vec![DType::Bool],
        "count_nonzero" => vec![DType::I64],
        _ => vec![dtype],
    }
}

/// Loops that copy an array: dense ones for every dtype, and the others for both widths of indices; and one that sums rows.
pub(crate) fn copies() -> Vec<(String, String)> {
    let copy = |dtype: DType, ndim: usize, wide: bool, form: Form| {
        let pack = if form == Form::Dense { dense_pack_of } else { pack_of };
        let code = Code::new(copy_of(dtype), form, ndim, wide, pack(dtype.size()));
        (format!("{} {}{}", code.form.name(), c_name(dtype), if wide { " wide" } else { "" }), rendered(&code))
    };
    let dense = DType::ALL.into_iter().map(|dtype| copy(dtype, 1, false, Form::Dense));
    let others = [false, true].into_iter().flat_map(|wide| [Form::Rows, Form::Strided].map(|form| copy(DType::F32, 3, wide, form)));
    let part =
        Part { name: "sum", source: LIBRARY, accumulator: LEAST_ACCUMULATOR, results: smallvec![DType::F32], partial: false, parameters: vec![] };
    let sum = Form::Reduce(vec![part], Neighbours { count: 4, at_once: true });
    let sum = ("sum f32".to_owned(), rendered(&Code::new(copy_of(DType::F32), sum, 2, false, 1)));
    dense.chain(others).chain([sum]).collect()
}

/// A reduction over two operations that a user wrote, whose helpers bear the same name.
fn own() -> String {
    const SQUARE: &str = "template <class R> DEVICE R helper(R x) { return x * x; } template <class R> DEVICE R op_own(R x) { return helper(x); }";
    const SUM: &str = "DEVICE f64 helper(f64 x) { return op_exp(x); } DEVICE f64 op_own(f64 x, f64 y) { return helper(x) + y; }";
    const LENGTH: &str = "template <class T> struct reduce_own : reduce_sum<T> { DEVICE T finish(T a, i64) { return sqrt(a); } };";
    // SAFETY: all three compute with their arguments alone.
    let [square, sum, length] = unsafe {
        [DeviceSource::own(&[(Language::Cuda, SQUARE)]), DeviceSource::own(&[(Language::Cuda, SUM)]), DeviceSource::own(&[(Language::Cuda, LENGTH)])]
    };
    let mut program = copy_of(DType::F64);
    let x = program.result();
    let y = program.call("own", square, &[x], &Parameters::new(), DType::F64);
    let z = program.call("own", sum, &[y], &Parameters::new().with(2.5f64), DType::F64);
    let z = program.call("own", square, &[z], &Parameters::new(), DType::F64);
    program.returns(z);
    let part =
        Part { name: "own", source: length, accumulator: LEAST_ACCUMULATOR, results: smallvec![DType::F64], partial: false, parameters: vec![] };
    let form = Form::Reduce(vec![part], Neighbours { count: 2, at_once: true });
    rendered(&Code::new(program, form, 3, false, 1))
}

/// Where the functions of xp's own operations are.
const LIBRARY: DeviceSource = <Exp as UnaryOp<f64>>::DEVICE;

fn rendered(code: &Code) -> String {
    render::source(code).expect("xp's own operations have sources")
}

/// The program that copies an array.
fn copy_of(dtype: DType) -> Program {
    let mut program = Program::default();
    let x = program.leaf(dtype, LeafKind::Array(0, [0; MAX_NDIM]));
    program.returns(x);
    program
}

/// A loop over the sum of what every operation for a dtype gives.
fn sample(dtype: DType, ndim: usize, wide: bool) -> String {
    let mut program = Program::default();
    let walk = [0; MAX_NDIM];
    let rows = || LeafKind::Rows { address: 0, walk, indices: 0, index_step: 1 };
    let x = program.leaf(dtype, LeafKind::Array(0, walk));
    // A dense loop knows no looked-up rows.
    let y = program.leaf(dtype, if ndim == 1 { LeafKind::Scalar([0; 16]) } else { rows() });
    let counter = program.leaf(DType::I64, LeafKind::Counter(0, walk));
    let mut result = program.convert(counter, dtype);
    let call = |program: &mut Program, name, operands: &[Value], to| program.call(name, LIBRARY, operands, &Parameters::new(), to);
    for operation in operations() {
        let operands: &[Value] = match operation.kind {
            OperationKind::Unary => &[x],
            OperationKind::Binary => &[x, y],
            _ => continue,
        };
        let Some(to) = (operation.result)(dtype) else { continue };
        // Every result is used, so that nothing is left out as dead code.
        let value = call(&mut program, operation.name, operands, to);
        let value = program.convert(value, dtype);
        let join = if dtype == DType::Bool { "logical_xor" } else { "add" };
        result = call(&mut program, join, &[result, value], dtype);
    }
    if dtype == DType::U64 {
        for name in ["random_bits", "random_bits_high"] {
            let bits = call(&mut program, name, &[counter, x, y], dtype);
            result = call(&mut program, "multiply_high", &[result, bits], dtype);
        }
    }
    for other in DType::ALL {
        if dtype.kind() != Kind::ComplexFloating || other.kind() == Kind::ComplexFloating {
            let there = program.convert(result, other);
            let back = program.convert(there, dtype);
            let same = call(&mut program, "equal", &[x, x], DType::Bool);
            result = call(&mut program, "where", &[same, back, result], dtype);
        }
    }
    program.returns(result);
    let (form, extra) = if ndim == 1 { (Form::Dense, dense_pack_of(16)) } else { (Form::Strided, 0) };
    rendered(&Code::new(program, form, ndim, wide, extra))
}
