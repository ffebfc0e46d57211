//! Singular value decomposition by random projections: N. Halko, P. G. Martinsson and J. A. Tropp, Finding structure with
//! randomness, SIAM Review 53 (2011), with a QR decomposition after every product.

use xp_core::linalg::{Thin, qr, svd};
use xp_core::random::Generator;
use xp_core::{Array, Float, Ix1, Ix2, Linalg, s};

use super::Decomposition;
use crate::Result;
use crate::tall_svd::host;

/// What [`decompose`] takes besides the data.
pub(super) struct Settings {
    pub k: usize,
    pub n_oversamples: usize,
    pub iterated_power: Option<usize>,
    pub seed: u64,
}

/// The `k` largest singular values and their right vectors of `x - mean`.
pub(super) fn decompose<B: Linalg<T>, T: Float>(x: &Array<B, T, Ix2>, mean: &Array<B, T, Ix1>, settings: Settings) -> Result<Decomposition<B, T>> {
    let Settings { k, n_oversamples, iterated_power, seed } = settings;
    let [n, p] = x.shape();
    let most = n.min(p);
    let power = iterated_power.unwrap_or(if (k as f64) < 0.1 * most as f64 { 7 } else { 4 });
    let size = (k + n_oversamples).min(most);
    let centred = x.lazy() - mean;
    // A wide matrix is decomposed through its transpose: the range that is sought is the one on its shorter side.
    let tall = n >= p;
    let forth = |q: &Array<B, T, Ix2>| if tall { B::project(&centred, q) } else { B::cross(&centred, &q.lazy()) };
    let back = |q: &Array<B, T, Ix2>| if tall { B::cross(&centred, &q.lazy()) } else { B::project(&centred, q) };
    let basis = |y: &Array<B, T, Ix2>| Ok::<_, xp_core::Error>(qr(y, Thin)?.0);

    let mut q = Generator::new(seed).normal(x.device(), [most, size])?;
    for _ in 0..power {
        q = basis(&back(&basis(&forth(&q)?)?)?)?;
    }
    let q = basis(&forth(&q)?)?;
    // The transpose of the small matrix Q^T A of a tall A, or A Q of a wide one.
    let small = back(&q)?;
    let (singular_values, vt) = if tall {
        let (_, singular, vt) = svd(&small.t().contiguous()?, Thin)?;
        (singular, vt)
    } else {
        let (_, singular, vt) = svd(&small, Thin)?;
        (singular, vt.matmul(&q.t())?)
    };
    let total_variance = centred.square().sum(..).try_eval()?.item()?.to_f64() / (n as f64 - 1.0);
    Ok(Decomposition { singular_values: host(&singular_values)?[..k].to_vec(), vt: vt.slice(s![..k])?, total_variance })
}
