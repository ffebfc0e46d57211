//! Products of matrices, stacks, vectors and tensors, against naive sums.

use half::{bf16, f16};
use num_complex::Complex;
use xp_core::functions::{tensordot as dot, vecdot as vdot};
use xp_core::{Array, Backend, Float, Floating, Integer, Num, Real, Stepped, s};

use crate::support::{Any, Sequence, array, vector};

/// `[m, k, n]`: empty, tiny, odd, larger than the tiles of kernels.
const SIZES: [[usize; 3]; 12] = [
    [0, 3, 2],
    [2, 0, 3],
    [3, 2, 0],
    [1, 1, 1],
    [1, 7, 1],
    [7, 1, 5],
    [2, 3, 4],
    [17, 33, 9],
    [64, 64, 64],
    [65, 3, 130],
    [3, 300, 5],
    [100, 70, 90],
];

fn wide<T: Num>(z: T) -> Complex<f64> {
    Complex::new(z.re().to_f64(), z.im().to_f64())
}

/// Asserts that `got` is `a @ b`, up to the rounding of `k` products.
#[track_caller]
fn assert_product<T: Floating>(what: &str, got: &[T], a: &[T], b: &[T], [m, k, n]: [usize; 3]) {
    assert_eq!(got.len(), m * n, "{what}");
    for i in 0..m {
        for j in 0..n {
            let terms = || (0..k).map(|l| (wide(a[i * k + l]), wide(b[l * n + j])));
            let exact: Complex<f64> = terms().map(|(x, y)| x * y).sum();
            let size: f64 = terms().map(|(x, y)| x.norm() * y.norm()).sum();
            let error = (wide(got[i * n + j]) - exact).norm();
            assert!(
                error <= (4.0 + k as f64).min(64.0) * <T::Part as Float>::EPSILON.to_f64() * size,
                "{what}: element {i}, {j} of {m}x{k}x{n} is off by {error}"
            );
        }
    }
}

/// Every integer dtype, with wrap-around.
pub fn integers<B: Backend>(device: &B) {
    fn check<B: Backend, T: Integer>(device: &B) {
        for [m, k, n] in SIZES.into_iter().take(9) {
            let mut sequence = Sequence::new(31);
            let (a, b): (Vec<T>, Vec<T>) = (
                (0..m * k).map(|_| T::wrap_i64(sequence.bits() as i64)).collect(),
                (0..k * n).map(|_| T::wrap_i64(sequence.bits() as i64)).collect(),
            );
            let expected: Vec<T> =
                (0..m * n).map(|i| (0..k).fold(T::ZERO, |s, l| s.wrapping_add(a[i / n * k + l].wrapping_mul(b[l * n + i % n])))).collect();
            let (x, y) = (array(device, &a, &[m, k]), array(device, &b, &[k, n]));
            assert_eq!(x.matmul(&y).unwrap().to_vec(), expected, "{} {m}x{k}x{n}", T::DTYPE);
            let turned = y.t().copy().unwrap().t();
            assert_eq!(x.matmul(&turned).unwrap().to_vec(), expected, "{} {m}x{k}x{n}, transposed", T::DTYPE);
        }
    }
    macro_rules! each {
        ($($t:ty)*) => { $(check::<B, $t>(device);)* };
    }
    each!(i8 i16 i32 i64 u8 u16 u32 u64);
}

/// Real matrices of all sizes, over all combinations of transposed and reversed operands.
pub fn floats<B: Backend, T: Float>(device: &B) {
    products::<B, T>(device);
}

/// Complex matrices; nothing is conjugated.
pub fn complex<B: Backend, T: Floating>(device: &B) {
    products::<B, T>(device);
}

fn products<B: Backend, T: Floating>(device: &B) {
    for [m, k, n] in SIZES {
        let (a, b) = (Sequence::new(32).numbers::<T>(m * k), Sequence::new(33).numbers::<T>(k * n));
        let forms = |values: &[T], rows: usize, cols: usize| -> [Any<B, T>; 4] {
            let x = array(device, values, &[rows, cols]);
            let turned = x.t().copy().unwrap().t();
            let reversed = x.flip(..).unwrap().copy().unwrap().flip(..).unwrap();
            let spread = array(device, &values.iter().flat_map(|&v| [v, T::ONE]).collect::<Vec<_>>(), &[rows, 2 * cols]);
            [x, turned, reversed, spread.slice_axis(1, Stepped(.., 2)).unwrap()]
        };
        for (i, x) in forms(&a, m, k).iter().enumerate() {
            for (j, y) in forms(&b, k, n).iter().enumerate() {
                let z = x.matmul(y).unwrap();
                assert_eq!(z.shape(), vec![m, n]);
                assert_product(&format!("form {i} @ form {j}"), &z.to_vec(), &a, &b, [m, k, n]);
            }
        }
    }
    let row = vector(device, &Sequence::new(34).numbers::<T>(5)).broadcast_to([4, 5]).unwrap();
    assert_product("stride 0", &row.matmul(&row.t()).unwrap().to_vec(), &row.to_vec(), &row.t().to_vec(), [4, 5, 4]);
    let nan = array(device, &[<T as Floating>::from_parts(T::Real::from_f64(f64::NAN), T::Real::from_f64(0.0)), T::ONE], &[1, 2]);
    assert!(nan.matmul(&nan.t()).unwrap().isnan().item().unwrap());
}

/// Halves: products are carried in `f32`.
pub fn halves<B: Backend>(device: &B) {
    fn check<B: Backend, T: Float>(device: &B) {
        let [m, k, n] = [9, 200, 7];
        let (a, b) = (Sequence::new(35).numbers::<T>(m * k), Sequence::new(36).numbers::<T>(k * n));
        let got = array(device, &a, &[m, k]).matmul(&array(device, &b, &[k, n])).unwrap().to_vec();
        for (i, z) in got.into_iter().enumerate() {
            let exact: f64 = (0..k).map(|l| a[i / n * k + l].to_f64() * b[l * n + i % n].to_f64()).sum();
            assert!((z.to_f64() - exact).abs() <= T::EPSILON.to_f64() * exact.abs() + 1e-4, "{z} for {exact}");
        }
    }
    check::<B, f16>(device);
    check::<B, bf16>(device);
}

/// Stacks broadcast.
pub fn stacks<B: Backend, T: Float>(device: &B) {
    let (a, b) = (Sequence::new(37).numbers::<T>(2 * 3 * 4 * 5), Sequence::new(38).numbers::<T>(3 * 5 * 6));
    let (x, y) = (array(device, &a, &[2, 3, 4, 5]), array(device, &b, &[3, 5, 6]));
    let check = |x: &Any<B, T>, y: &Any<B, T>| {
        let z = x.matmul(y).unwrap();
        assert_eq!(z.shape(), vec![2, 3, 4, 6]);
        for i in 0..2isize {
            for j in 0..3isize {
                let (p, q) = (x.slice_axis(0, i..i + 1).unwrap().slice_axis(1, j..j + 1).unwrap(), y.slice_axis(0, j..j + 1).unwrap());
                assert_product("stack", &z.index_axis(0, i).unwrap().index_axis(0, j).unwrap().to_vec(), &p.to_vec(), &q.to_vec(), [4, 5, 6]);
            }
        }
    };
    check(&x, &y);
    check(&x.flip([0, 2]).unwrap(), &y.flip(..).unwrap());
    check(&x.permute_dims(&[0, 1, 3, 2]).unwrap().copy().unwrap().permute_dims(&[0, 1, 3, 2]).unwrap(), &y);
    let one = array(device, &a[..20], &[4, 5]);
    let z = one.matmul(&y).unwrap();
    assert_eq!(z.shape(), vec![3, 4, 6]);
    assert_product("one matrix and a stack", &z.index_axis(0, 2).unwrap().to_vec(), &a[..20], &b[60..], [4, 5, 6]);
    assert_eq!(array::<_, T>(device, &[], &[0, 2, 3]).matmul(&array(device, &a[..12], &[3, 4])).unwrap().shape(), vec![0, 2, 4]);
    let static_rank =
        Array::from_vec(device, a.clone(), [6, 4, 5]).unwrap().matmul(&Array::from_vec(device, b[..30].to_vec(), [5, 6]).unwrap()).unwrap();
    assert_eq!(static_rank.shape(), [6, 4, 6]);
    // Enough products for several threads.
    let (a, b) = (Sequence::new(39).numbers::<T>(600 * 64), Sequence::new(40).numbers::<T>(600 * 64));
    let z = array(device, &a, &[600, 8, 8]).matmul(&array(device, &b, &[600, 8, 8])).unwrap().to_vec();
    for i in 0..600 {
        let of = |x: &[T]| x[i * 64..(i + 1) * 64].to_vec();
        assert_product("many", &of(&z), &of(&a), &of(&b), [8, 8, 8]);
    }
}

/// Vectors on either side.
pub fn vectors<B: Backend, T: Float>(device: &B) {
    let (a, v) = (Sequence::new(39).numbers::<T>(130 * 70), Sequence::new(40).numbers::<T>(130));
    let (m, x) = (Array::from_vec(device, a.clone(), [130, 70]).unwrap(), vector(device, &v));
    let left = x.matmul(&m).unwrap();
    assert_eq!(left.shape(), [70]);
    assert_product("vector @ matrix", &left.to_vec(), &v, &a, [1, 130, 70]);
    let right = m.t().matmul(&x).unwrap();
    assert_product("matrix @ vector", &right.to_vec(), &m.t().to_vec(), &v, [70, 130, 1]);
    assert_product("vector @ vector", &[x.matmul(&x).unwrap().item().unwrap()], &v, &v, [1, 130, 1]);
    let backwards = x.slice(s![..;-1]).unwrap();
    assert_product("reversed", &m.t().matmul(&backwards).unwrap().to_vec(), &m.t().to_vec(), &backwards.to_vec(), [70, 130, 1]);
    assert_product("outer", &xp_core::functions::outer(&x, &x).unwrap().to_vec(), &v, &v, [130, 1, 130]);
}

/// `tensordot` over numbers of axes and over lists of them.
pub fn tensordot<B: Backend, T: Float>(device: &B) {
    let (a, b) = (Sequence::new(41).numbers::<T>(2 * 3 * 4), Sequence::new(42).numbers::<T>(3 * 4 * 5));
    let (x, y) = (Array::from_vec(device, a.clone(), [2, 3, 4]).unwrap(), Array::from_vec(device, b.clone(), [3, 4, 5]).unwrap());
    let z = dot(&x, &y, 2).unwrap();
    assert_eq!(z.shape(), vec![2, 5]);
    assert_product("two axes", &z.to_vec(), &a, &b, [2, 12, 5]);
    let outer = dot(&x, &y, 0).unwrap();
    assert_eq!(outer.shape(), vec![2, 3, 4, 3, 4, 5]);
    assert_product("no axes", &outer.to_vec(), &a, &b, [24, 1, 60]);
    let turned = y.permute_dims(&[1, 2, 0]).unwrap();
    let z = dot(&x, &turned, ([2, -2], [0, 2])).unwrap();
    assert_product(
        "listed axes",
        &z.to_vec(),
        &x.permute_dims(&[0, 2, 1]).unwrap().to_vec(),
        &y.permute_dims(&[1, 0, 2]).unwrap().to_vec(),
        [2, 12, 5],
    );
    assert!(dot(&x, &y, 1).is_err() && dot(&x, &y, 4).is_err());
    assert!(dot(&x, &y, ([0, 1], [0])).is_err() && dot(&x, &y, ([1, 1], [0, 0])).is_err());
}

/// `vecdot` conjugates its first operand, keeps the dtype, and takes negative axes only.
pub fn vecdot<B: Backend>(device: &B) {
    let z = vector(device, &[Complex::new(1.0f32, 2.0), Complex::new(0.0, -1.0)]);
    assert_eq!(vdot(&z, &z, -1).unwrap().item().unwrap(), Complex::new(6.0, 0.0));
    let (x, y) = (Array::from_vec(device, vec![100i8, 100, 3, 4], [2, 2]).unwrap(), vector(device, &[1i8, 2]));
    assert_eq!(vdot(&x, &y, -1).unwrap().to_vec(), [44, 11]);
    assert_eq!(vdot(&x.t(), &x, -2).unwrap().to_vec(), [xdot(100, 100, 100, 3), xdot(3, 100, 4, 4)]);
    assert!(vdot(&x, &y, 0).is_err() && vdot(&x, &vector(device, &[1i8]), -1).is_err());

    fn xdot(a: i64, b: i64, c: i64, d: i64) -> i8 {
        (a * b + c * d) as i8
    }
}

/// Products of what slices and reshapes leave behind.
pub fn views<B: Backend, T: Float>(device: &B) {
    let a = Sequence::new(43).numbers::<T>(400);
    let x = Array::from_vec(device, a, [20, 20]).unwrap();
    let (p, q) = (x.slice(s![2..9, ..;3]).unwrap(), x.slice(s![..;-3, 4..13]).unwrap());
    assert_product("slices", &p.matmul(&q).unwrap().to_vec(), &p.to_vec(), &q.to_vec(), [7, 7, 9]);
    assert_product("x^T x", &x.t().matmul(&x).unwrap().to_vec(), &x.t().to_vec(), &x.to_vec(), [20, 20, 20]);
    let column = x.slice(s![.., 3..4]).unwrap();
    assert_product("column @ row", &column.matmul(&column.t()).unwrap().to_vec(), &column.to_vec(), &column.to_vec(), [20, 1, 20]);
}

/// Products into arrays that exist: the values of `matmul`, and no effect on arrays that share their memory.
pub fn into_existing<B: Backend, T: Float>(device: &B) {
    let values = |n: usize| (0..n).map(|i| T::from_f64((i % 7) as f64 - 3.0)).collect::<Vec<T>>();
    for (a, b) in [
        (&[3, 4][..], &[4, 2][..]),
        (&[4], &[4, 3]),
        (&[2, 4], &[4]),
        (&[4], &[4]),
        (&[2, 1, 3, 4], &[5, 4, 2]),
        (&[0, 4], &[4, 2]),
        (&[2, 0], &[0, 3]),
    ] {
        let operand = |dims: &[usize]| array(device, &values(dims.iter().product()), dims);
        let (a, b) = (operand(a), operand(b));
        let expected = a.matmul(&b).unwrap();
        let mut out = expected.lazy().multiply(T::from_f64(5.0)).eval();
        let before = out.clone();
        let copy = before.to_vec();
        a.matmul_into(&b, &mut out).unwrap();
        assert_eq!((out.dims(), out.to_vec()), (expected.dims(), expected.to_vec()));
        assert_eq!(before.to_vec(), copy, "another array in the same memory");
        if out.ndim() == 2 {
            let mut turned = out.matrix_transpose().unwrap().copy().unwrap().matrix_transpose().unwrap();
            a.matmul_into(&b, &mut turned).unwrap();
            assert_eq!(turned.to_vec(), expected.to_vec());
        }
        let mut wrong = array(device, &values(4), &[4, 1, 1, 1, 1]);
        assert!(a.matmul_into(&b, &mut wrong).unwrap_err().to_string().contains("out"));
    }
    let mut square = array(device, &values(4), &[2, 2]);
    let (factor, expected) = (square.clone(), square.matmul(&square).unwrap());
    factor.matmul_into(&factor, &mut square).unwrap();
    assert_eq!(square.to_vec(), expected.to_vec());
}
