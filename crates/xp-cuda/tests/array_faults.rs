//! Failures in the middle of operations on arrays: everything is released, and the next operation works. One test, because
//! faults belong to the process.

mod common;

use common::device;
use xp_core::functions::{Descending, eye};
use xp_core::{Array, Backend, Dyn, Error, Ix1, Ix2, Result, linalg};
use xp_cuda::Cuda;
use xp_cuda_sim::{
    faults::{self, Fault},
    stats,
};
use xp_fft::{Direction, Fft};
use xp_models::{decomposition::PCA, discriminant_analysis::LinearDiscriminantAnalysis, linear_model::Ridge};

type Any = Array<Cuda, f64, Dyn>;

/// An operation on a positive definite matrix, and the sum of its result.
type Job = (&'static str, fn(&Any) -> Result<f64>);

const JOBS: &[Job] = &[
    ("fused expression", |x| sum(&(x.lazy() * x + 1.0).sqrt().try_eval()?)),
    ("reduction in parts", |x| {
        let long = x.broadcast_to(vec![3000, 4, 4])?;
        long.lazy().square().sum(..).try_eval()?.item()
    }),
    ("sort", |x| sum(&x.sort(0, Descending)?)),
    ("cumulative sum", |x| sum(&x.cumulative_sum(0)?)),
    ("unique", |x| sum(&xp_core::functions::unique_values(x)?.into_dyn())),
    ("take", |x| sum(&x.take(&Array::from_vec(x.device(), vec![1i64, -1], [2])?, 0)?)),
    ("put", |x| {
        let mut y = x.clone();
        y.set(xp_core::s![1..3], x.slice(xp_core::s![..2])?)?;
        sum(&y)
    }),
    ("matmul", |x| sum(&x.matmul(&x.matrix_transpose()?)?)),
    ("svd", |x| sum(&linalg::svdvals(x)?)),
    ("eigh", |x| linalg::eigh(x)?.1.lazy().abs().sum(..).try_eval()?.item()),
    ("qr", |x| linalg::qr(x, linalg::Full)?.1.lazy().abs().sum(..).try_eval()?.item()),
    ("cholesky", |x| sum(&linalg::cholesky(x, linalg::Lower)?)),
    ("solve", |x| sum(&linalg::solve(x, x)?)),
    ("inverse", |x| sum(&linalg::inv(x)?)),
    ("eigenvalues", |x| {
        let (w, v) = linalg::eig(x)?;
        Ok(w.lazy().abs().sum(..).try_eval()?.item()? + v.lazy().abs().sum(..).try_eval()?.item()?)
    }),
    ("stack of small matrices", |x| {
        let stack = x.broadcast_to(vec![3, 4, 4])?;
        let (u, s, vh) = linalg::svd(&stack, linalg::Thin)?;
        let w = linalg::eigh(&stack)?.0;
        Ok(magnitude(&u)? + sum(&s)? + magnitude(&vh)? + sum(&w)?)
    }),
    ("polar decomposition", |x| magnitude(&linalg::svd(&large(x, 1.0)?, linalg::Thin)?.0)),
    ("polar decomposition that fails its check", |x| magnitude(&linalg::svd(&large(x, 0.0)?, linalg::Thin)?.2)),
    ("determinant", |x| linalg::slogdet(x)?.1.item()),
    ("least squares", |x| sum(&linalg::pinv(x, None)?)),
    ("triangular solve", |x| sum(&linalg::solve_triangular(&x.tril(0)?, x, linalg::Lower)?)),
    ("Gram matrix", |x| sum(&linalg::gram(&x.clone().into_rank::<Ix2>()?.lazy())?.into_dyn())),
    ("real transform", |x| {
        let spectrum = Cuda::r2c(x.clone(), &[0, 1], &[4, 4], Direction::Forward, 1.0)?;
        sum(&Cuda::c2r(spectrum, &[0, 1], &[4, 4], Direction::Backward, 1.0)?)
    }),
    ("cosine transform", |x| sum(&xp_fft::dct(x)?)),
    ("transform", |x| Cuda::c2c(x.clone(), &[0, 1], &[6, 3], Direction::Forward, 0.5)?.lazy().abs().sum(..).try_eval()?.item()),
];

/// Fits of models, which are made of operators too: those panic where memory ends, with the text of the error.
const MODELS: &[Job] = &[
    ("linear discriminant analysis", |x| {
        let (x, y) = samples(x)?;
        let scores = LinearDiscriminantAnalysis::params().fit(&x, &y).and_then(|model| model.decision_function(&x)).map_err(of_arrays)?;
        sum(&scores.into_dyn())
    }),
    ("principal components", |x| {
        let x = samples(x)?.0;
        magnitude(&PCA::params().n_components(2).fit(&x).and_then(|model| model.transform(&x)).map_err(of_arrays)?.into_dyn())
    }),
    ("ridge regression", |x| {
        let (x, y) = samples(x)?;
        let y = y.lazy().astype::<f64>().try_eval()?;
        sum(&Ridge::params().fit(&x, &y).and_then(|model| model.predict(&x)).map_err(of_arrays)?.into_dyn())
    }),
];

/// The error of arrays that a model passes on.
fn of_arrays(error: xp_models::Error) -> Error {
    match error {
        xp_models::Error::Array(error) => error,
        other => panic!("{other}"),
    }
}

/// The result, or the error whose text a panic bears.
fn caught(run: impl FnOnce() -> Result<f64>) -> Result<f64> {
    let panic = match std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {
        Ok(result) => return result,
        Err(panic) => panic,
    };
    let text = panic.downcast_ref::<String>().expect("a panic with a text");
    if text.starts_with("out of memory on cuda:0: ") {
        return Err(Error::out_of_memory("cuda:0", 0));
    }
    Err(Error::Backend { device: "cuda:0".into(), operation: "model".into(), why: text.clone() })
}

/// Twelve samples of four features, in two classes.
fn samples(x: &Any) -> Result<(Array<Cuda, f64, Ix2>, Array<Cuda, i64, Ix1>)> {
    let n = xp_core::functions::arange(x.device(), 0, 12, 1i64)?;
    let noise = (n.lazy() * 7i64 % 5i64).astype::<f64>().try_eval()?.expand_dims(1)?;
    let table = x.broadcast_to(vec![3, 4, 4])?.reshape(vec![12, 4])?.into_rank::<Ix2>()?;
    Ok(((table.lazy() + &noise).try_eval()?, (n.lazy() % 2i64).try_eval()?))
}

/// The sum of the magnitudes, which does not depend on the signs of vectors.
fn magnitude(x: &Any) -> Result<f64> {
    x.lazy().abs().sum(..).try_eval()?.item()
}

/// A matrix of order 36 made of copies of one of order 4, plus a multiple of the identity: of rank 4 without it.
fn large(x: &Any, shift: f64) -> Result<Any> {
    let copies = x.broadcast_to(vec![9, 9, 4, 4])?.permute_dims(&[0, 2, 1, 3])?.reshape(vec![36, 36])?;
    (copies.lazy() + &(eye::<_, f64>(x.device(), 36, 36, 0)?.lazy() * shift).try_eval()?).try_eval()
}

fn sum(x: &Any) -> Result<f64> {
    x.lazy().sum(..).try_eval()?.item()
}

#[test]
fn failures_in_the_middle_release_everything() {
    if common::needs_simulation("injected failures") {
        return;
    }
    let Some(device) = device() else { panic!("the simulated device needs a C++ compiler (g++, or set CXX)") };
    let _ = xp_cuda::libraries::install(xp_cuda_sim::libraries::factories());
    let cuda = Cuda::from(device);
    let values = (0..16).map(|i| if i % 5 == 0 { 4.0 + i as f64 } else { 1.0 / (1 + i % 3 + i / 4) as f64 }).collect::<Vec<f64>>();
    let half: Any = Array::from_vec(&cuda, values, vec![4, 4]).unwrap();
    let x = (half.lazy() + &half.t()).try_eval().unwrap();
    drop(half);
    let mut failures = 0;
    for (name, job) in JOBS.iter().chain(MODELS) {
        let may_panic = MODELS.iter().any(|(model, _)| model == name);
        let expected = job(&x).unwrap_or_else(|e| panic!("{name}: {e}"));
        cuda.synchronize().unwrap();
        let live = stats(0).live_allocations;
        // Two in a row, because the pool asks again after it has emptied its cache.
        for (fault, in_a_row) in [(Fault::Allocation, 2), (Fault::Launch, 1)] {
            let mut n = 1;
            loop {
                faults::clear();
                let before = faults::calls(fault);
                faults::fail_range(fault, n, in_a_row);
                let result = if may_panic { caught(|| job(&x)) } else { job(&x) };
                faults::clear();
                if faults::calls(fault) - before < n {
                    assert_eq!(result.unwrap(), expected, "{name}: nothing failed");
                    break;
                }
                let error = result.expect_err(name);
                match fault {
                    Fault::Allocation => assert!(
                        matches!(&error, Error::OutOfMemory { device, details, .. } if device == "cuda:0" && (may_panic || details.contains(" are free, after the cache gave back "))),
                        "{name}: {error}"
                    ),
                    // What a kernel was given is said: the dtype and the shape.
                    _ => assert!(
                        matches!(&error, Error::Backend { operation, why, .. } if why.contains("launch of `") && (may_panic || operation.ends_with(']'))),
                        "{name}: {error}"
                    ),
                }
                cuda.synchronize().unwrap();
                assert_eq!(stats(0).live_allocations, live, "{name}: {fault:?} {n} leaves memory behind");
                assert_eq!(job(&x).unwrap(), expected, "{name} after {fault:?} {n}");
                failures += 1;
                n += 1;
                assert!(n < 500, "{name}: {fault:?}");
            }
        }
    }
    assert!(failures > 150, "only {failures} failures");
    // A failure while a kernel runs costs the context: the host read reports it, everything after says so.
    faults::fail_nth(Fault::Execution, 1);
    let error = sum(&x).unwrap_err().to_string();
    faults::clear();
    assert!(error.starts_with("cuda:0: ") && error.contains("CUDA_ERROR_LAUNCH_FAILED"), "{error}");
    let error = x.lazy().sqrt().try_eval().unwrap_err().to_string();
    assert!(error.contains("was lost by an earlier error"), "{error}");
    drop((x, cuda));
    assert_eq!((stats(0).live_allocations, stats(0).leaked_allocations), (0, 0));
}
