//! Operations on the rows of any backend, and their comparison: the same bits for any number of ranks, and what `Cpu` gives for the whole,
//! up to rounding.

use num_complex::Complex;
use xp_core::functions::*;
use xp_core::linalg::{self, Thin};
use xp_core::reduction::{ArgMax, Max, Mean, Std, Sum, Var};
use xp_core::{Array, Backend, Dim, Dyn, Element, Error, Ix1, Ix2, Ix3, KeepDims, Linalg, Result, RowTiles, Tiles, s};
use xp_cpu::Cpu;
use xp_fft::Fft;
use xp_mpi::{Mpi, Place, simulate_at};

/// A device whose arrays come from rows that are made where they are.
pub trait Make: Backend {
    fn make<T: Element, D: Dim>(&self, shape: D::Shape, value: impl Fn(usize) -> T) -> Array<Self, T, D>;
}
pub fn shape_of<D: Dim>(shape: &D::Shape) -> Vec<usize> {
    shape.as_ref().to_vec()
}
impl Make for Cpu {
    fn make<T: Element, D: Dim>(&self, shape: D::Shape, value: impl Fn(usize) -> T) -> Array<Self, T, D> {
        let shape = shape_of::<D>(&shape);
        let size = shape.iter().product();
        Array::<_, T, Dyn>::from_vec(self, (0..size).map(value).collect(), shape).unwrap().into_rank().unwrap()
    }
}
impl<B: Backend> Make for Mpi<B> {
    fn make<T: Element, D: Dim>(&self, shape: D::Shape, value: impl Fn(usize) -> T) -> Array<Self, T, D> {
        let shape = shape_of::<D>(&shape);
        let inner: usize = shape[1..].iter().product();
        self.from_rows::<T, Dyn>(shape, |rows| (rows.start * inner..rows.end * inner).map(value).collect()).unwrap().into_rank().unwrap()
    }
}

/// Numbers without a pattern, in -8..8, of which some are equal.
pub fn noise(i: usize) -> f64 {
    let z = (i as u64).wrapping_add(0x9e37_79b9).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z >> 40) % 4096) as f64 / 256.0 - 8.0
}

/// What an operation gave: its name, and numbers.
pub type Found = Vec<(&'static str, Vec<f64>)>;

pub fn numbers<B: Backend, T: Element, D: Dim>(x: &Array<B, T, D>) -> Result<Vec<f64>> {
    Ok(x.to_host()?
        .into_iter()
        .flat_map(|x| {
            let z: Complex<f64> = x.cast();
            [z.re, z.im]
        })
        .collect())
}

macro_rules! found {
    ($to:ident: $($name:literal => $value:expr;)*) => {$(
        $to.push(($name, numbers(&$value)?));
    )*};
}

/// Runs `all` on `Cpu`, and `sharded` on every number of ranks, with the devices that `choose` has for them, and compares; what is
/// `exact` has the bits of `Cpu`.
pub fn compare<B: Backend>(
    ranks: &[usize],
    exact: impl Fn(&str) -> bool,
    choose: impl Fn(Place) -> Result<B>,
    all: impl Fn(&Cpu) -> Result<Found>,
    sharded: impl Fn(&Mpi<B>) -> Result<Found> + Sync,
) {
    let expected = all(&Cpu).unwrap();
    let mut first: Option<Found> = None;
    for &size in ranks {
        for (rank, found) in simulate_at(size, &choose, &sharded).unwrap().into_iter().enumerate() {
            let found = found.unwrap_or_else(|e| panic!("{size} ranks, rank {rank}: {e}"));
            let first = first.get_or_insert_with(|| found.clone());
            assert_eq!(found.len(), expected.len());
            for (((name, x), (_, y)), (_, z)) in found.iter().zip(&*first).zip(&expected) {
                let bits = |v: &[f64]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(x), bits(y), "{name}: {size} ranks, rank {rank}, against one rank");
                assert_eq!(x.len(), z.len(), "{name}: {size} ranks");
                // What involves no sum over rows.
                if exact(name) {
                    assert_eq!(bits(x), bits(z), "{name}: {size} ranks, rank {rank}, against the inner backend");
                }
                let scale = z.iter().fold(1.0, |m: f64, z| if z.is_finite() { m.max(z.abs()) } else { m });
                let near = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-12 * scale;
                let wrong = x.iter().zip(z).position(|(&a, &b)| !near(a, b));
                assert!(wrong.is_none(), "{name}: {size} ranks, element {wrong:?}: {:?} for {:?}", wrong.map(|k| x[k]), wrong.map(|k| z[k]));
            }
        }
    }
}
pub const N: usize = 1003;
pub const P: usize = 5;

pub fn elementwise<B: Make>(device: &B) -> Result<Found> {
    let mut to = vec![];
    let x = device.make::<f64, Ix2>([N, P], noise);
    let w = device.make::<f64, Ix1>([N], |i| noise(i + 77));
    let row = Array::<B, f64, Ix1>::from_vec(device, (0..P).map(|j| j as f64).collect(), [P])?;
    let index = Array::<B, i64, Ix1>::from_vec(device, (0..N as i64).rev().collect(), [N])?;
    let table = Array::<B, f64, Ix2>::from_vec(device, (0..N * P).map(|i| noise(i + 5)).collect(), [N, P])?;
    found! { to:
        "chain" => ((x.lazy() * 2.0 + &row).sin() * w.expand_dims(1)?).try_eval()?;
        "replicated beside sharded" => (x.lazy() + &table).try_eval()?;
        "rows of a table" => (table.lazy_rows(&index)? * &x).try_eval()?;
        "every third row" => (x.slice(s![2..;3])?.lazy() + x.slice(s![2..;3, ..;-1])?).try_eval()?;
        "a column" => x.slice(s![.., 3])?.lazy().exp().try_eval()?;
        "a row" => x.slice(s![500])?.lazy().exp().try_eval()?;
        "less a row" => (x.lazy() - x.slice(s![17..18])?).try_eval()?;
        "positions" => {
            let i = arange(device, 0.0, N as f64, 1.0)?;
            (x.lazy() * i.expand_dims(1)?).try_eval()?
        };
        "casts" => x.lazy().astype::<i64>().try_eval()?;
        "reshape" => x.reshape([N * P])?.lazy().multiply(2.0).try_eval()?;
        "joined columns" => concat(&[full(device, [N, 1], 1.0)?.into_rank()?, x.clone(), w.expand_dims(1)?], 1)?;
        "assigned columns" => {
            let mut y = x.clone();
            y.set(s![.., 1..3], &w.expand_dims(1)?)?;
            y.set(s![4], &row)?;
            y += &row;
            y
        };
        "where" => x.greater(0.0).lazy().where_(x.lazy(), &table).try_eval()?;
        "into" => {
            let mut y = table.clone();
            (x.lazy() * 3.0).eval_into(&mut y)?;
            y
        };
    }
    Ok(to)
}
pub fn reductions<B: Make>(device: &B) -> Result<Found> {
    let mut to = vec![];
    let x = device.make::<f64, Ix2>([N, P], noise);
    let y = device.make::<f32, Ix3>([N, 2, 3], |i| noise(i) as f32);
    let z = device.make::<i32, Ix1>([N], |i| noise(i) as i32);
    found! { to:
        "sum over rows" => x.sum(0);
        "sum over columns" => x.sum(1);
        "sum of all" => x.sum(..);
        "sum kept" => x.lazy().square().sum(KeepDims(0)).try_eval()?;
        "mean" => x.mean(0);
        "max" => x.max(0);
        "min of rows" => x.min(1);
        "argmax over rows" => x.argmax(0);
        "argmin over columns" => x.argmin(1);
        "argmax of all" => x.argmax(..);
        "argmin of a slice" => x.slice(s![100..400;3, 2])?.argmin(..);
        "transposed" => x.t().sum(1);
        "ptp" => x.lazy().ptp(0).try_eval()?;
        "var" => x.var(0, 1.0);
        "std of all" => x.std(.., 0.0);
        "one pass" => x.lazy().reduce(Var(1.0), 0).try_eval()?;
        "any" => x.greater(7.9).any(0);
        "all" => x.greater(-9.0).all(..);
        "count" => x.lazy().greater(3.0).count_nonzero(1).try_eval()?;
        "integers" => z.sum(..);
        "prod" => (z.lazy() % 2 + 2).try_eval()?.prod(..);
        "middle axis" => y.sum(1);
        "two axes" => y.sum([0, 2]);
        "several" => {
            let (sum, (place, std)) = {
                let (sum, place, std) = x.reduce((Sum, ArgMax, Std(1.0)), 0);
                (sum, (place, std))
            };
            (sum.lazy() + place.astype::<f64>() + std).try_eval()?
        };
        "several of kept rows" => {
            let (mean, max) = x.lazy().square().reduce((Mean, Max), 1).try_eval()?;
            (mean.lazy() + &max).try_eval()?
        };
    }
    Ok(to)
}
pub fn sorting<B: Make>(device: &B) -> Result<Found> {
    let mut to = vec![];
    let x = device.make::<f64, Ix2>([N, P], noise);
    let v = device.make::<f64, Ix1>([N], |i| if i % 97 == 0 { f64::NAN } else { noise(i).floor() });
    let n = device.make::<i64, Ix1>([N], |i| noise(i) as i64);
    found! { to:
        "sort rows" => x.sort(1, Ascending)?;
        "sort columns" => x.sort(0, Descending)?;
        "argsort columns" => x.argsort(0, Ascending)?;
        "sort a vector" => v.sort(0, Ascending)?;
        "argsort a vector" => v.argsort(0, Ascending)?;
        "argsort down" => v.argsort(0, Descending)?;
        "cumulative sum" => x.cumulative_sum(0)?;
        "cumulative sum of rows" => x.cumulative_sum(1)?;
        "cumulative sum of integers" => n.cumulative_sum(0)?;
        "cumulative product" => (v.lazy() * 0.0 + 1.001).try_eval()?.cumulative_prod(0)?.isnan();
        "searchsorted" => {
            let table = arange(device, -8.0, 8.0, 0.5)?;
            searchsorted(&table, &x, Side::Left)?
        };
        "unique" => unique_values(&n)?;
        "unique counts" => unique_counts(&n)?.1;
        "unique positions" => unique_all(&n)?.indices;
        "unique inverse" => unique_inverse(&n)?.1;
        "searchsorted in a sharded vector" => searchsorted(&v.sort(0, Ascending)?, &x.slice(s![..50, 0])?.copy()?, Side::Right)?;
        "few queries in a sharded vector" => {
            let few = Array::<B, f64, Ix1>::from_vec(device, vec![-9.0, 0.5, f64::NAN, 9.0], [4])?;
            searchsorted(&v.sort(0, Ascending)?, &few, Side::Left)?
        };
        "queries of equal elements" => searchsorted(&v.sort(0, Ascending)?, &v, Side::Left)?;
        "queries of a matrix" => searchsorted(&v.sort(0, Ascending)?, &x, Side::Right)?;
        "unique positions of a matrix" => unique_all(&x.floor())?.indices;
        "unique inverse of a matrix" => unique_inverse(&x.floor())?.1;
        "unique of a matrix" => unique_values(&x.floor())?;
        "unique with NaN" => unique_counts(&v)?.1;
        "isin" => isin(&n, &unique_values(&n)?.slice(s![..3])?)?;
    }
    Ok(to)
}
pub fn gathering<B: Make>(device: &B) -> Result<Found> {
    let mut to = vec![];
    let x = device.make::<f64, Ix2>([N, P], noise);
    let few = Array::<B, i64, Ix1>::from_vec(device, vec![3, 1002, -1, 500, 3], [5])?;
    let many = device.make::<i64, Ix1>([N], |i| (i * 617 % N) as i64 - if i % 2 == 0 { 0 } else { N as i64 });
    let label = device.make::<i64, Ix1>([N], |i| (i * 7 % 4) as i64);
    let columns = device.make::<i64, Ix2>([N, 2], |i| (i % P) as i64);
    let table = Array::<B, f64, Ix2>::from_vec(device, (0..12).map(f64::from).collect(), [4, 3])?;
    found! { to:
        "few rows" => x.take(&few, 0)?;
        "rows of owners" => x.take(&many, 0)?;
        "columns" => x.take(&Array::from_vec(device, vec![4, 0], [2])?, 1)?;
        "a table" => table.take(&label, 0)?;
        "along rows" => x.take_along_axis(&columns, 1)?;
        "one list per column" => {
            let rows = Array::<B, i64, Ix2>::from_vec(device, (0..3 * P as i64).map(|i| (i * 331) % N as i64 - i % 2).collect(), [3, P])?;
            x.take_along_axis(&rows, 0)?
        };
        "selected" => x.select(&x.greater(1.0))?;
        "selected, and summed" => x.select(&x.greater(1.0))?.sum(..);
        "rows by a mask" => x.select_rows(&x.slice(s![.., 0])?.greater(0.0))?;
        "added to a table" => {
            let mut sums = table.clone();
            sums.put_add(&label, x.slice(s![.., ..3])?, 0)?;
            sums
        };
        "put few" => {
            let mut y = x.clone();
            y.put(&Array::from_vec(device, vec![5, 900, 2], [3])?, &table.slice(s![..3, ..1])?.broadcast_to([3, P])?.into_rank::<Ix2>()?, 0)?;
            y
        };
        "scattered" => {
            let mut y = x.zeros_like()?;
            y.put(&many, &x, 0)?;
            y
        };
        "nonzero" => x.slice(s![.., 2])?.greater(5.0).nonzero()?.remove(0);
        "element" => Array::<B, f64, Ix1>::from_vec(device, vec![x.get([700, 3])?], [1])?;
    }
    Ok(to)
}
pub fn products<B: Make + Linalg<f64>>(device: &B) -> Result<Found> {
    let mut to = vec![];
    let x = device.make::<f64, Ix2>([N, P], noise);
    let y = device.make::<f64, Ix2>([N, 3], |i| noise(i + 9));
    let v = device.make::<f64, Ix1>([N], |i| noise(i + 3));
    let m = device.make::<f64, Ix3>([40, 3, 3], |i| noise(i) + if i % 4 == 0 { 20.0 } else { 0.0 });
    let w = Array::<B, f64, Ix2>::from_vec(device, (0..P * 2).map(|i| noise(i + 1)).collect(), [P, 2])?;
    let full = Array::<B, f64, Ix2>::from_vec(device, (0..N * 2).map(|i| noise(i + 4)).collect(), [N, 2])?;
    found! { to:
        "rows times a matrix" => x.matmul(&w)?;
        "rows times a vector" => x.matmul(&w.slice(s![.., 0])?)?;
        "sums over rows" => x.t().matmul(&y)?;
        "vector times rows" => v.matmul(&x)?;
        "dot" => v.matmul(&v)?;
        "beside a replicated one" => x.t().matmul(&full)?;
        "gram" => linalg::gram(&(x.lazy() - &x.mean(0)))?;
        "cross" => B::cross(&x.lazy(), &(y.lazy() * 2.0))?;
        "cross with a replicated one" => B::cross(&x.lazy(), &full.lazy())?;
        "project" => B::project(&(x.lazy() - &x.mean(0)), &w)?;
        "tall r" => B::tall_r(&x.lazy())?.abs();
        "orthogonal and triangular factor" => {
            let (q, r) = linalg::qr(&x, Thin)?;
            q.matmul(&r)?
        };
        "products of an orthogonal factor" => linalg::gram(&linalg::qr(&x, Thin)?.0.lazy())?;
        "factors of less than full rank" => {
            let (q, r) = linalg::qr(&concat(&[&y, &y], 1)?, Thin)?;
            q.matmul(&r)?
        };
        "products of an orthogonal factor of less than full rank" => linalg::gram(&linalg::qr(&concat(&[&y, &y], 1)?, Thin)?.0.lazy())?;
        "singular vectors" => {
            let (u, s, vh) = linalg::svd(&x, Thin)?;
            (u.lazy() * &s).try_eval()?.matmul(&vh)?
        };
        "products of singular vectors" => linalg::gram(&linalg::svd(&x, Thin)?.0.lazy())?;
        "singular values" => linalg::svdvals(&x)?;
        "singular vectors of a wide one" => {
            let (u, s, vh) = linalg::svd(&device.make::<f64, Ix2>([7, 11], noise), Thin)?;
            (u.lazy() * &s).try_eval()?.matmul(&vh)?
        };
        "triangular factor of a wide one" => linalg::qr(&device.make::<f64, Ix2>([7, 11], noise), Thin)?.1.abs();
        "decomposition of a small one" => linalg::eigvalsh(&linalg::gram(&x.lazy())?)?;
        "inverses of a stack" => linalg::inv(&m)?;
        "solutions of a stack" => linalg::solve(&m, &m)?;
        "singular values of a stack" => linalg::svd(&m, Thin)?.1;
        "products of a stack" => m.matmul(&m)?;
        "products of a stack with one" => m.matmul(&Array::<B, f64, Ix2>::from_vec(device, (0..6).map(noise).collect(), [3, 2])?)?;
        "distances" => vecdot(&x, &x, -1)?;
    }
    Ok(to)
}
/// Rows that lie along a later axis, where operations on the columns of a matrix leave them.
pub fn columns<B: Make + Linalg<f64>>(device: &B) -> Result<Found> {
    let mut to = vec![];
    let x = device.make::<f64, Ix2>([N, P], noise);
    let v = device.make::<f64, Ix1>([N], |i| noise(i + 3));
    let label = device.make::<i64, Ix1>([N], |i| (i * 7 % 4) as i64);
    let w = Array::<B, f64, Ix2>::from_vec(device, (0..P * 4).map(|i| noise(i + 1)).collect(), [4, P])?;
    let whole = Array::<B, f64, Ix2>::from_vec(device, (0..N * 4).map(|i| noise(i + 4)).collect(), [4, N])?;
    let side = Array::<B, f64, Ix2>::from_vec(device, vec![1.0, -2.0, 3.0, 0.5], [4, 1])?;
    let scores = w.matmul(&x.t())?;
    let three = scores.reshape([2, 2, N])?;
    found! { to:
        "a transpose" => x.t().contiguous()?;
        "a product of columns" => scores.clone();
        "and back" => scores.t().contiguous()?;
        "one walk" => (scores.lazy() * 2.0).try_eval()?;
        "beside a column, a row and all" => (scores.lazy() * &side + &v - &whole).exp().try_eval()?;
        "beside a replicated one of the same walk" => (scores.lazy() + &whole).try_eval()?;
        "over columns of the whole" => scores.max(0);
        "kept" => (scores.lazy() - &scores.max(KeepDims(0))).try_eval()?;
        "over rows" => scores.sum(1);
        "of all" => scores.sum(..);
        "variance of all" => scores.var(.., 1.0);
        "place in a column" => scores.argmax(0);
        "place in a row" => scores.argmin(1);
        "one of them" => scores.slice(s![2])?.lazy().exp().try_eval()?;
        "one position of all" => scores.slice(s![.., 500])?.lazy().exp().try_eval()?;
        "less one position of all" => (scores.lazy() - scores.slice(s![.., 17..18])?).try_eval()?;
        "some of them" => (scores.slice(s![1..;2])?.lazy() * 2.0).try_eval()?;
        "every third" => (scores.slice(s![.., 2..;3])?.lazy() + scores.slice(s![..;-1, 2..;3])?).try_eval()?;
        "positions" => {
            let i = arange(device, 0.0, N as f64, 1.0)?;
            (scores.lazy() * &i).try_eval()?
        };
        "chosen by label" => scores.take_along_axis(&label.expand_dims(0)?, 0)?;
        "taken" => scores.take(&Array::from_vec(device, vec![3, 0, 3], [3])?, 0)?;
        "sorted" => scores.sort(0, Descending)?;
        "cumulated" => scores.cumulative_sum(0)?;
        "best" => xp_core::extra::top_k(&scores, 2, 0, Descending)?.1;
        "sums over columns" => scores.matmul(&x)?;
        "sums over columns of both" => scores.matmul(&scores.t())?;
        "beside a vector" => scores.matmul(&v)?;
        "back to rows" => scores.t().matmul(&w)?;
        "three axes" => (three.lazy().square().sum(1) * 0.5).try_eval()?;
        "three axes and weights" => (three.lazy() * scores.slice(s![..2])?.expand_dims(1)?).try_eval()?.reshape([4, N])?.matmul(&x)?;
        "cross of one of them" => B::cross(&(x.lazy() * scores.slice(s![1])?.expand_dims(1)?), &x.lazy())?;
        "assigned parts" => {
            let mut y = zeros(device, [P + 1, N])?;
            y.set(s![..P], x.t().lazy() - 1.0)?;
            y.set(s![P..], 2.0)?;
            y += &v;
            y
        };
        "into" => {
            let mut y = scores.clone();
            (whole.lazy() * 3.0).eval_into(&mut y)?;
            y.set(s![1, ..], &v)?;
            y
        };
        "joined" => concat(&[&scores, &scores], 0)?;
        "an element" => Array::<B, f64, Ix1>::from_vec(device, vec![scores.get([3, 700])?], [1])?;
        "few elements" => scores.slice(s![1..3, 490..510])?.copy()?;
    }
    Ok(to)
}
/// Arrays of zeros and the like, of which a rank makes what it needs.
pub fn made<B: Make + Linalg<f64>>(device: &B) -> Result<Found> {
    const MANY: usize = 20_000;
    let mut to = vec![];
    let x = device.make::<f64, Ix2>([MANY, 3], noise);
    let w = device.make::<f64, Ix1>([MANY], |i| noise(i + 77));
    let one = ones::<_, f64, _>(device, [MANY])?;
    let i = arange(device, 0.0, MANY as f64, 1.0)?;
    found! { to:
        "beside rows" => (x.lazy() * one.expand_dims(1)?).try_eval()?.sum(0);
        "positions" => (x.lazy() + i.expand_dims(1)?).try_eval()?.max(0);
        "positions in a sum" => (w.lazy() * &i).sum(..).try_eval()?;
        "every third position" => (w.slice(s![1..;3])?.lazy() * i.slice(s![1..;3])?).try_eval()?.max(..);
        "positions in reverse order" => (w.lazy() + i.flip(0)?).try_eval()?.max(..);
        "by themselves" => i.sum(..);
        "and after that" => (one.lazy() + &w).try_eval()?.min(..);
        "both by themselves" => (one.lazy() + &i).try_eval()?.slice(s![..7])?.copy()?;
        "assigned columns" => {
            let mut y = full(device, [MANY, 3], 0.5)?;
            y.set(s![.., 1], &w)?;
            y.sum(0)
        };
        "an assigned element" => {
            let mut y = zeros::<_, f64, _>(device, [MANY])?;
            y.set(s![700], 3.0)?;
            (y.lazy() + &w).try_eval()?.slice(s![699..702])?.copy()?
        };
        "added to" => {
            let mut y = ones::<_, f64, _>(device, [MANY])?;
            y += &w;
            y.min(..)
        };
        "beside columns" => (x.t().lazy() * ones::<_, f64, _>(device, [3, MANY])?).try_eval()?.sum(1);
        "a product" => one.matmul(&x)?;
        "cross" => B::cross(&x.lazy(), &ones::<_, f64, _>(device, [MANY, 2])?.lazy())?;
        "in a pass" => {
            let part = |rows: std::ops::Range<usize>| (x.slice(s![rows.clone()])?.lazy() * i.slice(s![rows])?.expand_dims(1)?).sum(0).try_eval();
            device.fold_rows(x.buffer(), MANY, part, |a, b| Ok(a + b))?
        };
    }
    Ok(to)
}

/// A pass over rows, part by part where they are.
pub fn passes<B: Make + Linalg<f64>>(device: &B) -> Result<Found> {
    let mut to = vec![];
    let x = device.make::<f64, Ix2>([N, P], noise);
    let w = device.make::<f64, Ix1>([N], |i| noise(i + 77));
    let few = x.take(&Array::from_vec(device, vec![0, 7, 3], [3])?, 0)?;
    let scores = few.matmul(&x.t())?;
    let part = |rows: std::ops::Range<usize>| {
        let (x, w, scores) = (x.slice(s![rows.clone()])?, w.slice(s![rows.clone()])?, scores.slice(s![.., rows])?);
        let products = x.t().matmul(&(x.lazy() * w.expand_dims(1)?).try_eval()?)?;
        Ok((products, scores.matmul(&x)?, Some(linalg::gram(&(x.lazy() - &x.min(0)))?)))
    };
    let (products, crossed, none) = device.fold_rows(x.buffer(), N, part, |(a, b, c), (d, e, _)| Ok((a + d, b + e, c)))?;
    let part = |rows: std::ops::Range<usize>, tiles: &mut RowTiles<'_, B, f64>| {
        let x = x.slice(s![rows.clone()])?;
        tiles.push([rows.len(), 2], x.slice(s![.., 1..3])?)?;
        x.lazy().sum(0).try_eval()
    };
    let (kept, sum) = Tiles::fold_rows(&x, 2, part, |a, b| Ok(a + b))?;
    found! { to:
        "rows that a pass has made" => (kept.lazy() + w.expand_dims(1)?).try_eval()?;
        "and their sums" => sum;
        "sums" => products;
        "sums of columns" => crossed;
        "one of the parts" => none.ok_or_else(|| Error::value("test", "none"))?.ones_like()?;
    }
    Ok(to)
}
pub fn transforms<B: Make + Fft<f64>>(device: &B) -> Result<Found> {
    let mut to = vec![];
    let x = device.make::<f64, Ix2>([120, 8], noise);
    found! { to:
        "rows" => xp_fft::fft(&x)?;
        "columns" => xp_fft::fft_with(&x, xp_fft::axis(0))?;
        "columns of another length" => xp_fft::fft_with(&x, xp_fft::axis(0).n(100))?;
        "both" => xp_fft::fft2(&x)?;
        "back" => xp_fft::ifft2(&xp_fft::fft2(&x)?)?;
        "real" => xp_fft::rfft(&x)?;
        "cosine" => xp_fft::dct(&x)?;
        "cosine of columns" => xp_fft::dct_with(&x, xp_fft::Type::II, xp_fft::axis(0))?;
    }
    Ok(to)
}
/// Fewer rows than ranks, none, and one.
pub fn small<B: Make + Linalg<f64>>(device: &B) -> Result<Found> {
    let mut to = vec![];
    for rows in [1, 2, 3, 5, 9] {
        let x = device.make::<f64, Ix2>([rows, 3], noise);
        found! { to:
            "sum" => x.sum(0);
            "var" => x.var(0, 0.0);
            "argmax" => x.argmax(0);
            "sort" => x.sort(0, Ascending)?;
            "vector sort" => x.slice(s![.., 0])?.copy()?.sort(0, Descending)?;
            "scan" => x.cumulative_sum(0)?;
            "gram" => linalg::gram(&x.lazy())?;
            "product" => {
                let long = device.make::<f64, Ix2>([rows, 40], noise);
                let w = Array::<B, f64, Ix2>::from_vec(device, (0..280).map(noise).collect(), [40, 7])?;
                concat(&[&long.matmul(&w)?, &B::project(&(long.lazy() * 0.5), &w)?], 1)?
            };
            "tall r" => B::tall_r(&x.lazy())?.abs();
            "unique" => unique_values(&x.slice(s![.., 1])?)?;
            "unique inverse" => unique_inverse(&x.slice(s![.., 1])?)?.1;
            "none selected" => x.select(&x.greater(100.0))?;
            "sum of none" => x.select(&x.greater(100.0))?.sum(..);
            "twice" => (x.lazy() + &x).try_eval()?;
        }
    }
    let x = device.make::<f64, Ix2>([0, 3], noise);
    found! { to: "empty sum" => x.sum(0); "empty" => (x.lazy() * 2.0).try_eval()?; }
    Ok(to)
}
