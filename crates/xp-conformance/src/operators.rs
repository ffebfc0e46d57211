//! Operators: scalars on both sides, promotion, in place, value semantics.

use half::{bf16, f16};
use num_complex::Complex;
use xp_core::functions::*;
use xp_core::{Array, Backend, DType, Dim, Float, Num, Promote, s};

use crate::support::{panic_message, vector};

/// A scalar can stand on either side, of an array and of an expression, owned and borrowed.
pub fn scalars_on_both_sides<B: Backend>(device: &B) {
    let x = vector(device, &[1.0f32, 2.0, 4.0]);
    assert_eq!((&x + 1.0).to_vec(), [2.0, 3.0, 5.0]);
    assert_eq!((1.0 - &x).to_vec(), [0.0, -1.0, -3.0]);
    assert_eq!((2.0 * x.clone()).to_vec(), [2.0, 4.0, 8.0]);
    assert_eq!((4.0 / &x).to_vec(), [4.0, 2.0, 1.0]);
    assert_eq!((5.0 % &x).to_vec(), [0.0, 1.0, 1.0]);
    assert_eq!((8.0 / x.lazy()).eval().to_vec(), [8.0, 4.0, 2.0]);
    let n = vector(device, &[6i32, 5, 12]);
    assert_eq!((&n & 4).to_vec(), [4, 4, 4]);
    assert_eq!((1 | &n).to_vec(), [7, 5, 13]);
    assert_eq!((3 ^ n.clone()).to_vec(), [5, 6, 15]);
    assert_eq!((1 << vector(device, &[0i32, 3])).to_vec(), [1, 8]);
    assert_eq!((&n >> 1).to_vec(), [3, 2, 6]);
    assert_eq!((true & vector(device, &[true, false])).to_vec(), [true, false]);
    let z = vector(device, &[Complex::new(1.0f32, 1.0)]);
    assert_eq!((Complex::new(0.0, 1.0) * &z).to_vec(), [Complex::new(-1.0, 1.0)]);
    let h = vector(device, &[f16::from_f32(1.5)]);
    assert_eq!((f16::from_f32(2.0) * &h).to_vec(), [f16::from_f32(3.0)]);
    // Rank 0 is an array, not a scalar: it promotes.
    let zero_d = full(device, [], 2i8).unwrap();
    let sum: Array<B, i32, _> = &zero_d + &n;
    assert_eq!(sum.to_vec(), [8, 7, 14]);
}

/// Every defined pair of dtypes promotes by the standard's table, in both orders, in value and in dtype.
pub fn promotion<B: Backend>(device: &B) {
    fn check<B: Backend, T: xp_core::Num + Promote<U>, U: xp_core::Num + Promote<T>>(device: &B)
    where
        xp_core::ops::Add: xp_core::ops::BinaryOp<<T as Promote<U>>::Output> + xp_core::ops::BinaryOp<<U as Promote<T>>::Output>,
    {
        if [T::DTYPE, U::DTYPE].iter().any(|&d| !B::supports(d)) {
            return;
        }
        let (x, y) = (vector(device, &[T::from_f64(3.0)]), vector(device, &[U::from_f64(4.0)]));
        let (left, right) = (&x + &y, &y + &x);
        let dtype = xp_core::dtype::result_type(T::DTYPE, U::DTYPE);
        assert_eq!((Some(left.dtype()), Some(right.dtype())), (dtype, dtype), "{} and {}", T::DTYPE, U::DTYPE);
        assert_eq!((left.to_vec()[0].to_string(), right.to_vec()[0].to_string()), (left.to_vec()[0].to_string(), left.to_vec()[0].to_string()));
        assert!(left.to_vec()[0].to_string().starts_with('7'), "{} and {}: {}", T::DTYPE, U::DTYPE, left.to_vec()[0]);
    }
    macro_rules! pairs {
        ($($t:ty, $u:ty;)*) => { $(check::<B, $t, $u>(device);)* };
    }
    pairs! {
        i8, i16; i8, i32; i8, i64; i16, i32; i16, i64; i32, i64; u8, u16; u8, u32; u8, u64; u16, u32; u16, u64; u32, u64;
        i8, u8; i8, u16; i8, u32; i16, u8; i16, u16; i16, u32; i32, u8; i32, u16; i32, u32; i64, u8; i64, u16; i64, u32;
        f16, f32; bf16, f32; f16, bf16; f32, f64; f16, f64; bf16, f64;
        f32, Complex<f32>; f32, Complex<f64>; f64, Complex<f32>; f64, Complex<f64>; Complex<f32>, Complex<f64>;
    }
    let x: Array<B, i16, _> = vector(device, &[-1i8]) + vector(device, &[255u8]);
    assert_eq!(x.to_vec(), [254]);
    let y: Array<B, i64, _> = vector(device, &[-1i32]) * vector(device, &[u32::MAX]);
    assert_eq!(y.to_vec(), [-i64::from(u32::MAX)]);
    let same = concat(&[&vector(device, &[1u8]), &vector(device, &[2u8])], 0).unwrap();
    assert_eq!(same.dtype(), DType::U8);
}

/// In-place operators keep dtype and shape, and accept what broadcasts to the left side.
pub fn in_place<B: Backend>(device: &B) {
    let mut x = Array::from_vec(device, vec![1, 2, 3, 4, 5, 6], [2, 3]).unwrap();
    let address = B::address(x.buffer());
    x += 1;
    x -= &vector(device, &[1, 1, 1]);
    x *= vector(device, &[1, 10, 100]);
    assert_eq!(x.to_vec(), [1, 20, 300, 4, 50, 600]);
    assert_eq!(B::address(x.buffer()), address, "nobody shares the memory");
    x %= 7;
    x <<= 2;
    x >>= 1;
    x |= 1;
    x &= 15;
    x ^= 2;
    let expected: Vec<i32> = [1, 20, 300, 4, 50, 600].iter().map(|v| ((((v % 7) << 2 >> 1) | 1) & 15) ^ 2).collect();
    assert_eq!(x.to_vec(), expected);
    let mut y = vector(device, &[8.0f32, 9.0]);
    y /= 2.0;
    assert_eq!(y.to_vec(), [4.0, 4.5]);
    let mut b = vector(device, &[true, false]);
    b &= true;
    b |= vector(device, &[false, true]);
    b ^= true;
    assert_eq!(b.to_vec(), [false, false]);
    // Narrower dtypes promote to the left side's.
    let mut wide = vector(device, &[1i64, 2]);
    wide += vector(device, &[1i8, 2]);
    assert_eq!(wide.to_vec(), [2, 4]);
    // Through a view with strides.
    let mut part = Array::from_vec(device, vec![1, 2, 3, 4, 5, 6], [2, 3]).unwrap().slice(s![.., ..;-2]).unwrap();
    part *= 10;
    assert_eq!(part.to_vec(), [30, 10, 60, 40]);
    // With itself, transposed.
    let mut square = Array::from_vec(device, vec![1, 2, 3, 4], [2, 2]).unwrap();
    let turned = square.t();
    square += turned;
    assert_eq!(square.to_vec(), [2, 5, 5, 8]);
    let mut wide = zeros::<_, i32, _>(device, [1]).unwrap().broadcast_to([3]).unwrap();
    wide += vector(device, &[1, 2, 3]);
    assert_eq!(wide.to_vec(), [1, 2, 3]);
}

/// Writing to one array is never seen in another one that shares its memory.
pub fn value_semantics<B: Backend>(device: &B) {
    let original = Array::from_vec(device, vec![1, 2, 3, 4, 5, 6], [2, 3]).unwrap();
    let kept = original.to_vec();
    let (mut a, mut b, mut c, mut d) = (original.clone(), original.t(), original.slice(s![0]).unwrap(), original.reshape([6]).unwrap());
    a += 100;
    assert_eq!(original.to_vec(), kept);
    b *= 0;
    c.set(s![..], 9).unwrap();
    d.set(s![0], -1).unwrap();
    let mut e = original.broadcast_to([2, 2, 3]).unwrap();
    e.set(s![0, 0, 0], 50).unwrap();
    let mut f = original.clone();
    f.set_where(&original.greater(3), 0).unwrap();
    let mut g = original.clone();
    g.put(&vector(device, &[0i64]), &original.slice(s![1..]).unwrap(), 0).unwrap();
    assert_eq!(original.to_vec(), kept);
    assert_eq!(a.to_vec(), [101, 102, 103, 104, 105, 106]);
    assert_eq!(b.to_vec(), [0; 6]);
    assert_eq!(c.to_vec(), [9; 3]);
    assert_eq!(d.to_vec(), [-1, 2, 3, 4, 5, 6]);
    assert_eq!(e.to_vec(), [50, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]);
    assert_eq!(f.to_vec(), [1, 2, 3, 0, 0, 0]);
    assert_eq!(g.to_vec(), [4, 5, 6, 4, 5, 6]);
}

/// `-x` and `!x`, owned, borrowed, lazy.
pub fn unary_operators<B: Backend>(device: &B) {
    let x = vector(device, &[1i8, -128, 0]);
    assert_eq!((-&x).to_vec(), [-1, -128, 0]);
    assert_eq!((-x.clone()).to_vec(), [-1, -128, 0]);
    assert_eq!((!&x).to_vec(), [-2, 127, -1]);
    assert_eq!((-x.lazy()).eval().to_vec(), [-1, -128, 0]);
    assert_eq!((!vector(device, &[true, false])).to_vec(), [false, true]);
    assert_eq!((-vector(device, &[0.0f32])).to_vec()[0].to_bits(), (-0.0f32).to_bits());
}

/// Constants take the dtype of what they stand beside, on either side and in generic code.
pub fn constants<B: Backend>(device: &B) {
    fn step<B: Backend, T: Float, D: Dim>(x: &Array<B, T, D>) -> Array<B, T, D> {
        c(3) - (c(0.5) * x + c(1)) / (x.lazy() - c(0.25)).eval()
    }
    fn chosen<B: Backend, T: Num, D: Dim>(x: &Array<B, T, D>, mask: &Array<B, bool, D>) -> Array<B, T, D> {
        where_(mask, c(7), x)
    }
    let x = vector(device, &[1.25f32, -0.75]);
    assert_eq!(step(&x).to_vec(), [3.0 - 1.625, 3.0 + 0.625]);
    assert_eq!((c(1) / x.lazy()).eval().to_vec(), [0.8, 1.0 / -0.75]);
    assert_eq!((c(2) + x.clone() - c(1.0)).to_vec(), [2.25, 0.25]);
    assert_eq!(x.greater(c(0)).to_vec(), [true, false]);
    let n = vector(device, &[3u8, 200]);
    assert_eq!(((c(10) * &n).to_vec(), chosen(&n, &vector(device, &[true, false])).to_vec()), (vec![30, 208], vec![7, 200]));
    assert_eq!((c(1) - vector(device, &[Complex::new(0.0f32, 1.0)])).to_vec(), [Complex::new(1.0, -1.0)]);
    let mut y = x.clone();
    y += c(0.75);
    y.put(&vector(device, &[0i64]), c(5), 0).unwrap();
    assert_eq!(y.to_vec(), [5.0, 0.0]);
    assert!(panic_message(|| c(0.5) * &n).contains("c(0.5) is no uint8") && panic_message(|| &n + c(300)).contains("300"));
}

/// `where` broadcasts all three operands and promotes the last two.
pub fn where_chooses<B: Backend>(device: &B) {
    let condition = Array::from_vec(device, vec![true, false], [2, 1]).unwrap();
    let chosen: Array<B, i32, _> = where_(&condition, &vector(device, &[1i16, 2, 3]), &vector(device, &[-1i32]));
    assert_eq!((chosen.shape(), chosen.to_vec()), ([2, 3], vec![1, 2, 3, -1, -1, -1]));
    let x = vector(device, &[f32::NAN, 1.0]);
    assert_eq!(where_(&x.isnan(), &x.zeros_like().unwrap(), &x).to_vec(), [0.0, 1.0]);
    assert_eq!(where_(&x.isnan(), &x, 5.0).to_vec()[1], 5.0);
    // Scalars, which promote nothing, and lazy expressions, on every side.
    let bad = x.isnan();
    let zeroed: Array<B, f32, _> = where_(&bad, 0.0, &x);
    assert_eq!(zeroed.to_vec(), [0.0, 1.0]);
    assert_eq!(where_(&bad, 2, 3).to_vec(), [2, 3]);
    assert_eq!(where_(x.lazy().isnan(), x.lazy().isnan().astype::<f32>(), x.lazy() * 4.0).to_vec(), [1.0, 4.0]);
    assert_eq!(where_(bad.clone(), 0.5, x.clone()).to_vec(), [0.5, 1.0]);
    let lazy: Array<B, f32, _> = x.lazy().isnan().where_(-1.0, x.lazy() + 1.0).eval();
    assert_eq!(lazy.to_vec(), [-1.0, 2.0]);
    assert_eq!(x.lazy().isnan().logical_not().where_(&condition, false).eval().to_vec(), [false, true, false, false]);
    let wide: Array<B, i32, _> = condition.lazy().where_(&vector(device, &[1i16, 2]), vector(device, &[7i32]).lazy()).eval();
    assert_eq!((wide.shape(), wide.to_vec()), ([2, 2], vec![1, 2, 7, 7]));
}
