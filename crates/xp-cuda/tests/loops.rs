//! Which loop an expression becomes, and that all of them compute the same as the CPU. One test, because the name of a loop is
//! learnt from an injected failure, and faults belong to the process.

mod common;

use num_complex::Complex;
use xp_core::expr::{Iota, Lazy};
use xp_core::functions::arange;
use xp_core::{Array, Backend, Element, Ix1, Ix2, Num, Result, s};
use xp_cpu::Cpu;
use xp_cuda::Cuda;
use xp_cuda_sim::faults::{self, Fault};

/// Numbers from 1 on in a table.
fn table<B: Backend, T: Element + Num>(device: &B, shape: [usize; 2]) -> Result<Array<B, T, Ix2>> {
    (arange(device, 1, 1 + (shape[0] * shape[1]) as i64, 1i64)?.lazy().astype::<T>()).try_eval()?.reshape(shape)
}

/// The operands, made first, and what is launched for them.
type Job = Box<dyn Fn() -> Result<Vec<f64>>>;

/// An expression over a table and a part of it, as a list of its elements.
macro_rules! job {
    ($device:expr, $t:ty, $shape:expr, |$x:ident| $operand:expr, |$a:ident, $b:ident| $expression:expr) => {{
        let $a = table::<_, $t>($device, $shape)?;
        let $b = {
            let $x = &$a;
            $operand
        };
        Box::new(move || {
            let result = $expression.try_eval()?;
            result.to_host().map(|values| values.into_iter().map(|x| f64::from(x.re() as f32) + 0.5 * f64::from(x.im() as f32)).collect())
        })
    }};
}

fn jobs<B: Backend>(device: &B) -> Result<Vec<(&'static str, &'static str, Job)>> {
    let from_table = |name: &'static str, form: &'static str, job: Job| (name, form, job);
    Ok(vec![
        from_table("operands alike", "dense", job!(device, f32, [6, 8], |x| x.clone(), |a, b| a.lazy() + &b)),
        from_table("a row", "rows", job!(device, f32, [6, 8], |x| x.slice(s![..1])?, |a, b| a.lazy() + &b)),
        from_table("a column", "rows", job!(device, f32, [6, 8], |x| x.slice(s![.., ..1])?, |a, b| a.lazy() * &b)),
        from_table("rows from the second on", "rows", job!(device, f32, [6, 8], |x| x.slice(s![1..2])?, |a, b| a.lazy() - &b)),
        from_table("rows of an odd length", "strided", job!(device, f32, [6, 7], |x| x.slice(s![..1])?, |a, b| a.lazy() + &b)),
        from_table(
            "rows that begin at odd places",
            "strided",
            job!(device, f32, [6, 9], |x| x.slice(s![..1, 1..])?, |a, b| Lazy::new(a.slice(s![.., 1..])?) + &b),
        ),
        from_table("a transpose", "strided", job!(device, f32, [8, 8], |x| x.t(), |a, b| a.lazy() + &b)),
        from_table("a transpose with long axes", "tiled", job!(device, f32, [48, 48], |x| x.t(), |a, b| a.lazy() + &b)),
        from_table("a transpose alone", "dense", job!(device, u8, [33, 70], |x| x.t(), |_a, b| b.lazy().positive())),
        from_table("a transpose and a column", "rows", job!(device, f32, [6, 8], |x| x.t().slice(s![.., 2..3])?, |a, b| Lazy::new(a.t()) + &b)),
        from_table("a part of a transpose", "rows", job!(device, f32, [48, 48], |x| x.slice(s![.., ..44])?.t(), |_a, b| b.lazy() * 2.0)),
        from_table("a copy of a transpose", "tiled", {
            let a = table::<_, u8>(device, [33, 70])?;
            Box::new(move || Ok(a.t().copy()?.to_host()?.into_iter().map(f64::from).collect()))
        }),
        from_table("a transpose of three axes, with a row and positions", "tiled", {
            let a = table::<_, f64>(device, [40, 51])?.reshape([2, 20, 51])?;
            let b = table::<_, f32>(device, [51, 40])?.reshape([51, 2, 20])?.permute_dims(&[1, 0, 2])?;
            let row = table::<_, f64>(device, [1, 20])?.reshape([1, 1, 20])?;
            Box::new(move || {
                let positions = Lazy::new(Iota::<B, Ix1>::new(a.device(), [20], 5, [3])?).astype::<f64>();
                let turned = a.permute_dims(&[0, 2, 1])?;
                (turned.lazy() * &row + b.lazy().astype::<f64>() - positions).try_eval()?.to_host().map(|x| x.into_iter().collect())
            })
        }),
        from_table("two transposes of different dtypes", "tiled", {
            let a = table::<_, Complex<f64>>(device, [40, 51])?;
            let b = table::<_, f32>(device, [40, 51])?;
            let c = table::<_, f32>(device, [51, 40])?;
            Box::new(move || {
                let sum = (a.t().lazy() + b.t().lazy().astype::<Complex<f64>>() - c.lazy().astype::<Complex<f64>>()).try_eval()?;
                Ok(sum.to_host()?.into_iter().map(|z| z.re + 0.5 * z.im).collect())
            })
        }),
        from_table("permuted axes alike", "dense", {
            let a = table::<_, f64>(device, [40, 51])?.reshape([2, 20, 51])?;
            Box::new(move || {
                let turned = a.permute_dims(&[2, 0, 1])?;
                let sum = turned.lazy().sqrt() + turned.lazy().astype::<f32>().astype::<f64>();
                sum.try_eval()?.to_host().map(|x| x.into_iter().collect())
            })
        }),
        from_table("sums of rows", "fused_reduce", job!(device, f32, [6, 100], |x| x.slice(s![..1])?, |a, b| (a.lazy() + &b).sum(1))),
        from_table("maxima of rows", "fused_reduce", job!(device, u8, [40, 49], |x| x.slice(s![.., ..;-1])?, |a, b| (a.lazy() + &b).max(1))),
        from_table("positions in long rows", "fused_reduce", job!(device, f64, [5, 500], |x| x.slice(s![..1])?, |a, b| (b.lazy() - &a).argmin(1))),
        from_table("sums of complex rows", "fused_reduce", job!(device, Complex<f64>, [9, 64], |x| x.slice(s![..1])?, |a, b| (a.lazy() * &b).sum(1))),
        from_table("rows turned around", "strided", job!(device, f32, [6, 8], |x| x.slice(s![.., ..;-1])?, |a, b| a.lazy() + &b)),
        from_table("pairs of doubles", "rows", job!(device, f64, [3, 6], |x| x.slice(s![..1])?, |a, b| a.lazy() + &b)),
        from_table("complex numbers", "rows", job!(device, Complex<f64>, [3, 2], |x| x.slice(s![..1])?, |a, b| a.lazy() * &b)),
        from_table("bytes", "rows", job!(device, u8, [3, 16], |x| x.slice(s![..1])?, |a, b| a.lazy() + &b)),
        from_table("few bytes", "strided", job!(device, u8, [3, 8], |x| x.slice(s![..1])?, |a, b| a.lazy() + &b)),
        from_table("two dtypes", "rows", job!(device, f32, [3, 8], |x| x.slice(s![..1])?.astype::<f64>(), |a, b| a.lazy() + &b)),
        from_table(
            "positions",
            "rows",
            job!(device, i64, [3, 8], |x| x.slice(s![..1])?, |a, b| (a.lazy() * &b) + Lazy::new(Iota::<B, Ix1>::new(a.device(), [8], 5, [3])?)),
        ),
        from_table("three axes", "rows", {
            let a = table::<_, f32>(device, [6, 8])?.reshape([2, 3, 8])?;
            let b = table::<_, f32>(device, [2, 8])?.reshape([2, 1, 8])?;
            Box::new(move || Ok((a.lazy() * &b).try_eval()?.to_host()?.into_iter().map(f64::from).collect()))
        }),
    ])
}

#[test]
fn every_loop_computes_the_same_and_is_used_where_it_fits() {
    if common::needs_simulation("injected failures") {
        return;
    }
    let Some(device) = common::device() else { panic!("the simulated device needs a C++ compiler (g++, or set CXX)") };
    let cuda = Cuda::from(device);
    let (here, there) = (jobs(&Cpu).unwrap(), jobs(&cuda).unwrap());
    for ((name, _, expected), (_, form, job)) in here.into_iter().zip(there) {
        cuda.synchronize().unwrap();
        assert_eq!(job().unwrap_or_else(|e| panic!("{name}: {e}")), expected().unwrap(), "{name}");
        faults::fail_nth(Fault::Launch, 1);
        let error = job().expect_err(name).to_string();
        faults::clear();
        assert!(error.contains(&format!("launch of `{form}`")), "{name}: {form} was expected: {error}");
    }
    results_lie_as_their_operands_do(&cuda);
    indices_and_devices_are_named(&cuda);
    // The context that is lost in what follows belongs to every device of this number.
    drop(cuda);
    errors_name_kernel_and_expression();
}

/// Where operands agree on an order of axes: then chains of operations read and write neighbours, and a result that is given away is written
/// in its place.
fn results_lie_as_their_operands_do(device: &Cuda) {
    let x = table::<_, f64>(device, [6, 8]).unwrap();
    let y = (x.t().lazy() * 2.0 + x.t().lazy()).try_eval().unwrap();
    assert_eq!((y.shape(), y.strides()), ([8, 6], &[1, 8][..]));
    let before = xp_cuda_sim::stats(0).allocations;
    let z = y * 2.0;
    assert_eq!(xp_cuda_sim::stats(0).allocations, before, "the memory of an operand that is given away");
    assert_eq!(z.strides(), [1, 8]);
    assert_eq!(z.to_vec(), x.t().to_vec().iter().map(|x| x * 6.0).collect::<Vec<_>>());
    assert!(z.copy().unwrap().is_contiguous() && (&z + x.reshape([8, 6]).unwrap()).is_contiguous());
    // Rows that are stretched have no say, and gaps are closed.
    let part = x.slice(s![..4]).unwrap().t();
    let sum = &part + &x.slice(s![0, ..4]).unwrap();
    assert_eq!((sum.shape(), sum.strides()), ([8, 4], &[1, 8][..]));
    // An output in another order is walked in its own.
    let mut out = table::<_, f64>(device, [6, 8]).unwrap().t().copy().unwrap();
    out.set(s![1.., ..], &(part.slice(s![1.., ..1]).unwrap() * 0.0)).unwrap();
    assert_eq!(out.to_vec()[..7], [1.0, 9.0, 17.0, 25.0, 33.0, 41.0, 0.0]);
}

/// A device that waits after every launch says what failed while it ran: the kernel, and what it computes.
fn errors_name_kernel_and_expression() {
    let device = || Cuda::from(common::device_with(0, common::options().blocking(true)).unwrap());
    type Failing = fn(&Array<Cuda, f64, Ix1>) -> Result<()>;
    let cases: [(Failing, &str); 3] = [
        (|x| (x.lazy() * x).exp().try_eval().map(drop), "launch of `dense` of exp(multiply(x0, x1)) of float64: CUDA_ERROR_LAUNCH_FAILED (719)"),
        (|x| x.lazy().astype::<i32>().positive().try_eval().map(drop), "launch of `dense` of positive(astype(x0, int32)) of int32: "),
        (|x| x.lazy().sqrt().sum(..).try_eval().map(drop), "launch of `fused_reduce` of sum(sqrt(x0)) of float64: "),
    ];
    for (failing, text) in cases {
        let device = device();
        let x = arange(&device, 0.0, 8.0, 1.0).unwrap();
        failing(&x).unwrap();
        faults::fail_nth(Fault::Execution, 1);
        let error = failing(&x).unwrap_err().to_string();
        faults::clear();
        assert!(error.contains(text), "{error}");
        let later = failing(&x).unwrap_err().to_string();
        assert!(later.contains("was lost by an earlier error") && later.contains(text), "{later}");
    }
}

/// An index out of range is found by a later read, which names the operation that was given it; two devices are both named.
fn indices_and_devices_are_named(device: &Cuda) {
    let x = arange(device, 0.0, 8.0, 1.0).unwrap();
    let at = Array::from_vec(device, vec![1i64, 9], [2]).unwrap();
    let y = x.take(&at, 0).unwrap();
    assert_eq!(y.to_host().unwrap_err().to_string(), "take: index 9 is out of bounds for axis 0 of length 8");
    let mut z = x.clone();
    z.put(&at, 1.0, 0).unwrap();
    assert_eq!(z.to_host().unwrap_err().to_string(), "put: index 9 is out of bounds for axis 0 of length 8");
    let other = Cuda::from(common::device_with(1, common::options()).unwrap());
    let there = x.to_backend(&other).unwrap();
    for error in [(x.lazy() + &there).try_eval().map(drop).unwrap_err(), x.matmul(&there).map(drop).unwrap_err()] {
        assert_eq!(error.to_string(), "operands live on different devices, cuda:0 and cuda:1: move one with `to_backend`");
    }
}
