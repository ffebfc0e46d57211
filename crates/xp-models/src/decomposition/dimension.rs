//! The number of components by maximum likelihood: T. P. Minka, Automatic choice of dimensionality for PCA, NIPS 2000.

use core::f64::consts::{LN_2, PI};

/// Variances below this are taken as none.
const NONE: f64 = 1e-15;

/// The number of components, between 1 and `spectrum.len() - 1`, whose evidence is largest, given the variances along all
/// components in descending order.
pub(super) fn infer(spectrum: &[f64], n_samples: usize) -> usize {
    let mut best = (f64::NEG_INFINITY, 1);
    for rank in 1..spectrum.len() {
        let evidence = log_evidence(spectrum, rank, n_samples as f64);
        if evidence > best.0 {
            best = (evidence, rank);
        }
    }
    best.1
}

/// The logarithm of Laplace's approximation of the evidence of `rank` components (Minka's equation 30).
fn log_evidence(spectrum: &[f64], rank: usize, n: f64) -> f64 {
    if spectrum[rank - 1] < NONE {
        return f64::NEG_INFINITY;
    }
    let d = spectrum.len() as f64;
    let k = rank as f64;
    // The uniform prior over orthonormal bases.
    let prior: f64 = (0..rank).map(|i| (d - i as f64) / 2.0).map(|half| ln_gamma(half) - PI.ln() * half).sum::<f64>() - k * LN_2;
    let signal: f64 = spectrum[..rank].iter().map(|v| v.ln()).sum();
    let noise = (spectrum[rank..].iter().sum::<f64>() / (d - k)).max(NONE);
    let likelihood = -n / 2.0 * (signal + (d - k) * noise.ln());
    // The curvature of the likelihood at its maximum.
    let parameters = d * k - k * (k + 1.0) / 2.0;
    let smoothed = |j: usize| if j < rank { spectrum[j] } else { noise };
    let mut curvature = 0.0;
    for i in 0..rank {
        for j in i + 1..spectrum.len() {
            curvature += ((spectrum[i] - spectrum[j]) * (1.0 / smoothed(j) - 1.0 / smoothed(i))).ln() + n.ln();
        }
    }
    prior + likelihood + (2.0 * PI).ln() * (parameters + k) / 2.0 - curvature / 2.0 - k * n.ln() / 2.0
}

/// The logarithm of the gamma function of a positive multiple of 1/2.
fn ln_gamma(x: f64) -> f64 {
    let (mut at, mut sum) = if x.fract() == 0.0 { (1.0, 0.0) } else { (0.5, PI.ln() / 2.0) };
    while at < x {
        sum += f64::ln(at);
        at += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_of_halves() {
        assert_eq!(ln_gamma(1.0), 0.0);
        assert!((ln_gamma(5.0) - 24f64.ln()).abs() < 1e-15);
        assert!((ln_gamma(2.5) - 1.329_340_388_179_137f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn signal_above_flat_noise_is_counted() {
        assert_eq!(infer(&[90.0, 50.0, 20.0, 0.11, 0.1, 0.09], 200), 3);
    }
}
