//! Fused evaluation and reductions against plain loops over host values, in every layout and around every size at which
//! the loops change: chunks, segments, parallel parts, streaming stores.

use xp_core::functions::{arange, concat, full, zeros};
use xp_core::{Array, Dim, Ix1, Ix2, Ix3, KeepDims, s};
use xp_cpu::Cpu;

type Result = xp_core::Result<()>;

/// Lengths around the chunk of 64, the segment of 4096, the least parallel size, and the least streamed size.
const LENGTHS: [usize; 16] = [0, 1, 2, 3, 63, 64, 65, 127, 128, 130, 4095, 4096, 4097, 33_000, 70_001, 1_600_003];

fn numbers(n: usize) -> Array<Cpu, f64, Ix1> {
    Array::from_vec(&Cpu, (0..n).map(|i| ((i * 7919) % 1013) as f64 / 8.0 - 60.0).collect(), [n]).unwrap()
}

/// The elements in row-major order, one by one through the strides: no evaluation takes part.
fn naive<D: Dim>(x: &Array<Cpu, f64, D>) -> Vec<f64> {
    // SAFETY: the array reaches to the last of these elements, and all are written.
    let memory = unsafe { Array::<Cpu, f64, Ix1>::from_buffer(&Cpu, x.buffer().clone(), &[x.offset() + 1 + reach(x)]) }.unwrap().to_vec();
    let mut index = vec![0; x.ndim()];
    (0..x.size())
        .map(|_| {
            let at: isize = x.offset() as isize + index.iter().zip(x.strides()).map(|(&i, &s)| i as isize * s).sum::<isize>();
            for k in (0..index.len()).rev() {
                index[k] += 1;
                if index[k] < x.dims()[k] {
                    break;
                }
                index[k] = 0;
            }
            memory[at as usize]
        })
        .collect()
}

/// How far behind the first element the last one in memory lies.
fn reach<D: Dim>(x: &Array<Cpu, f64, D>) -> usize {
    x.dims().iter().zip(x.strides()).map(|(&n, &s)| if s > 0 { (n - 1) * s as usize } else { 0 }).sum()
}

#[test]
fn vectors_of_all_lengths() -> Result {
    for n in LENGTHS {
        let (x, y) = (numbers(n), numbers(n) * 0.5);
        let (hx, hy) = (x.to_vec(), y.to_vec());
        let expected: Vec<f64> = hx.iter().zip(&hy).map(|(x, y)| (x + y) * 2.0 - x).collect();
        assert_eq!(((x.lazy() + &y) * 2.0 - &x).eval().to_vec(), expected, "{n}");
        // Eager operations, into new memory and into that of an operand.
        assert_eq!(((&x + &y) * 2.0 - &x).to_vec(), expected, "{n}");
        // Into memory that holds something else, and into an operand.
        let mut out = full(&Cpu, [n], f64::NAN)?;
        ((x.lazy() + &y) * 2.0 - &x).eval_into(&mut out)?;
        assert_eq!(out.to_vec(), expected, "{n}");
        let kept = x.clone();
        let given = ((x.into_lazy() + &y) * 2.0 - &kept).eval();
        assert_eq!(given.to_vec(), expected, "{n}");
        assert_eq!(kept.to_vec(), hx, "{n}");
        let owned = kept.copy()?;
        drop(kept);
        assert_eq!((owned.into_lazy() * 3.0).eval().to_vec(), hx.iter().map(|x| x * 3.0).collect::<Vec<_>>(), "{n}");
    }
    Ok(())
}

#[test]
fn views_that_start_anywhere() -> Result {
    let x = numbers(1_700_000);
    let host = x.to_vec();
    for start in [0, 1, 3, 8, 64, 65] {
        for n in [1, 64, 65, 40_000, 1_600_000] {
            let part = x.slice(s![start..start + n])?;
            assert_eq!((&part + 1.0).to_vec(), host[start..start + n].iter().map(|x| x + 1.0).collect::<Vec<_>>(), "{start} {n}");
            // A streamed result at an address that is not a multiple of the cache line's size.
            let mut out = zeros::<_, f64, _>(&Cpu, [n + start])?;
            out.set(s![start..], part.lazy() * 2.0)?;
            assert_eq!(out.to_vec()[start..], host[start..start + n].iter().map(|x| x * 2.0).collect::<Vec<_>>(), "{start} {n}");
            assert!(out.to_vec()[..start].iter().all(|&x| x == 0.0));
        }
    }
    Ok(())
}

#[test]
fn matrices_in_every_layout() -> Result {
    for (n, m) in [(1, 1), (3, 5), (5, 70), (64, 64), (70, 3), (100, 47), (33, 129), (300, 257), (1300, 1301)] {
        let x = numbers(n * m).reshape([n, m])?;
        let row = numbers(m);
        let column = numbers(n).reshape([n, 1])?;
        let wide = numbers(n * m * 2).reshape([n, 2 * m])?;
        let layouts: [Array<Cpu, f64, Ix2>; 6] = [
            x.clone(),
            numbers(n * m).reshape([m, n])?.t(),
            x.slice(s![..;-1, ..;-1])?,
            wide.slice(s![.., ..;2])?,
            wide.slice(s![..;-1, ..;-2])?,
            row.broadcast_to([n, m])?,
        ];
        for (k, a) in layouts.iter().enumerate() {
            let ha = naive(a);
            assert_eq!(a.copy()?.to_vec(), ha, "copy {n}x{m} {k}");
            let (hr, hc) = (row.to_vec(), column.to_vec());
            let expected: Vec<f64> = ha.iter().enumerate().map(|(i, x)| (x - hr[i % m]) * hc[i / m]).collect();
            assert_eq!(((a.lazy() - &row) * &column).eval().to_vec(), expected, "fused {n}x{m} {k}");
            assert_eq!(((a - &row) * &column).to_vec(), expected, "eager {n}x{m} {k}");
            // Into a transposed output.
            let mut out = zeros::<_, f64, _>(&Cpu, [m, n])?.t();
            ((a.lazy() - &row) * &column).eval_into(&mut out)?;
            assert_eq!(naive(&out), expected, "transposed output {n}x{m} {k}");
            // A plain copy into a transposed and a reversed part of a larger output.
            let mut out = zeros::<_, f64, _>(&Cpu, [n + 1, m + 2])?;
            out.set(s![1.., 2..], a.clone())?;
            assert_eq!(naive(&out.slice(s![1.., 2..])?), ha, "part {n}x{m} {k}");
            assert_eq!(naive(&out.slice(s![0, ..])?), vec![0.0; m + 2]);
        }
    }
    Ok(())
}

#[test]
fn copies_of_three_axes() -> Result {
    let x = numbers(20 * 30 * 40).reshape([20, 30, 40])?;
    for axes in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let turned: Array<Cpu, f64, Ix3> = x.permute_dims(&axes)?;
        assert_eq!(turned.copy()?.to_vec(), naive(&turned), "{axes:?}");
        let flipped = turned.flip(1)?;
        assert_eq!(flipped.copy()?.to_vec(), naive(&flipped), "{axes:?}");
        let short = turned.slice(s![.., ..7, ..5])?;
        assert_eq!(short.copy()?.to_vec(), naive(&short), "{axes:?}");
    }
    Ok(())
}

#[test]
fn an_array_assigned_to_a_part_of_itself() -> Result {
    let mut x = numbers(5000).reshape([50, 100])?;
    let before = x.to_vec();
    let turned = x.t();
    x.set(s![.., ..50], turned.slice(s![..50, ..])?)?;
    for (i, row) in x.to_vec().chunks(100).enumerate() {
        for (j, &value) in row.iter().enumerate() {
            assert_eq!(value, if j < 50 { before[j * 100 + i] } else { before[i * 100 + j] }, "{i} {j}");
        }
    }
    let joined = concat(&[&x, &x.slice(s![..;-1, ..])?], 0)?;
    assert_eq!(joined.to_vec()[5000..5100], x.to_vec()[4900..]);
    Ok(())
}

#[test]
fn reductions_in_every_layout() -> Result {
    for (n, m) in [(1, 1), (4, 5), (100, 3), (1000, 10), (3, 1000), (65, 63), (129, 300), (7, 40_000), (40_000, 7), (400, 2100)] {
        let x = numbers(n * m).reshape([n, m])?;
        let layouts = [
            x.clone(),
            numbers(n * m).reshape([m, n])?.t(),
            x.slice(s![..;-1, ..;-1])?,
            numbers(m * n * 3).reshape([n, 3 * m])?.slice(s![.., 1..;3])?,
        ];
        for (k, a) in layouts.iter().enumerate() {
            let ha = naive(a);
            let rows: Vec<&[f64]> = ha.chunks(m).collect();
            // Sums of multiples of 1/8 are exact, whatever the order.
            let columns = |f: &dyn Fn(Vec<f64>) -> f64| (0..m).map(|j| f(rows.iter().map(|r| r[j]).collect())).collect::<Vec<_>>();
            let sum = |v: Vec<f64>| v.iter().sum::<f64>();
            let max = |v: Vec<f64>| v.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let first = |v: Vec<f64>| {
                let most = max(v.clone());
                v.iter().position(|&x| x == most).unwrap() as f64
            };
            assert_eq!(a.sum(0).to_vec(), columns(&sum), "sum 0 {n}x{m} {k}");
            assert_eq!(a.sum(1).to_vec(), rows.iter().map(|r| sum(r.to_vec())).collect::<Vec<_>>(), "sum 1 {n}x{m} {k}");
            assert_eq!(a.sum(..).item()?, sum(ha.clone()), "sum {n}x{m} {k}");
            assert_eq!(a.max(0).to_vec(), columns(&max), "max 0 {n}x{m} {k}");
            assert_eq!(a.max(1).to_vec(), rows.iter().map(|r| max(r.to_vec())).collect::<Vec<_>>(), "max 1 {n}x{m} {k}");
            assert_eq!(a.argmax(0).astype::<f64>().to_vec(), columns(&first), "argmax 0 {n}x{m} {k}");
            assert_eq!(a.argmax(1).astype::<f64>().to_vec(), rows.iter().map(|r| first(r.to_vec())).collect::<Vec<_>>(), "argmax 1 {n}x{m} {k}");
            assert_eq!(a.argmax(..).item()? as f64, first(ha.clone()), "argmax {n}x{m} {k}");
            let fused = (a.lazy() * 2.0).square().sum(1).eval();
            assert_eq!(fused.to_vec(), (a * 2.0).square().sum(1).to_vec(), "fused {n}x{m} {k}");
        }
    }
    Ok(())
}

#[test]
fn reductions_of_stacks() -> Result {
    let x = numbers(6 * 50 * 90).reshape([6, 50, 90])?;
    let host = x.to_vec();
    for (axis, [a, b, c]) in [(0, [1, 6, 4500]), (1, [6, 50, 90]), (2, [300, 90, 1])] {
        let mut expected = vec![0.0; a * c];
        for (i, value) in host.iter().enumerate() {
            expected[i / (b * c) * c + i % c] += value;
        }
        assert_eq!(x.sum(axis).to_vec(), expected, "{axis}");
    }
    assert_eq!(x.sum([0, 2]).to_vec(), x.sum(2).sum(0).to_vec());
    Ok(())
}

/// Rows of a few columns, whose accumulators take turns from some number of rows on: every operand of the expression lies as the result,
/// repeats itself, or neither.
#[test]
fn reductions_of_narrow_rows() -> Result {
    for (stacks, n, p) in [(1, 1023, 7), (1, 1024, 7), (1, 9001, 10), (1, 300, 16), (3, 4133, 3), (2, 1100, 31), (1, 3000, 32)] {
        let x = numbers(stacks * n * p).reshape([stacks, n, p])?;
        let (offset, weight) = (numbers(p), numbers(n).reshape([n, 1])?);
        let wide = numbers(stacks * n * p * 2).reshape([stacks, n, 2 * p])?;
        let half = wide.slice(s![.., .., ..;2])?;
        let [mut plain, mut moved, mut both] = [(); 3].map(|()| vec![0.0; stacks * p]);
        for (i, &value) in x.to_vec().iter().enumerate() {
            let (stack, row, column) = (i / (n * p), i / p % n, i % p);
            let to = stack * p + column;
            plain[to] += value;
            moved[to] += (value - offset.get([column])?) * 2.0;
            both[to] += half.get([stack, row, column])? + weight.get([row, 0])?;
        }
        assert_eq!(x.sum(1).to_vec(), plain, "{stacks} x {n} x {p}");
        assert_eq!(((x.lazy() - &offset) * 2.0).sum(1).try_eval()?.to_vec(), moved, "{stacks} x {n} x {p}, less a row");
        assert_eq!((half.lazy() + &weight).sum(1).try_eval()?.to_vec(), both, "{stacks} x {n} x {p}, strided, and a column");
    }
    Ok(())
}

#[test]
fn reductions_of_nothing() -> Result {
    for shape in [[2, 0, 3], [0, 2, 3], [2, 3, 0], [1, 0, 1], [100, 0, 100]] {
        let x = zeros::<_, f64, _>(&Cpu, shape)?;
        let axis = shape.iter().position(|&n| n == 0).unwrap() as isize;
        let outputs: usize = shape.iter().filter(|&&n| n > 0).product();
        assert_eq!(x.sum(axis).to_vec(), vec![0.0; outputs], "{shape:?}");
        assert_eq!(x.prod(axis).to_vec(), vec![1.0; outputs], "{shape:?}");
        assert!(x.mean(axis).to_vec().iter().all(|m| m.is_nan()), "{shape:?}");
        assert_eq!((x.all(axis).to_vec(), x.any(axis).to_vec()), (vec![true; outputs], vec![false; outputs]), "{shape:?}");
        assert_eq!((x.sum(..).item()?, x.prod(..).item()?, x.count_nonzero(..).item()?), (0.0, 1.0, 0), "{shape:?}");
        assert_eq!(x.sum(KeepDims([0, 1, 2])).to_vec(), [0.0], "{shape:?}");
    }
    Ok(())
}

#[test]
fn positions_of_extremes() -> Result {
    for n in [1, 64, 65, 200, 40_000, 300_000] {
        let mut x = full(&Cpu, [n], f64::NEG_INFINITY)?;
        assert_eq!((x.argmax(..).item()?, x.argmin(..).item()?), (0, 0), "{n}");
        for at in [n - 1, n / 2, n / 3] {
            x.set(s![at], 1.0)?;
            assert_eq!(x.argmax(..).item()?, at as i64, "{n}");
        }
        x.set(s![n - 1], f64::NAN)?;
        x.set(s![n / 2], f64::NAN)?;
        assert_eq!((x.argmax(..).item()?, x.argmin(..).item()?), (n as i64 / 2, n as i64 / 2), "{n}");
        assert_eq!(x.reshape([1, n])?.argmax(1).to_vec(), [n as i64 / 2], "{n}");
        assert_eq!((x.astype::<f32>().argmax(..).item()?, x.isnan().astype::<i8>().argmax(..).item()?), (n as i64 / 2, n as i64 / 2), "{n}");
    }
    Ok(())
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let x = (numbers(3_000_000) * 0.123).sin().reshape([1500, 2000]).unwrap();
    let bits = |threads: usize| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| {
            let e = ((x.lazy() - 0.25).square() * -0.5).exp();
            let mut all = e.eval().to_vec();
            all.extend(e.sum(0).eval().to_vec());
            all.extend(e.sum(1).eval().to_vec());
            all.extend(e.sum(..).eval().to_vec());
            all.extend(x.t().var(0, 1.0).to_vec());
            all.extend(x.reshape([300_000, 10]).unwrap().var(0, 1.0).to_vec());
            all.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
        })
    };
    let one = bits(1);
    assert!(one == bits(2) && one == bits(3) && one == bits(8));
}

#[test]
fn counters_and_constants() -> Result {
    for n in [1, 63, 64, 65, 5000, 2_000_000] {
        let x = arange(&Cpu, 0_i64, n, 1)?;
        assert!(x.to_vec().iter().enumerate().all(|(i, &x)| x == i as i64), "{n}");
        let ones = full(&Cpu, [n as usize], 1_u8)?;
        assert_eq!(ones.sum(..).item()?, n as u64);
    }
    Ok(())
}

/// Reductions that run together ask for every element once.
#[test]
fn several_reductions_compute_elements_once() {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use xp_core::math::Isa;
    use xp_core::ops::{DeviceSource, UnaryOp};
    use xp_core::reduction::{ArgMax, Max, Mean, Std, Sum};

    static COUNT: AtomicUsize = AtomicUsize::new(0);
    #[derive(Clone, Copy)]
    struct Counted;
    impl UnaryOp<f64> for Counted {
        type Out = f64;
        const NAME: &'static str = "counted";
        const DEVICE: DeviceSource = DeviceSource::NONE;
        fn apply<I: Isa>(self, x: f64) -> f64 {
            COUNT.fetch_add(1, Relaxed);
            x
        }
    }
    // Whole chunks of 64, of rows and of columns.
    let x = numbers(64 * 128).reshape([64, 128]).unwrap();
    for axis in [0, 1] {
        COUNT.store(0, Relaxed);
        let (sum, max, mean, std, at) = x.lazy().apply(Counted).reduce((Sum, Max, Mean, Std(1.0), ArgMax), axis).eval();
        assert_eq!(COUNT.load(Relaxed), 64 * 128);
        assert_eq!((sum.to_vec(), max.to_vec(), mean.to_vec()), (x.sum(axis).to_vec(), x.max(axis).to_vec(), x.mean(axis).to_vec()));
        assert_eq!(at.to_vec(), x.argmax(axis).to_vec());
        for (one, two) in std.to_vec().into_iter().zip(x.std(axis, 1.0).to_vec()) {
            assert!((one / two - 1.0).abs() < 1e-14, "{one} for {two}");
        }
    }
}
