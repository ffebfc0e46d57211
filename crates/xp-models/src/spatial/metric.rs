//! The metrics, and how each is computed for a block of rows.

use core::fmt;

use xp_core::extra;
use xp_core::functions::concat;
use xp_core::linalg::inv;
use xp_core::{Array, Backend, Float, Ix1, Ix2, KeepDims, Linalg};

use crate::{Error, Result};

/// A distance of two vectors `u` and `v` of `k` elements.
///
/// The last six are of booleans: an element is true unless it is 0. With the number `a` of elements that are true in both, `b` in
/// `u` only, `c` in `v` only and `d` in none, `r = b + c`.
#[derive(Clone, Debug)]
pub enum Metric<B: Backend, T: Float> {
    /// `sum |u - v| / sum |u + v|`.
    BrayCurtis,
    /// `sum |u - v| / (|u| + |v|)`, where 0 / 0 is 0.
    Canberra,
    /// `max |u - v|`.
    Chebyshev,
    /// `sum |u - v|`.
    CityBlock,
    /// [`Metric::Cosine`] of the vectors less their means.
    Correlation,
    /// 1 less the cosine of the angle between the vectors; NaN for a vector of zeros.
    Cosine,
    /// The square root of `sum (u - v)^2`.
    Euclidean,
    /// The fraction of elements that differ.
    Hamming,
    /// The square root of the Jensen-Shannon divergence of `u` and `v`, which are not negative and are divided by their sums;
    /// in units of the logarithm of the base, `None` for the natural one.
    JensenShannon(Option<f64>),
    /// The square root of `(u - v) V (u - v)`, where `V` is the inverse of a covariance matrix; `None` for that of all vectors.
    Mahalanobis(Option<Array<B, T, Ix2>>),
    /// `(sum |u - v|^p)^(1/p)`, for a positive `p`.
    Minkowski(f64),
    /// [`Metric::Euclidean`] of the vectors divided by the roots of these variances; `None` for those of all vectors, with one
    /// degree of freedom less.
    SEuclidean(Option<Array<B, T, Ix1>>),
    /// `sum (u - v)^2`.
    SqEuclidean,
    /// `r / (2 a + r)`; NaN for vectors without a true element.
    Dice,
    /// `r / (a + r)`; 0 for vectors without a true element.
    Jaccard,
    /// `2 r / (a + d + 2 r)`.
    RogersTanimoto,
    /// `(k - a) / k`.
    RussellRao,
    /// `2 r / (a + 2 r)`; NaN for vectors without a true element.
    SokalSneath,
    /// `2 b c / (a d + b c)`; 0 where `b c` is.
    Yule,
}

impl<B: Backend, T: Float> fmt::Display for Metric<B, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Metric::BrayCurtis => "braycurtis",
            Metric::Canberra => "canberra",
            Metric::Chebyshev => "chebyshev",
            Metric::CityBlock => "cityblock",
            Metric::Correlation => "correlation",
            Metric::Cosine => "cosine",
            Metric::Euclidean => "euclidean",
            Metric::Hamming => "hamming",
            Metric::JensenShannon(_) => "jensenshannon",
            Metric::Mahalanobis(_) => "mahalanobis",
            Metric::Minkowski(_) => "minkowski",
            Metric::SEuclidean(_) => "seuclidean",
            Metric::SqEuclidean => "sqeuclidean",
            Metric::Dice => "dice",
            Metric::Jaccard => "jaccard",
            Metric::RogersTanimoto => "rogerstanimoto",
            Metric::RussellRao => "russellrao",
            Metric::SokalSneath => "sokalsneath",
            Metric::Yule => "yule",
        })
    }
}

/// Matrices whose rows have been made ready, and what is computed of their rows then.
pub(super) struct Prepared<B: Backend, T: Float> {
    pub rows: Vec<Array<B, T, Ix2>>,
    pub kind: Kind<B, T>,
}

/// What is computed of two rows that are ready.
pub(super) enum Kind<B: Backend, T: Float> {
    Core(extra::Metric),
    BrayCurtis,
    Canberra,
    Hamming,
    /// Of rows that sum to 1; the last factor.
    JensenShannon(f64),
    /// The matrix in the middle.
    Bilinear(Array<B, T, Ix2>),
    /// Of rows of zeros and ones.
    Boolean(Boolean),
}

/// The metrics of booleans.
#[derive(Clone, Copy)]
pub(super) enum Boolean {
    Dice,
    Jaccard,
    RogersTanimoto,
    RussellRao,
    SokalSneath,
    Yule,
}

impl<B: Linalg<T>, T: Float> Metric<B, T> {
    /// What does not depend on pairs: done once for each row. The matrices have as many columns.
    pub(super) fn prepare(&self, x: &[&Array<B, T, Ix2>]) -> Result<Prepared<B, T>> {
        let k = x[0].dims()[1];
        let each = |make: &dyn Fn(&Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>>| x.iter().map(|x| make(x)).collect::<Result<Vec<_>>>();
        let as_given = || x.iter().map(|&x| x.clone()).collect();
        let core = |metric| Ok(Prepared { rows: as_given(), kind: Kind::Core(metric) });
        let boolean = |metric| {
            let rows = each(&|x| Ok(x.lazy().not_equal(T::ZERO).astype::<T>().try_eval()?))?;
            Ok(Prepared { rows, kind: Kind::Boolean(metric) })
        };
        match self {
            Metric::Chebyshev => core(extra::Metric::Chebyshev),
            Metric::CityBlock => core(extra::Metric::CityBlock),
            Metric::Cosine => core(extra::Metric::Cosine),
            Metric::Euclidean => core(extra::Metric::Euclidean),
            Metric::SqEuclidean => core(extra::Metric::SqEuclidean),
            &Metric::Minkowski(p) if p.is_nan() || p <= 0.0 => {
                Err(Error::value("metric", format!("the order {p} of Minkowski's distance"), "a positive order"))
            }
            &Metric::Minkowski(p) => core(extra::Metric::Minkowski(p)),
            Metric::Correlation => {
                let rows = each(&|x| Ok((x.lazy() - &x.mean(KeepDims(1))).try_eval()?))?;
                Ok(Prepared { rows, kind: Kind::Core(extra::Metric::Cosine) })
            }
            Metric::SEuclidean(variances) => {
                let variances = match variances {
                    Some(given) if given.dims() != [k] => {
                        return Err(Error::shape("metric", given.dims(), format!("{k} variances, one for each column")));
                    }
                    Some(given) => given.clone(),
                    None => stacked(x)?.var(0, 1.0),
                };
                let deviations = variances.lazy().sqrt().try_eval()?;
                Ok(Prepared { rows: each(&|x| Ok((x.lazy() / &deviations).try_eval()?))?, kind: Kind::Core(extra::Metric::Euclidean) })
            }
            Metric::Mahalanobis(inverse) => {
                let inverse = match inverse {
                    Some(given) if given.dims() != [k, k] => {
                        return Err(Error::shape("metric", given.dims(), format!("the inverse of a covariance of {k} columns, ({k}, {k})")));
                    }
                    Some(given) => given.clone(),
                    None => inverse_covariance(&stacked(x)?)?,
                };
                Ok(Prepared { rows: as_given(), kind: Kind::Bilinear(inverse) })
            }
            Metric::BrayCurtis => Ok(Prepared { rows: as_given(), kind: Kind::BrayCurtis }),
            Metric::Canberra => Ok(Prepared { rows: as_given(), kind: Kind::Canberra }),
            Metric::Hamming => Ok(Prepared { rows: as_given(), kind: Kind::Hamming }),
            &Metric::JensenShannon(base) => {
                let unit = base.map_or(1.0, f64::ln);
                if unit.is_nan() || unit == 0.0 {
                    return Err(Error::value("metric", format!("the base {}", base.unwrap_or(1.0)), "a positive base other than 1"));
                }
                let rows = each(&|x| Ok((x.lazy() / &x.sum(KeepDims(1))).try_eval()?))?;
                Ok(Prepared { rows, kind: Kind::JensenShannon(0.5 / unit) })
            }
            Metric::Dice => boolean(Boolean::Dice),
            Metric::Jaccard => boolean(Boolean::Jaccard),
            Metric::RogersTanimoto => boolean(Boolean::RogersTanimoto),
            Metric::RussellRao => boolean(Boolean::RussellRao),
            Metric::SokalSneath => boolean(Boolean::SokalSneath),
            Metric::Yule => boolean(Boolean::Yule),
        }
    }
}

impl<B: Backend, T: Float> Kind<B, T> {
    /// The distances of all rows of `a` to all of `b`, in one pass over pairs.
    pub(super) fn distances(&self, a: &Array<B, T, Ix2>, b: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        if let Kind::Core(metric) = self {
            return Ok(extra::cdist(a, b, *metric)?);
        }
        if let Kind::Boolean(metric) = self {
            return metric.distances(a, b);
        }
        let (u, v) = (a.expand_dims(1)?, b.expand_dims(0)?);
        let difference = || u.lazy() - &v;
        let out = match self {
            Kind::Canberra => {
                let sizes = (u.lazy().abs() + v.lazy().abs()).maximum(T::MIN_POSITIVE);
                (difference().abs() / sizes).sum(2).try_eval()?
            }
            Kind::BrayCurtis => difference().abs().sum(2).try_eval()? / (u.lazy() + &v).abs().sum(2).try_eval()?,
            Kind::Hamming => u.lazy().not_equal(&v).astype::<T>().mean(2).try_eval()?,
            &Kind::JensenShannon(factor) => {
                // With m = (u + v) / 2 and d = (u - v) / 2 m: m ((1 + d) log(1 + d) + (1 - d) log(1 - d)), where little cancels.
                let sums = || (u.lazy() + &v).maximum(T::MIN_POSITIVE);
                let d = || difference() / sums();
                let inner = d().atanh() * d() * T::from_f64(2.0) + (-(d() * d())).log1p();
                let ends = T::from_f64(2.0 * core::f64::consts::LN_2);
                let term = d().abs().less(T::ONE).where_(inner, ends) * (u.lazy() + &v) * T::from_f64(0.5);
                (term.sum(2).try_eval()?.into_lazy() * T::from_f64(factor)).sqrt().try_eval()?
            }
            Kind::Bilinear(middle) => {
                let (ua, va) = (a.matmul(middle)?.expand_dims(1)?, b.matmul(middle)?.expand_dims(0)?);
                (difference() * (ua.lazy() - &va)).sum(2).try_eval()?.into_lazy().sqrt().try_eval()?
            }
            Kind::Core(_) | Kind::Boolean(_) => unreachable!("handled above"),
        };
        Ok(out)
    }
}

impl Boolean {
    /// From the counts that a product has.
    fn distances<B: Backend, T: Float>(self, a: &Array<B, T, Ix2>, b: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
        let k = T::from_usize(a.dims()[1]);
        let both = a.matmul(&b.t())?;
        let (us, vs) = (a.sum(KeepDims(1)), b.sum(1).expand_dims(0)?);
        let two = T::from_f64(2.0);
        let one = || us.lazy() + &vs - both.lazy() * two; // true in exactly one
        Ok(match self {
            Boolean::Dice => (one() / (us.lazy() + &vs)).try_eval()?,
            Boolean::Jaccard => (one() / (one() + &both).maximum(T::ONE)).try_eval()?,
            Boolean::RogersTanimoto => (one() * two / (one() + k)).try_eval()?,
            Boolean::RussellRao => ((-both.lazy() + k) / k).try_eval()?,
            Boolean::SokalSneath => (one() * two / (one() * two + &both)).try_eval()?,
            Boolean::Yule => {
                let product = || (us.lazy() - &both) * (vs.lazy() - &both);
                let none = (-(us.lazy() + &vs)) + &both + k;
                let ratio = product() * two / (both.lazy() * none + product());
                product().equal(T::ZERO).where_(T::ZERO, ratio).try_eval()?
            }
        })
    }
}

/// The rows of all matrices below each other.
fn stacked<B: Backend, T: Float>(x: &[&Array<B, T, Ix2>]) -> Result<Array<B, T, Ix2>> {
    Ok(if let [x] = x { (*x).clone() } else { concat(x, 0)? })
}

fn inverse_covariance<B: Linalg<T>, T: Float>(x: &Array<B, T, Ix2>) -> Result<Array<B, T, Ix2>> {
    let [n, k] = x.shape();
    if n <= k {
        return Err(Error::shape("x", x.dims(), format!("at least {} rows, so that the covariance of {k} columns has an inverse", k + 1)));
    }
    let mean = x.mean(0);
    Ok(inv(&(B::gram(&(x.lazy() - &mean))? / T::from_usize(n - 1)))?)
}
