//! Mean and spread of features, block by block of rows.

use core::ops::Range;

use xp_core::functions::{full, stack};
use xp_core::{Array, Backend, Expr, Float, Ix1, Ix2, Lazy, s};

use crate::Result;
use crate::blocks::{fold_rows, mergeable};

/// Elements of a block of rows that is read twice in a row: it stays in the last cache in between, and is large enough to
/// be shared among threads.
const BLOCK: usize = 1 << 22;

/// Mean and sum of squared deviations of each feature over some samples, whose number or weight for that feature is in `counts`.
/// The mean of nothing is 0.
#[derive(Clone)]
pub(crate) struct Moments<B: Backend, F: Float> {
    pub counts: Array<B, F, Ix1>,
    pub mean: Array<B, F, Ix1>,
    pub squares: Array<B, F, Ix1>,
}

mergeable!(Moments<B, F: Float> { counts, mean, squares });

impl<B: Backend, F: Float> Moments<B, F> {
    /// The moments of features that all have as many samples.
    pub fn with_count(count: f64, mean: Array<B, F, Ix1>, squares: Array<B, F, Ix1>) -> Result<Self> {
        Ok(Moments { counts: full(mean.device(), mean.shape(), F::from_f64(count))?, mean, squares })
    }

    /// Reads `x` in blocks of rows. Without `spread` the sums of squares are left at zero. NaN and infinity show in the mean.
    pub fn of<T: Float>(x: &Array<B, T, Ix2>, weights: Option<&Array<B, T, Ix1>>, spread: bool) -> Result<Self> {
        Moments::over(x, weights, |x, weights| {
            let step = block_rows(x);
            let x = x.lazy().astype::<F>();
            let parts: Vec<Self> = match weights {
                None => x.row_blocks(step)?.map(|rows| Moments::of_block(rows, rows.expr().range().len() as f64, spread)).collect::<Result<_>>()?,
                Some(w) => {
                    let w = w.expand_dims(1)?;
                    let w = w.lazy().astype::<F>();
                    let blocks = x.row_blocks(step)?.zip(w.row_blocks(step)?);
                    blocks.map(|(rows, w)| Moments::of_weighted_block(rows, &w.try_eval()?, spread)).collect::<Result<_>>()?
                }
            };
            Moments::merge_all(&parts)
        })
    }

    /// [`of`](Self::of) the elements that are not NaN, in twice the time.
    pub fn of_present<T: Float>(x: &Array<B, T, Ix2>, weights: Option<&Array<B, T, Ix1>>) -> Result<Self> {
        Moments::over(x, weights, |x, weights| {
            let step = block_rows(x);
            let column: Array<B, F, Ix2> = match weights {
                Some(weights) => weights.expand_dims(1)?.astype(),
                None => full(x.device(), [x.dims()[0], 1], F::ONE)?,
            };
            let (x, column) = (x.lazy().astype::<F>(), column.lazy());
            let blocks = x.row_blocks(step)?.zip(column.row_blocks(step)?);
            let parts = blocks.map(|(rows, w)| Moments::of_present_block(rows, &w.try_eval()?)).collect::<Result<Vec<_>>>()?;
            Moments::merge_all(&parts)
        })
    }

    /// What `of` says of ranges of the rows, merged.
    fn over<T: Float>(
        x: &Array<B, T, Ix2>,
        weights: Option<&Array<B, T, Ix1>>,
        of: impl Fn(&Array<B, T, Ix2>, Option<&Array<B, T, Ix1>>) -> Result<Self> + Sync,
    ) -> Result<Self> {
        let part = |rows: Range<usize>| {
            let weights = weights.map(|w| w.slice(s![rows.clone()])).transpose()?;
            of(&x.slice(s![rows])?, weights.as_ref())
        };
        fold_rows(x, part, |a, b| Moments::merge_all(&[a, b]))
    }

    fn of_block<E: Expr<Backend = B, Elem = F, Dim = Ix2> + Copy>(x: Lazy<E>, count: f64, spread: bool) -> Result<Self> {
        let mean = x.mean(0).try_eval()?;
        let squares = if spread { (x - &mean).square().sum(0).try_eval()? } else { mean.zeros_like()? };
        Moments::with_count(count, mean, squares)
    }

    fn of_weighted_block<E: Expr<Backend = B, Elem = F, Dim = Ix2> + Copy>(x: Lazy<E>, w: &Array<B, F, Ix2>, spread: bool) -> Result<Self> {
        let count = w.sum(..).item()?.to_f64();
        // A block without weight must still show whether it holds NaN.
        let mean = (x * w).sum(0).try_eval()? / F::from_f64(if count > 0.0 { count } else { 1.0 });
        let squares = if spread { ((x - &mean).square() * w).sum(0).try_eval()? } else { mean.zeros_like()? };
        Moments::with_count(count, mean, squares)
    }

    fn of_present_block<E: Expr<Backend = B, Elem = F, Dim = Ix2> + Copy>(x: Lazy<E>, w: &Array<B, F, Ix2>) -> Result<Self> {
        let counts = x.isnan().where_(F::ZERO, w).sum(0).try_eval()?;
        let mean = x.isnan().where_(F::ZERO, x * w).sum(0).try_eval()?;
        let mean = (mean.into_lazy() / &divisors(&counts)?).try_eval()?;
        let squares = x.isnan().where_(F::ZERO, (x - &mean).square() * w).sum(0).try_eval()?;
        Ok(Moments { counts, mean, squares })
    }

    /// The moments of all samples of several parts (Chan, Golub and LeVeque 1983).
    pub fn merge_all(parts: &[Self]) -> Result<Self> {
        let [one] = parts else {
            let stacked = |pick: fn(&Self) -> &Array<B, F, Ix1>| stack(&parts.iter().map(pick).collect::<Vec<_>>(), 0);
            let (each, means, squares) = (stacked(|m| &m.counts)?, stacked(|m| &m.mean)?, stacked(|m| &m.squares)?);
            let counts = each.lazy().sum(0).try_eval()?;
            let mean = ((means.lazy() * &each).sum(0).try_eval()?.into_lazy() / &divisors(&counts)?).try_eval()?;
            let between = ((means.lazy() - &mean).square() * &each).sum(0).try_eval()?;
            return Ok(Moments { counts, mean, squares: squares.lazy().sum(0).try_eval()? + between });
        };
        Ok(one.clone())
    }
}

fn block_rows<B: Backend, T: Float>(x: &Array<B, T, Ix2>) -> usize {
    (BLOCK / x.dims()[1]).max(64)
}

/// Counts to divide by: 1 for those that are 0.
fn divisors<B: Backend, F: Float>(counts: &Array<B, F, Ix1>) -> Result<Array<B, F, Ix1>> {
    Ok(counts.lazy().equal(F::ZERO).where_(F::ONE, counts).try_eval()?)
}
