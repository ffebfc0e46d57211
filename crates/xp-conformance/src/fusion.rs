//! Lazy expressions: one loop gives, bit for bit, what eager operations give one by one.

use xp_core::expr::Iota;
use xp_core::functions::*;
use xp_core::math::Isa;
use xp_core::ops::{BinaryOp, DeviceSource, Language, Parameters, UnaryOp, Where};
use xp_core::{Array, Backend, Error, Expr, Float, Ix2, Lazy, s};

use crate::support::{Sequence, assert_same, panic_message, sized, vector};

/// Long and short vectors: borders of chunks, of segments, and of what runs on several threads.
const LENGTHS: [usize; 9] = [0, 1, 63, 64, 65, 129, 4097, 40_000, 100_003];

/// Chains of arithmetic and transcendental functions.
pub fn chains<B: Backend, T: Float>(device: &B) {
    let mut sequence = Sequence::new(1);
    let c = T::from_f64;
    for n in LENGTHS {
        let (x, y, z) =
            (vector(device, &sequence.numbers::<T>(n)), vector(device, &sequence.numbers::<T>(n)), vector(device, &sequence.numbers::<T>(n)));
        // A contraction into a fused multiply-add would show.
        let fused = (x.lazy() * &y + &z).eval();
        assert_same("x * y + z", &fused.to_vec(), &(&(&x * &y) + &z).to_vec());
        let fused = (x.lazy() * &y - z.lazy() * &x).eval();
        assert_same("x * y - z * x", &fused.to_vec(), &(&(&x * &y) - &(&z * &x)).to_vec());
        let gauss = (-(x.lazy() - c(0.25)).square() / c(0.5)).exp().eval();
        let shifted = &x - c(0.25);
        assert_same("gauss", &gauss.to_vec(), &exp(&(&negative(&square(&shifted)) / c(0.5))).to_vec());
        let mixed = (x.lazy().sin() * y.lazy().tanh()).abs().log1p().maximum(&z).eval();
        let eager = maximum(&log1p(&abs(&(&sin(&x) * &tanh(&y)))), &z);
        assert_same("log1p(abs(sin(x) * tanh(y))) max z", &mixed.to_vec(), &eager.to_vec());
    }
}

/// Operands that are stretched, transposed and reversed.
pub fn broadcasts<B: Backend, T: Float>(device: &B) {
    let mut sequence = Sequence::new(2);
    for (n, p) in [(1, 1), (3, 5), (70, 66), (257, 3), (200, 300)] {
        let x = Array::from_vec(device, sequence.numbers::<T>(n * p), [n, p]).unwrap();
        let row = vector(device, &sequence.numbers::<T>(p));
        let column = Array::from_vec(device, sequence.numbers::<T>(n), [n, 1]).unwrap();
        let turned = Array::from_vec(device, sequence.numbers::<T>(n * p), [p, n]).unwrap().t();
        let back = x.slice(s![..;-1, ..;-1]).unwrap();
        let fused = ((x.lazy() - &row) / &column + turned.lazy() * &back).eval();
        let eager = &(&(&x - &row) / &column) + &(&turned * &back);
        assert_same(&format!("{n}x{p}"), &fused.to_vec(), &eager.to_vec());
    }
}

/// Reductions at the end of an expression, along each axis.
pub fn reductions_fuse<B: Backend, T: Float>(device: &B) {
    let mut sequence = Sequence::new(3);
    for (n, p) in [(1, 1), (5, 3), (70, 130), (5000, 17), (17, 5000)] {
        let x = Array::from_vec(device, sequence.numbers::<T>(n * p), [n, p]).unwrap();
        for x in [x.clone(), x.t()] {
            let mean = x.mean(0);
            let squares = square(&(&x - &mean));
            let stored = if x.is_contiguous() { squares } else { squares.t().copy().unwrap().t() };
            for axis in [0, 1] {
                assert_same("sum", &(x.lazy() - &mean).square().sum(axis).eval().to_vec(), &stored.sum(axis).to_vec());
                assert_same("max", &(x.lazy() - &mean).square().max(KeepDims(axis)).eval().to_vec(), &stored.max(KeepDims(axis)).to_vec());
                assert_eq!((x.lazy() - &mean).square().argmin(axis).eval().to_vec(), stored.argmin(axis).to_vec());
            }
            let all = (x.lazy() - &mean).square().sum(..).eval().item().unwrap().to_f64();
            let exact: f64 = stored.to_vec().iter().map(|v| v.to_f64()).sum();
            assert!((all - exact).abs() <= 100.0 * T::EPSILON.to_f64() * exact, "sum of all: {all} for {exact}");
        }
    }
}

/// `eval_into` writes into memory that exists, and copies it first when another array shares it.
pub fn into_existing<B: Backend, T: Float>(device: &B) {
    let x = vector(device, &Sequence::new(4).numbers::<T>(1000));
    let mut out = x.zeros_like().unwrap();
    let address = B::address(out.buffer());
    (x.lazy() * T::from_f64(2.0)).eval_into(&mut out).unwrap();
    assert_same("eval_into", &out.to_vec(), &(&x + &x).to_vec());
    assert_eq!(B::address(out.buffer()), address, "nobody shares the memory");
    let shared = out.clone();
    (x.lazy() - &x).eval_into(&mut out).unwrap();
    assert_eq!(out.to_vec(), vec![T::ZERO; 1000]);
    assert_same("the other handle", &shared.to_vec(), &(&x + &x).to_vec());
    // Into a view with strides, from an operand that shares its memory.
    let base = Array::from_vec(device, x.to_vec(), [10, 100]).unwrap();
    let mut view = base.t();
    (base.t().lazy() + T::ONE).eval_into(&mut view).unwrap();
    assert_same("view", &view.t().to_vec(), &(&base + T::ONE).to_vec());
    assert_same("base", &base.to_vec(), &x.to_vec());
    // A scalar operand stretches over the output.
    (vector(device, &[T::ONE]).lazy() + T::ONE).eval_into(&mut view).unwrap();
    assert_eq!(view.to_vec(), vec![T::from_f64(2.0); 1000]);
    let given = (vector(device, &[T::ONE; 3]).lazy() + T::ONE).eval_into(&mut out).unwrap_err();
    assert!(given.to_string().contains("[3]") && given.to_string().contains("[1000]"), "{given}");
}

/// Promotion, comparisons, conversions and choices inside an expression.
pub fn mixed_dtypes<B: Backend>(device: &B) {
    let len = sized(777, 130);
    let x = vector(device, &Sequence::new(5).numbers::<f32>(len));
    let n = vector(device, &Sequence::new(6).integers::<i16>(len, -5, 5));
    let bytes = vector(device, &Sequence::new(7).integers::<u8>(len, 0, 200));
    let fused = ((n.lazy() + &bytes).astype::<f32>() * &x).less(0.5).eval();
    assert_eq!(fused.to_vec(), less(&((&n + &bytes).astype::<f32>() * &x), 0.5).to_vec());
    let sum: Array<B, i16, _> = &n + &bytes;
    assert_eq!(sum.to_vec(), n.to_vec().iter().zip(bytes.to_vec()).map(|(&a, b)| a + i16::from(b)).collect::<Vec<_>>());
    let chosen = x.lazy().greater(0.0).where_(&n, &bytes).eval();
    let expected: Vec<i16> =
        x.to_vec().iter().zip(n.to_vec()).zip(bytes.to_vec()).map(|((&x, n), b)| if x > 0.0 { n } else { i16::from(b) }).collect();
    assert_eq!(chosen.to_vec(), expected);
    let count = (x.lazy().abs() + 1.0).astype::<i64>().count_nonzero(..).eval().item().unwrap();
    assert_eq!(count, len as i64);
}

/// Operands that are given away lend their memory to the result and change no value.
pub fn owned_operands<B: Backend, T: Float>(device: &B) {
    for n in [1, 64, sized(1000, 130), sized(100_000, 65)] {
        let (a, b) = (Sequence::new(8).numbers::<T>(n), Sequence::new(9).numbers::<T>(n));
        let fresh = || (vector(device, &a), vector(device, &b));
        let (x, y) = fresh();
        let expected = (&x - &y).to_vec();
        let address = B::address(x.buffer());
        let left = x - &y;
        assert_eq!(B::address(left.buffer()), address, "the memory of the left operand");
        assert_same("owned - borrowed", &left.to_vec(), &expected);
        let (x, y) = fresh();
        assert_same("borrowed - owned", &(&x - y).to_vec(), &expected);
        let (x, y) = fresh();
        assert_same("owned - owned", &(x - y).to_vec(), &expected);
        // The memory is shared: it must not be written.
        let (x, y) = fresh();
        let kept = x.clone();
        assert_same("shared - borrowed", &(x - &y).to_vec(), &expected);
        assert_same("the other handle", &kept.to_vec(), &a);
        // Reversed, the operand is not walked as the result is.
        let (x, y) = fresh();
        let reversed: Vec<T> = a.iter().rev().zip(&b).map(|(&x, &y)| x - y).collect();
        assert_same("reversed - borrowed", &(x.slice(s![..;-1]).unwrap() - &y).to_vec(), &reversed);
        // Broadcast, it is smaller than the result.
        let column = Array::from_vec(device, vec![T::ONE, T::ZERO], [2, 1]).unwrap();
        let (x, _) = fresh();
        let rows: Array<B, T, Ix2> = x + column;
        assert_same("a stretched row", &rows.slice(s![1]).unwrap().to_vec(), &a);
        // A result of another dtype does not fit.
        let (x, y) = fresh();
        let smaller: Vec<bool> = a.iter().zip(&b).map(|(x, y)| x < y).collect();
        assert_eq!(x.into_lazy().less(&y).eval().to_vec(), smaller);
        // Through a chain, to an operand that is used twice.
        let (x, y) = fresh();
        let twice = x.clone();
        let chain = (x.into_lazy() * &twice + y.into_lazy()).eval();
        assert_same("x * x + y", &chain.to_vec(), &a.iter().zip(&b).map(|(&x, &y)| x * x + y).collect::<Vec<_>>());
    }
}

/// Rows looked up during the loop.
pub fn rows<B: Backend, T: Float>(device: &B) {
    let (n, p) = sized((37, 65), (6, 65));
    let values = Sequence::new(10).numbers::<T>(n * p);
    let x = Array::from_vec(device, values.clone(), [n, p]).unwrap();
    let picks: Vec<i64> = (0..sized(50, 4)).map(|i| (i * 7) % n as i64).collect();
    let at = vector(device, &picks);
    let expected: Vec<T> = picks.iter().flat_map(|&i| values[i as usize * p..][..p].to_vec()).collect();
    assert_same("rows", &x.lazy_rows(&at).unwrap().eval().to_vec(), &expected);
    let shifted: Vec<T> = expected.iter().map(|&v| v + T::ONE).collect();
    assert_same("rows + 1", &(x.lazy_rows(&at).unwrap() + T::ONE).eval().to_vec(), &shifted);
    let backwards = x.slice(s![..;-1, ..;2]).unwrap();
    let expected: Vec<T> = picks.iter().flat_map(|&i| (0..p).step_by(2).map(|j| values[(n - 1 - i as usize) * p + j]).collect::<Vec<_>>()).collect();
    assert_same("rows of a view", &backwards.lazy_rows(&at).unwrap().eval().to_vec(), &expected);
    let sums: Vec<T> = x.lazy_rows(&at).unwrap().sum(0).eval().to_vec();
    assert_same("sums of rows", &sums, &x.take(&at, 0).unwrap().sum(0).to_vec());
    let one = vector(device, &[5i64]);
    assert_same("one row", &x.lazy_rows(&one).unwrap().eval().to_vec(), &values[5 * p..6 * p]);
    let line = vector(device, &values[..n]);
    let expected: Vec<T> = picks.iter().map(|&i| values[i as usize]).collect();
    assert_same("elements of a vector", &line.lazy_rows(&at).unwrap().eval().to_vec(), &expected);
    let none = Array::<B, i64, _>::from_vec(device, vec![], [0]).unwrap();
    assert!(x.lazy_rows(&none).unwrap().eval().is_empty());
    assert!(x.lazy_rows(&vector(device, &[n as i64])).is_err() && x.lazy_rows(&vector(device, &[-1i64])).is_err());
}

/// Looked-up rows and blocks of rows stand for the rows they have: an expression that would stretch them along their first
/// axis, or repeat them along a new one, is refused with both shapes, wherever it is evaluated.
pub fn stretched_rows<B: Backend, T: Float>(device: &B) {
    let matrix = |n: usize| Array::<B, T, Ix2>::from_vec(device, (0..3 * n).map(T::from_usize).collect(), [n, 3]).unwrap();
    let many = sized(1000, 70);
    let (x, big, one) = (matrix(2), matrix(many), vector(device, &[1i64]));
    let rows = || x.lazy_rows(&one).unwrap();
    let stretch = |rows: &[usize], out: &[usize]| Error::Stretch { rows: rows.to_vec(), out: out.to_vec() };
    let expected = stretch(&[1, 3], &[many, 3]);
    assert_eq!((big.lazy() - rows()).try_eval().unwrap_err(), expected);
    assert_eq!((rows() - &big).try_eval().unwrap_err(), expected);
    assert_eq!((rows().exp() * T::ONE + big.clone()).square().try_eval().unwrap_err(), expected);
    assert_eq!((big.lazy() - rows()).sum(0).try_eval().unwrap_err(), expected);
    assert_eq!((big.lazy() - rows()).sum(1).try_eval().unwrap_err(), expected);
    assert_eq!((big.lazy() - rows()).argmax(..).try_eval().unwrap_err(), expected);
    let chosen = big.lazy().less(&big).apply3(Where, &big, rows().into_expr());
    assert_eq!(chosen.try_eval().unwrap_err(), expected);
    for message in [panic_message(|| (big.lazy() - rows()).eval()), panic_message(|| (big.lazy() - rows()).max(0).eval())] {
        assert!(message.contains("[1, 3]") && message.contains(&format!("[{many}, 3]")), "{message}");
    }
    // Into arrays with more rows, or more axes.
    let mut out = big.clone();
    assert_eq!(rows().eval_into(&mut out).unwrap_err(), expected);
    assert_eq!(out.set(s![..], rows()).unwrap_err(), expected);
    assert_eq!(out.set(s![..;2, ..], rows()).unwrap_err(), stretch(&[1, 3], &[many / 2, 3]));
    assert_eq!(out.set_where(&big.equal(T::ONE), rows()).unwrap_err(), expected);
    let message = panic_message(|| {
        let mut out = out.clone();
        out += rows();
    });
    assert!(message.contains("[1, 3]") && message.contains(&format!("[{many}, 3]")), "{message}");
    assert_same("what was refused", &out.to_vec(), &big.to_vec());
    let deep = |n: usize, m: usize| Array::<B, T, xp_core::Ix3>::from_vec(device, vec![T::ZERO; n * m * 3], [n, m, 3]).unwrap();
    for (n, m) in [(5, 1), (5, 7), (1, 1), (1, many)] {
        assert_eq!((deep(n, m).lazy() + rows()).try_eval().unwrap_err(), stretch(&[1, 3], &[n, m, 3]));
        assert_eq!((deep(n, m).lazy() + rows()).sum(0).try_eval().unwrap_err(), stretch(&[1, 3], &[n, m, 3]));
        assert_eq!(rows().eval_into(&mut deep(n, m)).unwrap_err(), stretch(&[1, 3], &[n, m, 3]));
    }
    let both = vector(device, &[1i64, 0]);
    assert_eq!((deep(2, 2).lazy() + x.lazy_rows(&both).unwrap()).try_eval().unwrap_err(), stretch(&[2, 3], &[2, 2, 3]));
    let line = vector(device, &[T::ONE, T::ZERO]);
    assert_eq!((line.lazy_rows(&one).unwrap() + &big.index_axis(1, 0).unwrap()).try_eval().unwrap_err(), stretch(&[1], &[many]));
    assert_eq!((line.lazy_rows(&one).unwrap() + &big).try_eval().unwrap_err(), stretch(&[1], &[many, 3]));
    // Nothing would be read of these, and yet the answer is the same.
    let none = big.slice(s![..0]).unwrap();
    assert_eq!((none.lazy() + rows()).try_eval().unwrap_err(), stretch(&[1, 3], &[0, 3]));
    assert_eq!((none.lazy() + rows()).sum(0).try_eval().unwrap_err(), stretch(&[1, 3], &[0, 3]));
    // Blocks of rows likewise, whatever is in them.
    let sum = x.lazy() + x.lazy_rows(&both).unwrap();
    for block in sum.row_blocks(1).unwrap() {
        assert_eq!((big.lazy() + block).try_eval().unwrap_err(), expected);
        assert_eq!((deep(1, 1).lazy() + block).try_eval().unwrap_err(), stretch(&[1, 3], &[1, 1, 3]));
        assert_eq!(block.eval_into(&mut big.clone()).unwrap_err(), expected);
    }
    for block in x.lazy().row_blocks(1).unwrap() {
        assert_eq!((big.lazy() + block).sum(..).try_eval().unwrap_err(), expected);
        assert_eq!((deep(1, 1).lazy() + block).try_eval().unwrap_err(), stretch(&[1, 3], &[1, 1, 3]));
        assert_eq!(block.eval_into(&mut deep(1, 1)).unwrap_err(), stretch(&[1, 3], &[1, 1, 3]));
    }
    // One row of an expression that has many.
    let mixed = big.lazy() + x.lazy_rows(&one).unwrap();
    assert_eq!(mixed.row_blocks(1).unwrap().nth(many - 1).unwrap().try_eval().unwrap_err(), expected);
}

/// What may be stretched beside looked-up rows: other operands, and the rows themselves along their other axes.
pub fn operands_beside_rows<B: Backend, T: Float>(device: &B) {
    let mut sequence = Sequence::new(11);
    for (n, m, p) in [(2, 1, 3), sized((5, 70, 1), (5, 7, 1)), sized((9, 4, 130), (3, 2, 65)), (3, 0, 2)] {
        let x = Array::from_vec(device, sequence.numbers::<T>(n * p), [n, p]).unwrap();
        let at = vector(device, &(0..m as i64).map(|i| (i * 5) % n as i64).collect::<Vec<_>>());
        let taken = x.take(&at, 0).unwrap();
        let rows = || x.lazy_rows(&at).unwrap();
        let row = vector(device, &sequence.numbers::<T>(p));
        let column = Array::from_vec(device, sequence.numbers::<T>(m), [m, 1]).unwrap();
        let scalar = full(device, [], T::from_f64(0.75)).unwrap();
        let what = format!("{m} of {n}x{p}");
        assert_same(&what, &(rows() - &row).eval().to_vec(), &(&taken - &row).to_vec());
        assert_same(&what, &(row.lazy() - rows()).eval().to_vec(), &(&row - &taken).to_vec());
        assert_same(&what, &(rows() * &column).eval().to_vec(), &(&taken * &column).to_vec());
        assert_same(&what, &(column.lazy() + rows() * &scalar).eval().to_vec(), &(&column + &(&taken * &scalar)).to_vec());
        assert_same(&what, &(rows() * rows()).eval().to_vec(), &(&taken * &taken).to_vec());
        // The order of a sum follows the layout, which looked-up rows and stored ones do not share.
        let near = 256.0 * T::EPSILON.to_f64();
        xp_core::assert_allclose!((rows() - &row).sum(0).eval(), (taken.lazy() - &row).sum(0).eval(), rtol = near, atol = near * m as f64);
        // A column of rows stretches along the other axis, in an expression and in what it is written to.
        let narrow = || x.slice(s![.., ..1]).unwrap().lazy_rows(&at).unwrap();
        let first = taken.slice(s![.., ..1]).unwrap();
        assert_same(&what, &(narrow() + &row).eval().to_vec(), &(&first + &row).to_vec());
        let (mut wide, mut also) = (taken.copy().unwrap(), taken.copy().unwrap());
        narrow().eval_into(&mut wide).unwrap();
        also.set(s![.., ..], &first).unwrap();
        assert_same(&what, &wide.to_vec(), &also.to_vec());
    }
}

/// Blocks of rows are the rows, whatever the expression and however they are reduced.
pub fn row_blocks<B: Backend, T: Float>(device: &B) {
    /// Compares every block of an expression with the rows of what it evaluates to.
    fn check<E: Expr<Dim = Ix2, Elem: Float>>(what: &str, e: &Lazy<E>, stored: &Array<E::Backend, E::Elem, Ix2>) {
        let [n, _] = stored.shape();
        for &step in sized(&[1, 2, 64, 1000][..], &[2]) {
            let blocks = e.row_blocks(step).unwrap();
            assert_eq!(blocks.len(), n.div_ceil(step), "{what}");
            let mut next = 0;
            for block in blocks {
                let range = block.expr().range();
                assert_eq!(range, next..(next + step).min(n), "{what}");
                next = range.end;
                let rows = stored.slice(s![range.start..range.end]).unwrap();
                assert_same(what, &block.eval().to_vec(), &rows.to_vec());
                let one = <E::Elem as xp_core::Num>::ONE;
                let near = 256.0 * xp_core::Real::to_f64(<E::Elem as Float>::EPSILON);
                xp_core::assert_allclose!((block + one).sum(1).eval(), (rows + one).sum(1), rtol = near, atol = near * 64.0);
                for part in block.row_blocks(3).unwrap() {
                    let inner = part.expr().range();
                    let (start, end) = ((range.start + inner.start) as isize, (range.start + inner.end) as isize);
                    assert_same(what, &part.eval().to_vec(), &stored.slice(s![start..end]).unwrap().to_vec());
                }
            }
            assert_eq!(next, n, "{what}");
        }
    }
    let mut sequence = Sequence::new(12);
    for &(n, p) in sized(&[(0, 3), (1, 1), (3, 2), (70, 66), (130, 3), (5, 0)][..], &[(3, 2), (5, 0)]) {
        let x = Array::from_vec(device, sequence.numbers::<T>(n * p), [n, p]).unwrap();
        let row = vector(device, &sequence.numbers::<T>(p));
        let column = Array::from_vec(device, sequence.numbers::<T>(n), [n, 1]).unwrap();
        check("an array", &x.lazy(), &x);
        check("a view", &x.t().copy().unwrap().t().slice(s![..;-1]).unwrap().lazy(), &x.slice(s![..;-1]).unwrap());
        check("a sum", &(x.lazy() * &row + &column), &(&(&x * &row) + &column));
        check("one row for all", &row.broadcast_to([n, p]).unwrap().lazy(), &row.broadcast_to([n, p]).unwrap());
        let positions = Lazy::new(Iota::<B, Ix2>::new(device, [n, p], 3, [5, 1]).unwrap()).astype::<T>();
        check("positions", &(positions.clone() + &row), &(positions.eval() + &row));
        let at = vector(device, &(0..n as i64).map(|i| (i * 7) % (n as i64).max(1)).collect::<Vec<_>>());
        let looked_up = x.lazy_rows(&at).unwrap() - &row;
        check("looked-up rows", &looked_up, &(&x.take(&at, 0).unwrap() - &row));
    }
    assert!(matches!(full(device, [], T::ONE).unwrap().lazy().row_blocks(1).err(), Some(Error::Rank { expected: 1, given: 0 })));
    assert!(matches!(vector(device, &[T::ONE]).lazy().row_blocks(0).err(), Some(Error::Value { .. })));
}

/// The loss of Huber: quadratic up to `delta`, then a straight line.
#[derive(Clone, Copy)]
struct Huber<T> {
    delta: T,
}
impl<T: Float> UnaryOp<T> for Huber<T> {
    type Out = T;
    const NAME: &'static str = "huber";
    // SAFETY: the functions touch nothing but their arguments.
    const DEVICE: DeviceSource = unsafe {
        DeviceSource::own(&[
            (
                Language::Cuda,
                "template <class R> DEVICE R helper(R a) { return a / R(2); }
                 template <class R> DEVICE R op_huber(R x, R delta) {
                   R a = op_abs(x);
                   return a <= delta ? helper(x * x) : delta * (a - helper(delta));
                 }",
            ),
            (
                Language::Wgsl,
                "fn helper(a: f32) -> f32 { return a / 2.0; }
                 fn op_huber(x: f32, delta: f32) -> f32 {
                   let a = op_abs_f32(x);
                   if (a <= delta) { return helper(x * x); }
                   return delta * (a - helper(delta));
                 }",
            ),
        ])
    };
    fn apply<I: Isa>(self, x: T) -> T {
        let (a, half) = (x.magnitude::<I>(), T::from_f64(2.0));
        if a <= self.delta { x * x / half } else { self.delta * (a - self.delta / half) }
    }
    fn parameters(self) -> Parameters {
        Parameters::new().with(self.delta)
    }
}

/// `x` where it is at least `y`, otherwise a mixture of the two; its device source has a helper of the same name as that of
/// [`Huber`].
#[derive(Clone, Copy)]
struct Mixture<T> {
    of_x: T,
    of_y: T,
}
impl<T: Float> BinaryOp<T> for Mixture<T> {
    type Out = T;
    const NAME: &'static str = "mixture";
    // SAFETY: the functions touch nothing but their arguments.
    const DEVICE: DeviceSource = unsafe {
        DeviceSource::own(&[
            (
                Language::Cuda,
                "template <class R> DEVICE R helper(R x, R y, R a, R b) { return x * a + y * b; }
                 template <class R> DEVICE R op_mixture(R x, R y, R a, R b) { return x >= y ? x : helper(x, y, a, b); }",
            ),
            (
                Language::Wgsl,
                "fn helper(x: f32, y: f32, a: f32, b: f32) -> f32 { return x * a + y * b; }
                 fn op_mixture(x: f32, y: f32, a: f32, b: f32) -> f32 {
                   if (x >= y) { return x; }
                   return helper(x, y, a, b);
                 }",
            ),
        ])
    };
    fn apply<I: Isa>(self, x: T, y: T) -> T {
        if x >= y { x } else { x * self.of_x + y * self.of_y }
    }
    fn parameters(self) -> Parameters {
        Parameters::new().with(self.of_x).with(self.of_y)
    }
}

/// Adds one, but has no device function.
#[derive(Clone, Copy)]
struct HostOnly;
impl<T: Float> UnaryOp<T> for HostOnly {
    type Out = T;
    const NAME: &'static str = "host_only";
    const DEVICE: DeviceSource = DeviceSource::NONE;
    fn apply<I: Isa>(self, x: T) -> T {
        x + T::ONE
    }
}

/// Has a field that it forgets to pass on.
#[derive(Clone, Copy)]
struct Forgetful(i64);
impl<T: Float> UnaryOp<T> for Forgetful {
    type Out = T;
    const NAME: &'static str = "forgetful";
    const DEVICE: DeviceSource = DeviceSource::NONE;
    fn apply<I: Isa>(self, x: T) -> T {
        x + T::from_f64(self.0 as f64)
    }
}

/// A user's own operations, with parameters, fused with others.
pub fn own_operations<B: Backend, T: Float>(device: &B) {
    let c = T::from_f64;
    let (a, b) = (Sequence::new(10).numbers::<T>(5000), Sequence::new(11).numbers::<T>(5000));
    let (x, y) = (vector(device, &a), vector(device, &b));
    let huber = |x: T, delta: f64| {
        let (x, delta) = (x.abs(), c(delta));
        if x <= delta { x * x / c(2.0) } else { delta * (x - delta / c(2.0)) }
    };
    // The same code for two values of the parameter.
    for delta in [0.25, 1.5] {
        let expected: Vec<T> = a.iter().map(|&x| huber(x, delta)).collect();
        assert_same("huber", &x.lazy().apply(Huber { delta: c(delta) }).eval().to_vec(), &expected);
    }
    // Two operations, one of them twice, between those of xp, over operands that broadcast.
    let column = Array::from_vec(device, a[..20].to_vec(), [20, 1]).unwrap();
    let wide = y.reshape([20, 250]).unwrap();
    let mixture = Mixture { of_x: c(0.25), of_y: c(0.75) };
    let fused = (wide.lazy().apply(Huber { delta: c(0.5) }) - &column).apply2(mixture, wide.lazy().apply(Huber { delta: c(2.0) })).abs().eval();
    let expected: Vec<T> = (0..5000)
        .map(|i| {
            let (left, right) = (huber(b[i], 0.5) - a[i / 250], huber(b[i], 2.0));
            (if left >= right { left } else { left * c(0.25) + right * c(0.75) }).abs()
        })
        .collect();
    assert_same("mixture", &fused.to_vec(), &expected);
    // Without a device function: a right result, or an error that says which operation lacks it.
    match x.lazy().apply(HostOnly).try_eval() {
        Ok(sums) => assert_same("host only", &sums.to_vec(), &(&x + T::ONE).to_vec()),
        Err(error) => assert!(error.to_string().contains("the operation `host_only` has no source"), "{error}"),
    }
    let forgotten = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| x.lazy().apply(Forgetful(1)).try_eval().is_ok()));
    let message = forgotten.expect_err("an operation with a field and no parameters is refused");
    assert!(message.downcast_ref::<String>().is_some_and(|m| m.contains("`forgetful` has fields")));
}
