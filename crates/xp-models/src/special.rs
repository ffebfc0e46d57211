//! Special functions that are made of others.

use core::f64::consts::{PI, SQRT_2};

use xp_core::{Array, Backend, Dim, Float};

use crate::Result;

/// The numbers below which a standard normal variable stays with the probabilities `p`, which lie strictly between 0 and 1.
pub(crate) fn ndtri<B: Backend, F: Float, D: Dim>(p: &Array<B, F, D>) -> Result<Array<B, F, D>> {
    let c = F::from_f64;
    let tail = p.lazy().minimum(-p.lazy() + F::ONE).try_eval()?;
    let mut z = ((tail.lazy() * c(2.0) - F::ONE).erfinv() * c(SQRT_2)).try_eval()?;
    // `2 p - 1` rounds away what is small in `p`: steps of Halley's method bring it back.
    for _ in 0..2 {
        let density = (z.lazy().square() * c(-0.5)).exp() * c(1.0 / (2.0 * PI).sqrt());
        let step = ((z.lazy().ndtr() - &tail) / density).try_eval()?;
        z = (z.lazy() - step.lazy() / (z.lazy() * &step * c(0.5) + F::ONE)).try_eval()?;
    }
    Ok(p.lazy().less(c(0.5)).where_(&z, -z.lazy()).try_eval()?)
}
