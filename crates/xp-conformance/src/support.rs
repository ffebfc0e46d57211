//! What the tests share: arrays of every layout, pairs of operands, comparison in units of the last place.

use xp_core::{Array, Backend, Dyn, Element, Float, Floating, Num, Real, Stepped};

/// An array of dynamic rank, so that one kernel per operation and dtype is compiled.
pub type Any<B, T> = Array<B, T, Dyn>;

/// An array of these values.
pub fn array<B: Backend, T: Element>(device: &B, values: &[T], shape: &[usize]) -> Any<B, T> {
    Array::from_vec(device, values.to_vec(), shape).unwrap()
}

/// A vector of these values.
pub fn vector<B: Backend, T: Element>(device: &B, values: &[T]) -> Array<B, T, xp_core::Ix1> {
    Array::from_vec(device, values.to_vec(), [values.len()]).unwrap()
}

/// A size, or a smaller one in an interpreter, which takes thousands of times as long.
pub const fn sized<T: Copy>(native: T, interpreted: T) -> T {
    if cfg!(miri) { interpreted } else { native }
}

/// An array, its elements in row-major order, and how it lies in memory.
pub struct Sample<B: Backend, T: Element> {
    /// For messages.
    pub layout: String,
    /// The array.
    pub array: Any<B, T>,
    /// What its elements are.
    pub values: Vec<T>,
}

/// Longest vector: two chunks of a kernel and one element more.
pub const LONGEST: usize = 2 * xp_core::expr::CHUNK + 1;

/// Arrays of every layout with elements of `values`: scalar, empty, all lengths around the borders of chunks, negative and
/// long strides, unaligned starts, transposed and permuted axes, stride 0, rows too short to be walked one by one.
pub fn layouts<B: Backend, T: Element>(device: &B, values: &[T]) -> Vec<Sample<B, T>> {
    let value = |i: usize| values[i % values.len()];
    let take = |n: usize| (0..n).map(value).collect::<Vec<_>>();
    let mut samples = vec![];
    let mut add = |layout: String, array: Any<B, T>, values: Vec<T>| samples.push(Sample { layout, array, values });
    let dense = |n: usize| array(device, &take(n), &[n]);
    for i in 0..values.len().min(3) {
        add("rank 0".into(), array(device, &[value(i)], &[]), vec![value(i)]);
    }
    add("empty".into(), array(device, &[], &[0]), vec![]);
    add("empty of rank 3".into(), array(device, &[], &[3, 0, 2]), vec![]);
    for n in (1..=LONGEST).filter(|n| !cfg!(miri) || (n + 1) % xp_core::expr::CHUNK < 3) {
        add(format!("length {n}"), dense(n), take(n));
    }
    let n = values.len().max(LONGEST);
    add(format!("all {n}"), dense(n), take(n));
    add("from the second on".into(), dense(n).slice_axis(0, 1..).unwrap(), take(n)[1..].to_vec());
    add("reversed".into(), dense(n).slice_axis(0, Stepped(.., -1)).unwrap(), take(n).into_iter().rev().collect());
    add("stride 3".into(), dense(n).slice_axis(0, Stepped(.., 3)).unwrap(), take(n).into_iter().step_by(3).collect());
    add("stride -2".into(), dense(n).slice_axis(0, Stepped(.., -2)).unwrap(), take(n).into_iter().rev().step_by(2).collect());
    let (m, k) = sized((70, 66), (67, 5));
    let matrix = array(device, &take(m * k), &[m, k]);
    add("transposed".into(), matrix.t(), (0..m * k).map(|i| value((i % m) * k + i / m)).collect());
    add("columns reversed".into(), matrix.slice_axis(1, Stepped(.., -1)).unwrap(), (0..m * k).map(|i| value(i / k * k + k - 1 - i % k)).collect());
    let row = dense(66).broadcast_to(vec![5, 66]).unwrap();
    add("one row repeated".into(), row, (0..5 * 66).map(|i| value(i % 66)).collect());
    let column = array(device, &take(k), &[k, 1]).broadcast_to(vec![k, 65]).unwrap();
    add("one column repeated".into(), column, (0..k * 65).map(|i| value(i / 65)).collect());
    let scalar = array(device, &[value(1)], &[]).broadcast_to(vec![3, 50]).unwrap();
    add("one element repeated".into(), scalar, vec![value(1); 150]);
    let short = array(device, &take(120), &[40, 3]).slice_axis(1, Stepped(.., -1)).unwrap();
    add("short rows reversed".into(), short, (0..120).map(|i| value(i / 3 * 3 + 2 - i % 3)).collect());
    let cube = array(device, &take(4 * 5 * 6), &[4, 5, 6]).permute_dims(&[2, 0, 1]).unwrap();
    add("permuted".into(), cube, (0..120).map(|i| value((i / 5 % 4) * 30 + (i % 5) * 6 + i / 20)).collect());
    samples
}

/// Two operands, and the pairs of elements that meet.
pub struct Pair<B: Backend, T: Element> {
    /// For messages.
    pub layout: String,
    /// The operands.
    pub arrays: [Any<B, T>; 2],
    /// The elements that meet, in row-major order.
    pub values: Vec<[T; 2]>,
}

/// Pairs of arrays of every layout: every value meets every other one by broadcasting, and vectors of all lengths around the
/// borders of chunks meet.
pub fn pairs<B: Backend, T: Element>(device: &B, values: &[T]) -> Vec<Pair<B, T>> {
    let n = values.len();
    let value = |i: usize| values[i % n];
    let mut out = vec![];
    let mut add = |layout: String, x: Any<B, T>, y: Any<B, T>, values: Vec<[T; 2]>| out.push(Pair { layout, arrays: [x, y], values });
    let all = array(device, values, &[n]);
    let column = array(device, values, &[n, 1]);
    let product: Vec<_> = (0..n * n).map(|i| [value(i / n), value(i % n)]).collect();
    add("column and row".into(), column.clone(), all.clone(), product.clone());
    let wide = column.broadcast_to(vec![n, n]).unwrap();
    add("stride 0 and a dense matrix".into(), wide.clone(), all.broadcast_to(vec![n, n]).unwrap().copy().unwrap(), product.clone());
    add("a transposed matrix and a row".into(), wide.t().copy().unwrap().t(), all.clone(), product);
    for k in 1..=LONGEST {
        let (x, y): (Vec<_>, Vec<_>) = (0..k).map(|i| (value(i), value(3 * i + 1))).unzip();
        let both = x.iter().zip(&y).map(|(&x, &y)| [x, y]).collect();
        add(format!("length {k}"), array(device, &x, &[k]), array(device, &y, &[k]), both);
    }
    let reversed = all.slice_axis(0, Stepped(.., -1)).unwrap();
    add("forwards and backwards".into(), all.clone(), reversed, (0..n).map(|i| [value(i), value(n - 1 - i)]).collect());
    add("rank 0 and a vector".into(), array(device, &[value(1)], &[]), all.clone(), (0..n).map(|i| [value(1), value(i)]).collect());
    add("a vector and rank 0".into(), all, array(device, &[value(2)], &[]), (0..n).map(|i| [value(i), value(2)]).collect());
    add("empty".into(), array(device, &[], &[0, 3]), array(device, &values[..1], &[1, 1]), vec![]);
    out
}

/// The error of `value` in units of the last place of `exact`, or of `floor` when that is larger: 0 for equal special
/// values, infinite for unequal ones. With a `floor`, zeros are equal.
pub fn ulps<T: Float>(value: T, exact: f64, floor: f64) -> f64 {
    let (x, rounded) = (value.to_f64(), T::from_f64(exact).to_f64());
    if x.is_nan() || rounded.is_nan() {
        return if x.is_nan() && rounded.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if x == 0.0 && rounded == 0.0 {
        return if floor > 0.0 || x.is_sign_negative() == rounded.is_sign_negative() { 0.0 } else { f64::INFINITY };
    }
    if x == rounded {
        return 0.0;
    }
    if x.is_infinite() || rounded.is_infinite() {
        return f64::INFINITY;
    }
    (x - exact).abs() / spacing::<T>(exact.abs().max(floor))
}

/// The distance of neighbouring numbers at `x`.
fn spacing<T: Float>(x: f64) -> f64 {
    let magnitude = x.abs().max(T::MIN_POSITIVE.to_f64());
    f64::from_bits(magnitude.to_bits() & f64::INFINITY.to_bits()) * T::EPSILON.to_f64()
}

/// A deterministic sequence of numbers (xorshift).
pub struct Sequence(u64);

impl Sequence {
    /// The sequence that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        Sequence(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Uniform in `low..high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * ((self.bits() >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// `n` numbers of a floating-point dtype, parts uniform in -1..1.
    pub fn numbers<T: Floating>(&mut self, n: usize) -> Vec<T> {
        (0..n)
            .map(|_| T::from_parts(<T::Real as Num>::from_f64(self.between(-1.0, 1.0)), <T::Real as Num>::from_f64(self.between(-1.0, 1.0))))
            .collect()
    }

    /// `n` integers of `low..high`.
    pub fn integers<T: Num>(&mut self, n: usize, low: i64, high: i64) -> Vec<T> {
        (0..n).map(|_| T::from_f64((low + (self.bits() % (high - low) as u64) as i64) as f64)).collect()
    }
}

/// Whether two numbers are the same: equal with equal signs, or both NaN.
pub fn same<T: Floating>(x: T, y: T) -> bool {
    fn part<R: Float>(x: R, y: R) -> bool {
        let (x, y) = (x.to_f64(), y.to_f64());
        x.is_nan() && y.is_nan() || x == y && x.is_sign_negative() == y.is_sign_negative()
    }
    part(x.re(), y.re()) && part(x.im(), y.im())
}

/// Asserts that two vectors hold the same numbers, bit for bit but for the payload of NaN.
#[track_caller]
pub fn assert_same<T: Floating>(what: &str, left: &[T], right: &[T]) {
    assert_eq!(left.len(), right.len(), "{what}");
    for (i, (&x, &y)) in left.iter().zip(right).enumerate() {
        assert!(same(x, y), "{what}: element {i} is {x} here and {y} there");
    }
}

/// The message of the panic that `f` ends with.
#[track_caller]
pub fn panic_message<R>(f: impl FnOnce() -> R) -> String {
    let Err(cause) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)) else { panic!("no panic") };
    match cause.downcast::<String>() {
        Ok(text) => *text,
        Err(cause) => (*cause.downcast::<&str>().expect("a message")).to_string(),
    }
}

/// `f64` of a real number, of the real part of a complex one.
pub fn re<T: Num>(x: T) -> f64 {
    x.re().to_f64()
}
