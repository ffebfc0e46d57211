//! Free reductions over one axis, several, all; kept axes; shapes.

use xp_core::functions::*;
use xp_core::{Array, Backend, Dim, Error, Float, Num, s};

use crate::support::{array, panic_message, vector};

/// Every free reduction over every set of axes, against loops over the elements.
pub fn reductions_over_axes<B: Backend>(device: &B) {
    let dims = [2usize, 3, 4];
    let values: Vec<i64> = (0..24).map(|i| (i * 7 + 3) % 11 - 4).collect();
    let x = array(device, &values, &dims);
    for set in 0..8usize {
        let axes: Vec<isize> = (0..3).filter(|k| set >> k & 1 == 1).map(|k| if k == 1 { -2 } else { k as isize }).collect();
        let kept: Vec<usize> = (0..3).filter(|k| set >> k & 1 == 0).collect();
        let shape: Vec<usize> = kept.iter().map(|&k| dims[k]).collect();
        let wide: Vec<usize> = (0..3).map(|k| if set >> k & 1 == 1 { 1 } else { dims[k] }).collect();
        // The elements behind each output.
        let mut groups = vec![vec![]; shape.iter().product()];
        for (i, &v) in values.iter().enumerate() {
            let index = [i / 12, i / 4 % 3, i % 4];
            groups[kept.iter().fold(0, |at, &k| at * dims[k] + index[k])].push(v);
        }
        let expect = |f: &dyn Fn(&[i64]) -> i64| groups.iter().map(|g| f(g)).collect::<Vec<_>>();
        let axes = &axes[..];
        let kept_sum = sum(&x, KeepDims(axes));
        assert_eq!((kept_sum.dims(), kept_sum.to_vec()), (&wide[..], expect(&|g| g.iter().sum())), "{axes:?}");
        let total = sum(&x, axes);
        assert_eq!((total.dims(), total.to_vec()), (&shape[..], expect(&|g| g.iter().sum())), "{axes:?}");
        assert_eq!(prod(&x, axes).to_vec(), expect(&|g| g.iter().product()), "{axes:?}");
        assert_eq!(max(&x, axes).to_vec(), expect(&|g| *g.iter().max().unwrap()), "{axes:?}");
        assert_eq!(min(&x, axes).to_vec(), expect(&|g| *g.iter().min().unwrap()), "{axes:?}");
        assert_eq!(count_nonzero(&x, axes).to_vec(), expect(&|g| g.iter().filter(|v| **v != 0).count() as i64), "{axes:?}");
        let small = x.greater(4);
        assert_eq!(any(&small, axes).astype::<i64>().to_vec(), expect(&|g| i64::from(g.iter().any(|v| *v > 4))), "{axes:?}");
        assert_eq!(all(&x, axes).astype::<i64>().to_vec(), expect(&|g| i64::from(g.iter().all(|v| *v != 0))), "{axes:?}");
        let real = x.astype::<f32>();
        for (got, want) in mean(&real, axes).to_vec().iter().zip(&groups) {
            let exact = want.iter().sum::<i64>() as f32 / want.len() as f32;
            assert!((got - exact).abs() < 1e-5, "{got} {exact}");
        }
        for correction in [0.0, 1.5] {
            let (v, s) = (var(&real, axes, correction).to_vec(), std(&real, axes, correction).to_vec());
            for ((v, s), want) in v.iter().zip(s).zip(&groups) {
                let n = want.len() as f64;
                let m = want.iter().sum::<i64>() as f64 / n;
                let exact = want.iter().map(|&w| (w as f64 - m).powi(2)).sum::<f64>() / (n - correction);
                if n > correction {
                    assert!((f64::from(*v) - exact).abs() < 1e-4 && (f64::from(s) - exact.sqrt()).abs() < 1e-4, "{v} {s} {exact}");
                } else {
                    assert!(v.is_nan() && s.is_nan());
                }
            }
        }
    }
}

/// The forms in which axes are named, and what is refused.
pub fn axes_forms<B: Backend>(device: &B) {
    let x = Array::from_vec(device, (0..24i64).collect(), [2, 3, 4]).unwrap();
    assert_eq!(sum(&x, ..).item().unwrap(), 276);
    assert_eq!(sum(&x, 0).shape(), [3, 4]);
    assert_eq!(sum(&x, [0]).shape(), [3, 4]);
    assert_eq!(sum(&x, [-1, 0]).shape(), [3]);
    assert_eq!(sum(&x, [2, 1, 0]).ndim(), 0);
    assert_eq!(sum(&x, KeepDims(..)).shape(), [1, 1, 1]);
    assert_eq!(sum(&x, KeepDims([0, 2])).shape(), [1, 3, 1]);
    assert_eq!(argmax(&x, ..).item().unwrap(), 23);
    assert_eq!(argmin(&x, KeepDims(1)).shape(), [2, 1, 4]);
    assert_eq!(argmax(&x.slice(s![.., ..;-1]).unwrap(), 1).to_vec(), [0; 8]);
    assert!(panic_message(|| sum(&x, 3)).contains("axis 3"));
    assert!(panic_message(|| sum(&x, [0, -3])).contains("more than once"));
    assert!(panic_message(|| argmax(&x, [0, 1])).contains("argmax"));
    assert!(panic_message(|| x.argmin(&[0usize, 1][..])).contains("2 axes given for an array of rank 3"));
    // Variables of every type of axis, as methods, free and lazy.
    let (signed, short, unsigned) = (-1isize, -1i32, 2usize);
    let expected = x.sum(2).to_vec();
    assert_eq!((x.sum(signed).to_vec(), x.sum(short).to_vec(), sum(&x, unsigned).to_vec()), (expected.clone(), expected.clone(), expected.clone()));
    assert_eq!(x.lazy().sum(x.ndim() - 1).eval().to_vec(), expected);
    assert_eq!(x.lazy().sum([unsigned, 0]).eval().shape(), [3]);
    assert_eq!(x.lazy().max(KeepDims(..)).eval().shape(), [1, 1, 1]);
    assert_eq!(x.lazy().prod(vec![0, 1]).eval().dims(), [4]);
    assert_eq!(x.sum([0isize; 0]).to_vec(), x.to_vec());
    assert!(panic_message(|| x.sum(usize::MAX)).contains("out of range"));
}

/// Ranks in generic code, without a bound beyond the backend's and the dtype's.
pub fn ranks_of_reductions<B: Backend, T: Float>(device: &B) {
    fn centred<B: Backend, T: Float, D: Dim>(x: &Array<B, T, D>) -> Array<B, T, D> {
        x - x.mean(KeepDims(-1))
    }
    fn spread<B: Backend, T: Float, D: Dim>(x: &Array<B, T, D>) -> Array<B, T, D::Smaller> {
        x.max(0) - x.lazy().min(0).eval()
    }
    fn total<B: Backend, T: Float, D: Dim>(x: &Array<B, T, D>) -> xp_core::Result<T> {
        Ok(x.sum(..).item()? + x.lazy().sum(..).try_eval()?.item()?)
    }
    let t = |v: &[i32]| v.iter().map(|&x| T::from_f64(f64::from(x))).collect::<Vec<_>>();
    let x = Array::from_vec(device, t(&[1, 3, 2, 8]), [2, 2]).unwrap();
    assert_eq!(centred(&x).to_vec(), t(&[-1, 1, -3, 3]));
    assert_eq!((spread(&x).shape(), spread(&x.clone().into_dyn()).to_vec()), ([2], t(&[1, 5])));
    assert_eq!(total(&x).unwrap(), T::from_f64(28.0));
}

/// `clip` with scalars, arrays, NaN.
pub fn clips<B: Backend, T: Float>(device: &B) {
    let t = T::from_f64;
    let x = vector(device, &[t(-3.0), t(0.5), t(7.0), T::NAN, t(2.0)]);
    let got = clip(&x, t(-1.0), t(5.0)).to_vec();
    assert!(got[..3] == [t(-1.0), t(0.5), t(5.0)] && got[3].is_nan() && got[4] == t(2.0));
    let low = Array::from_vec(device, vec![t(0.0), t(6.0)], [2, 1]).unwrap();
    let two = clip(&x.slice(s![..3]).unwrap(), &low, t(5.0));
    assert_eq!(two.to_vec(), [0.0, 0.5, 5.0, 5.0, 5.0, 5.0].map(t), "where min > max the result is max");
    let limits = vector(device, &[T::NAN, t(1.0), t(1.0)]);
    assert!(clip(&x.slice(s![..3]).unwrap(), &limits, t(9.0)).to_vec()[0].is_nan());
}

/// `cumulative_sum` and `cumulative_prod` with their initial element, along every axis.
pub fn cumulative_initial<B: Backend>(device: &B) {
    let x = Array::from_vec(device, vec![1i32, 2, 3, 4, 5, 6], [2, 3]).unwrap();
    assert_eq!(cumulative_sum(&x, WithInitial(1)).unwrap().to_vec(), [0i64, 1, 3, 6, 0, 4, 9, 15]);
    assert_eq!(cumulative_sum(&x, WithInitial(0)).unwrap().to_vec(), [0i64, 0, 0, 1, 2, 3, 5, 7, 9]);
    assert_eq!(cumulative_prod(&x, WithInitial(-1)).unwrap().to_vec(), [1i64, 1, 2, 6, 1, 4, 20, 120]);
    assert_eq!(cumulative_sum(&x, 0).unwrap().to_vec(), [1i64, 2, 3, 5, 7, 9]);
    let none = array::<_, f32>(device, &[], &[0]);
    assert_eq!(cumulative_prod(&none, WithInitial(0)).unwrap().to_vec(), [1.0]);
    assert!(matches!(cumulative_sum(&x, WithInitial(2)), Err(Error::Axis { axis: 2, ndim: 2 })));
}

/// `diff` of every order, with ends joined.
pub fn differences<B: Backend, T: Num + PartialOrd>(device: &B) {
    let t = |v: &[i32]| v.iter().map(|&x| T::from_f64(f64::from(x))).collect::<Vec<_>>();
    let x = Array::from_vec(device, t(&[1, 4, 9, 16, 25, 36, 49, 64]), [2, 4]).unwrap();
    assert_eq!(diff(&x, -1, 1, None, None).unwrap().to_vec(), t(&[3, 5, 7, 11, 13, 15]));
    assert_eq!(diff(&x, 0, 1, None, None).unwrap().to_vec(), t(&[24, 32, 40, 48]));
    assert_eq!(diff(&x, 1, 2, None, None).unwrap().to_vec(), t(&[2, 2, 2, 2]));
    assert_eq!(diff(&x, 1, 0, None, None).unwrap().to_vec(), x.to_vec());
    assert_eq!(diff(&x, 1, 9, None, None).unwrap().shape(), [2, 0]);
    let column = Array::from_vec(device, t(&[0, 20]), [2, 1]).unwrap();
    assert_eq!(diff(&x, 1, 1, Some(&column), None).unwrap().to_vec(), t(&[1, 3, 5, 7, 5, 11, 13, 15]));
    let last = x.slice(s![1..]).unwrap();
    assert_eq!(diff(&x, 0, 1, Some(&x), Some(&last)).unwrap().shape(), [4, 4]);
    assert_eq!(diff(&x, 0, 1, None, Some(&last)).unwrap().to_vec(), t(&[24, 32, 40, 48, 0, 0, 0, 0]));
    assert!(diff(&x, 2, 1, None, None).is_err());
    assert!(diff(&x, 0, 1, Some(&column), None).is_err(), "a column cannot stand above rows");
}
