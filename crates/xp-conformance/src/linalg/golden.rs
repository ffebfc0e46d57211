//! Values that NumPy found: `golden/linalg.json`, written by `scripts/golden/linalg.py`.

use serde_json::Value;
use xp_core::linalg::{self, MatrixNorm};
use xp_core::{Backend, Dim, Floating, Ix1, Ix2, Linalg, Num};

use super::host::{Z, eps, number, wide};
use crate::support::{Any, array};

/// Every case whose dtype has the kind of `T`. Narrow dtypes leave out what does not survive the rounding of the input:
/// scales beyond their range, and ranks below full.
pub fn golden<B: Linalg<T>, T: Floating>(device: &B) {
    let file: Value = serde_json::from_str(include_str!("../../golden/linalg.json")).unwrap();
    let kind = if matches!(T::DTYPE.kind(), xp_core::dtype::Kind::ComplexFloating) { "complex128" } else { "float64" };
    let narrow = eps::<T>() > 1e-10;
    let mut checked = 0;
    for case in file["cases"].as_array().unwrap() {
        let names: Vec<&str> = case["inputs"].as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect();
        // A singular value that is zero but for rounding is nothing to compare.
        let noise = case["params"]["ord"].as_i64() == Some(-2);
        let lost = names.iter().any(|n| narrow && n.contains("scaled") || (narrow || noise) && n.contains("rank_two"));
        if !names[0].ends_with(kind) || lost {
            continue;
        }
        let inputs: Vec<Any<B, T>> = names
            .iter()
            .map(|n| {
                let (shape, z) = numbers(&file["inputs"][n]);
                array(device, &z.iter().map(|&z| number(z)).collect::<Vec<T>>(), &shape)
            })
            .collect();
        let what = format!("{} of {names:?}, {}", case["function"], case["params"]);
        for (got, expected) in run(case, &inputs).unwrap_or_else(|e| panic!("{what}: {e}")) {
            let (_, exact) = numbers(expected);
            assert_eq!(got.len(), exact.len(), "{what}");
            let mut size = exact.iter().filter(|z| z.norm().is_finite()).map(|z| z.norm()).fold(0.0, f64::max);
            if case["params"]["ord"] == -2 {
                // The smallest singular value is as accurate as the largest.
                size = numbers(&file["inputs"][names[0]]).1.iter().map(|z| z.norm()).fold(size, f64::max);
            }
            for (g, e) in got.iter().zip(&exact) {
                // The condition of the inputs is below 1e4.
                let near = (g - e).norm() <= 1e4 * eps::<T>() * size || g == e;
                assert!(near, "{what}: {g} for {e}");
            }
            checked += 1;
        }
    }
    assert!(checked > 150, "only {checked} values checked");
}

/// A result as numbers, and where the file has the expected one.
type Checked<'a> = Vec<(Vec<Z>, &'a Value)>;

fn run<'a, B: Linalg<T>, T: Floating>(case: &'a Value, x: &[Any<B, T>]) -> xp_core::Result<Checked<'a>> {
    let (params, expected) = (&case["params"], &case["expected"]);
    let rtol = params["rtol"].as_f64().map(<T::Real as Num>::from_f64);
    let whole = |name: &str| params[name].as_i64().unwrap() as isize;
    let one = |values: Vec<Z>| vec![(values, expected)];
    let first = &x[0];
    Ok(match case["function"].as_str().unwrap() {
        "det" => one(flat(&linalg::det(first)?)),
        "slogdet" => {
            let (sign, log) = linalg::slogdet(first)?;
            vec![(flat(&sign), &expected["sign"]), (flat(&log), &expected["logabsdet"])]
        }
        "inv" => one(flat(&linalg::inv(first)?)),
        "matrix_power" => one(flat(&linalg::matrix_power(first, whole("n") as i64)?)),
        "trace" => one(flat(&linalg::trace(first, 0)?)),
        "svdvals" => one(flat(&linalg::svdvals(first)?)),
        "pinv" | "pinv_hermitian" => one(flat(&linalg::pinv(first, rtol)?)),
        "matrix_rank" | "matrix_rank_hermitian" => one(flat(&linalg::matrix_rank(first, rtol)?)),
        "matrix_norm" => one(flat(&linalg::matrix_norm(first, order(&params["ord"]))?)),
        "eigvalsh" => one(flat(&linalg::eigvalsh(first)?)),
        "cholesky" => one(flat(&linalg::cholesky(first, if params["upper"] == true { linalg::Upper } else { linalg::Lower })?)),
        "solve" => one(flat(&linalg::solve(first, &x[1])?)),
        "lstsq" => {
            let a = first.clone().into_rank::<Ix2>()?;
            let fit = linalg::lstsq(&a, &x[1], rtol)?;
            assert_eq!(Some(fit.rank as u64), expected["rank"].as_u64());
            vec![(flat(&fit.solution), &expected["x"]), (flat(&fit.singular_values), &expected["singular_values"])]
        }
        "vector_norm" => match &params["axis"] {
            Value::Null => one(flat(&linalg::vector_norm(&first.ravel()?, 0, float(&params["ord"]))?)),
            Value::Number(axis) => one(flat(&linalg::vector_norm(first, axis.as_i64().unwrap() as isize, float(&params["ord"]))?)),
            // Lists of axes are not a parameter of the function.
            _ => vec![],
        },
        "outer" => one(flat(&linalg::outer(&x[0].clone().into_rank::<Ix1>()?, &x[1].clone().into_rank::<Ix1>()?)?)),
        // Not a function here.
        "cross" => vec![],
        "vecdot" if whole("axis") < 0 => one(flat(&linalg::vecdot(first, &x[1], whole("axis"))?)),
        "vecdot" => one(flat(&linalg::vecdot(&first.t(), &x[1].t(), -1)?)),
        "tensordot" => match &params["axes"] {
            Value::Array(lists) => {
                let axes = |k: usize| lists[k].as_array().unwrap().iter().map(|a| a.as_i64().unwrap() as isize).collect::<Vec<_>>();
                one(flat(&linalg::tensordot(first, &x[1], (axes(0), axes(1)))?))
            }
            n => one(flat(&linalg::tensordot(first, &x[1], n.as_u64().unwrap() as usize)?)),
        },
        "diagonal" => one(flat(&first.diagonal(whole("offset"))?)),
        "matmul_adjoint" => one(flat(&first.matmul(&linalg::adjoint(first)?)?)),
        other => panic!("no function {other}"),
    })
}

fn flat<B: Backend, T: Num, D: Dim>(x: &xp_core::Array<B, T, D>) -> Vec<Z> {
    x.to_vec().into_iter().map(wide).collect()
}

fn order(ord: &Value) -> MatrixNorm {
    match ord.as_str() {
        Some("fro") => MatrixNorm::Fro,
        Some("nuc") => MatrixNorm::Nuc,
        _ => {
            let p = float(ord);
            match p.abs() {
                1.0 if p < 0.0 => MatrixNorm::NegOne,
                1.0 => MatrixNorm::One,
                2.0 if p < 0.0 => MatrixNorm::NegTwo,
                2.0 => MatrixNorm::Two,
                _ if p < 0.0 => MatrixNorm::NegInf,
                _ => MatrixNorm::Inf,
            }
        }
    }
}

fn float(v: &Value) -> f64 {
    v.as_f64().unwrap_or_else(|| v.as_str().unwrap().parse().unwrap())
}

/// Shape and elements of an array of the file.
pub(crate) fn numbers(v: &Value) -> (Vec<usize>, Vec<Z>) {
    let shape = v["shape"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect();
    let flat: Vec<f64> = v["data"].as_array().unwrap().iter().map(float).collect();
    let complex = v["dtype"].as_str().unwrap().starts_with("complex");
    (shape, if complex { flat.chunks(2).map(|p| Z::new(p[0], p[1])).collect() } else { flat.into_iter().map(Z::from).collect() })
}
