//! L-BFGS with bounds.

use std::collections::VecDeque;

use xp_core::{Array, Backend, Float, Ix1};

use super::line_search::{Conditions, LineSearch, Task};
use super::{Lbfgs, OptimizeResult};
use crate::progress::Outcome;
use crate::tall_svd::{device, host};
use crate::{Error, Result, check};

/// Finds a minimum of a smooth function whose variables lie between bounds, from `x0` on, by L-BFGS-B. `fun` gives the value and the
/// gradient; `bounds` are a lower and an upper one for each variable, infinite where there is none. A start outside them is moved
/// to the nearest place inside.
///
/// It is SciPy's `minimize(fun, x0, jac=True, method="L-BFGS-B", bounds=bounds)`: R. Byrd, P. Lu, J. Nocedal and C. Zhu, "A limited
/// memory algorithm for bound constrained optimization" (1995), with the projection of J. Morales and J. Nocedal (2011). An iteration
/// follows the gradient, bent at the bounds, to the first minimum of a quadratic model, minimises the model over the variables that
/// are not at a bound there, and searches along the line to what it finds. It has converged by the gradient where no element of
/// what is left of the gradient inside the bounds is larger than `gtol`.
///
/// What the method remembers is on the host, in float64: an iteration sorts the places where variables meet their bounds.
/// Each evaluation uploads the variables and downloads the gradient. [`minimize`](super::minimize) keeps both on the device.
///
/// # Errors
/// [`Error::Value`] for options out of range, bounds that are not one pair for each variable in ascending order, and a function that
/// is not finite at the start; [`Error::NonFinite`] for `x0`, [`Error::Shape`] for a gradient of another shape; what `fun` fails with.
///
/// ```
/// use xp::models::optimize::{Lbfgs, minimize_bounded};
/// use xp::prelude::*;
///
/// // (x - 3)^2 + (x - y)^2, of which x may be at most 1 and y at least 2.
/// let fun = |v: &Array<Cpu, f64, Ix1>| {
///     let (x, y) = (v[[0]], v[[1]]);
///     Ok(((x - 3.0).powi(2) + (x - y).powi(2), array![2.0 * (x - 3.0) + 2.0 * (x - y), 2.0 * (y - x)]))
/// };
/// let bounds = [(f64::NEG_INFINITY, 1.0), (2.0, f64::INFINITY)];
/// let found = minimize_bounded(fun, &array![-5.0, 10.0], &bounds, &Lbfgs::new())?;
/// assert!(found.success());
/// assert_eq!((found.x.to_vec(), found.fun), (vec![1.0, 2.0], 5.0));
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn minimize_bounded<B: Backend, T: Float>(
    mut fun: impl FnMut(&Array<B, T, Ix1>) -> Result<(f64, Array<B, T, Ix1>)>,
    x0: &Array<B, T, Ix1>,
    bounds: &[(f64, f64)],
    options: &Lbfgs,
) -> Result<OptimizeResult<B, T>> {
    check::finite("x0", x0)?;
    let numbers = |x: &[f64]| device::<B, T>(x0.device(), x);
    let mut evaluate = |x: &[f64]| {
        let (f, g) = fun(&numbers(x)?)?;
        if g.dims() != x0.dims() {
            return Err(Error::shape("gradient", g.dims(), format!("the shape of the variables, {:?}", x0.dims())));
        }
        Ok((f, host(&g)?))
    };
    let found = minimize_few(&mut evaluate, &host(x0)?, bounds, options, T::EPSILON.to_f64())?;
    if !found.f.is_finite() {
        return Err(Error::value("fun", format!("{} at the start", found.f), "a finite number"));
    }
    let BoundedMinimum { x, f, g, nit, nfev, outcome } = found;
    Ok(OptimizeResult { x: numbers(&x)?, fun: f, jac: numbers(&g)?, nit, nfev, outcome })
}

/// What [`minimize_few`] has found.
#[derive(Clone, Debug)]
pub(crate) struct BoundedMinimum {
    pub x: Vec<f64>,
    pub f: f64,
    pub g: Vec<f64>,
    pub nit: usize,
    pub nfev: usize,
    pub outcome: Outcome,
}

/// A function of variables on the host, with its gradient.
pub(crate) type Function<'a> = dyn FnMut(&[f64]) -> Result<(f64, Vec<f64>)> + 'a;

/// [`minimize_bounded`] for variables on the host; `eps` is the relative accuracy of the function. A function that is not finite at the
/// start has [stalled](Outcome::Stalled) there.
pub(crate) fn minimize_few(fun: &mut Function<'_>, x0: &[f64], bounds: &[(f64, f64)], options: &Lbfgs, eps: f64) -> Result<BoundedMinimum> {
    options.validate()?;
    if bounds.len() != x0.len() {
        return Err(Error::value("bounds", format!("{} pairs", bounds.len()), format!("one for each of {} variables", x0.len())));
    }
    if let Some((low, high)) = bounds.iter().find(|(low, high)| low.partial_cmp(high).is_none_or(core::cmp::Ordering::is_gt)) {
        return Err(Error::value("bounds", format!("({low}, {high})"), "a lower and an upper bound"));
    }
    let watch = options.callback.start();
    let mut x: Vec<f64> = x0.iter().zip(bounds).map(|(x, &(low, high))| x.clamp(low, high)).collect();
    let (mut f, mut g) = fun(&x)?;
    let (mut nit, mut nfev) = (0, 1);
    let end = |x, f, g, nit, nfev, outcome| Ok(BoundedMinimum { x, f, g, nit, nfev, outcome });
    if !f.is_finite() || g.iter().any(|g| !g.is_finite()) {
        return end(x, f, g, nit, nfev, Outcome::Stalled);
    }
    if steepest(&x, &g, bounds) <= options.gtol {
        return end(x, f, g, nit, nfev, Outcome::Converged);
    }
    let boxed = bounds.iter().all(|(low, high)| low.is_finite() && high.is_finite());
    let mut memory = Memory::default();
    loop {
        let d = direction(&memory, &x, &g, bounds);
        let slope = dot(&g, &d);
        let longest = if nit == 0 { 1.0 } else { room(&x, &d, bounds) };
        let first = if nit == 0 && !boxed { 1.0 / dot(&d, &d).sqrt() } else { 1.0 };
        let conditions = Conditions { longest, ..options.conditions(eps) };
        let mut search = LineSearch::new(conditions, f, slope, first);
        let mut taken = None;
        for _ in 0..if slope < 0.0 { options.maxls } else { 0 } {
            let at = |((x, d), &(low, high)): ((&f64, &f64), &(f64, f64))| (x + search.step() * d).clamp(low, high);
            let next: Vec<f64> = x.iter().zip(&d).zip(bounds).map(at).collect();
            let (value, gradient) = fun(&next)?;
            nfev += 1;
            let left = dot(&gradient, &d);
            if search.next(value, left) == Task::Take {
                taken = (search.step() > 0.0).then_some((next, value, gradient, left));
                break;
            }
        }
        let Some((next, value, gradient, left)) = taken else {
            if memory.pairs.is_empty() {
                return end(x, f, g, nit, nfev, Outcome::Stalled);
            }
            memory = Memory::default();
            continue;
        };
        nit += 1;
        let step = search.step();
        if (left - slope) * step > f64::EPSILON * -slope * step {
            let difference = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect();
            memory.push(difference(&next, &x), difference(&gradient, &g), options.maxcor);
        }
        let before = f;
        (x, f, g) = (next, value, gradient);
        let stopped = watch.stops(nit, f);
        if let Some(outcome) = options.ends(nit, nfev, steepest(&x, &g, bounds), before, f) {
            return end(x, f, g, nit, nfev, outcome);
        }
        if stopped {
            return end(x, f, g, nit, nfev, Outcome::Stopped);
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The largest magnitude of the gradient as far as the bounds let one follow it.
fn steepest(x: &[f64], g: &[f64], bounds: &[(f64, f64)]) -> f64 {
    let inside = |((x, g), &(low, high)): ((&f64, &f64), &(f64, f64))| if *g < 0.0 { g.max(x - high) } else { g.min(x - low) };
    x.iter().zip(g).zip(bounds).map(inside).fold(0.0, |most, g| most.max(g.abs()))
}

/// How often `d` can be gone before a bound is met.
fn room(x: &[f64], d: &[f64], bounds: &[(f64, f64)]) -> f64 {
    let until = |((x, d), &(low, high)): ((&f64, &f64), &(f64, f64))| match *d {
        d if d > 0.0 => (high - x) / d,
        d if d < 0.0 => (low - x) / d,
        _ => f64::INFINITY,
    };
    x.iter().zip(d).zip(bounds).map(until).fold(1e10, f64::min)
}

/// The last steps `s` and changes of the gradient `y`. They stand for the matrix `theta I - W M Wᵀ`, where `W = [Y, theta S]`, and
/// the inverse of `M` has the blocks `-D`, `Lᵀ`, `L` and `theta SᵀS`; `D` and `L` are the diagonal of `SᵀY` and what is below it.
struct Memory {
    pairs: VecDeque<(Vec<f64>, Vec<f64>)>,
    theta: f64,
    middle: Vec<Vec<f64>>,
}

impl Default for Memory {
    fn default() -> Self {
        Memory { pairs: VecDeque::new(), theta: 1.0, middle: vec![] }
    }
}

impl Memory {
    fn push(&mut self, s: Vec<f64>, y: Vec<f64>, most: usize) {
        self.theta = dot(&y, &y) / dot(&s, &y);
        if self.pairs.len() == most {
            self.pairs.pop_front();
        }
        self.pairs.push_back((s, y));
        let m = self.pairs.len();
        self.middle = vec![vec![0.0; 2 * m]; 2 * m];
        for (i, (s, y)) in self.pairs.iter().enumerate() {
            self.middle[i][i] = -dot(s, y);
            for (j, (other, change)) in self.pairs.iter().enumerate() {
                self.middle[m + i][m + j] = self.theta * dot(s, other);
                if j < i {
                    self.middle[m + i][j] = dot(s, change);
                    self.middle[j][m + i] = self.middle[m + i][j];
                }
            }
        }
    }

    /// A row of `W`.
    fn row(&self, i: usize) -> Vec<f64> {
        let changes = self.pairs.iter().map(|(_, y)| y[i]);
        changes.chain(self.pairs.iter().map(|(s, _)| self.theta * s[i])).collect()
    }

    /// `M v`.
    fn times(&self, v: &[f64]) -> Vec<f64> {
        solve(self.middle.clone(), v.to_vec())
    }
}

/// Solves a few linear equations by elimination with pivots. An unknown that nothing is said of is 0.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).unwrap_or(k);
        a.swap(k, pivot);
        b.swap(k, pivot);
        if a[k][k] == 0.0 {
            continue;
        }
        for i in k + 1..n {
            let factor = a[i][k] / a[k][k];
            let (above, below) = a.split_at_mut(i);
            below[0].iter_mut().zip(&above[k]).skip(k).for_each(|(to, from)| *to -= factor * from);
            b[i] -= factor * b[k];
        }
    }
    for k in (0..n).rev() {
        let known = (k + 1..n).map(|j| a[k][j] * b[j]).sum::<f64>();
        b[k] = if a[k][k] == 0.0 { 0.0 } else { (b[k] - known) / a[k][k] };
    }
    b
}

/// Where the quadratic model has its first minimum along the gradient bent at the bounds: the place, which variables are not at a
/// bound there, and `Wᵀ` times the way to it.
struct Cauchy {
    at: Vec<f64>,
    free: Vec<usize>,
    c: Vec<f64>,
}

fn cauchy(memory: &Memory, x: &[f64], g: &[f64], bounds: &[(f64, f64)]) -> Cauchy {
    let n = x.len();
    let add = |to: &mut [f64], by: f64, what: &[f64]| to.iter_mut().zip(what).for_each(|(to, what)| *to += by * what);
    let meets: Vec<f64> = (0..n)
        .map(|i| match g[i] {
            g if g < 0.0 => (x[i] - bounds[i].1) / g,
            g if g > 0.0 => (x[i] - bounds[i].0) / g,
            _ => f64::INFINITY,
        })
        .collect();
    let mut d: Vec<f64> = (0..n).map(|i| if meets[i] > 0.0 { -g[i] } else { 0.0 }).collect();
    let mut order: Vec<usize> = (0..n).filter(|&i| meets[i] > 0.0 && meets[i].is_finite()).collect();
    order.sort_by(|&i, &j| meets[i].total_cmp(&meets[j]));
    let (mut at, mut met) = (x.to_vec(), meets.iter().map(|&t| t <= 0.0).collect::<Vec<bool>>());
    let mut p = vec![0.0; 2 * memory.pairs.len()];
    (0..n).filter(|&i| d[i] != 0.0).for_each(|i| add(&mut p, d[i], &memory.row(i)));
    let mut c = vec![0.0; p.len()];
    let theta = memory.theta;
    let mut first = -dot(&d, &d);
    let mut second = -theta * first - dot(&p, &memory.times(&p));
    let least = f64::EPSILON * second.abs();
    let mut gone = 0.0;
    for &b in &order {
        let way = meets[b] - gone;
        if first >= 0.0 || -first / second < way {
            break;
        }
        at[b] = if d[b] > 0.0 { bounds[b].1 } else { bounds[b].0 };
        met[b] = true;
        add(&mut c, way, &p);
        let (row, z) = (memory.row(b), at[b] - x[b]);
        let (from_row, g) = (memory.times(&row), g[b]);
        first += way * second + g * g + theta * g * z - g * dot(&from_row, &c);
        second -= theta * g * g + 2.0 * g * dot(&from_row, &p) + g * g * dot(&row, &from_row);
        second = second.max(least);
        add(&mut p, g, &row);
        (d[b], gone) = (0.0, meets[b]);
    }
    let rest = if d.iter().any(|&d| d != 0.0) && second > 0.0 { (-first / second).max(0.0) } else { 0.0 };
    add(&mut c, rest, &p);
    (0..n).filter(|&i| !met[i]).for_each(|i| at[i] = (x[i] + (gone + rest) * d[i]).clamp(bounds[i].0, bounds[i].1));
    Cauchy { at, free: (0..n).filter(|&i| !met[i]).collect(), c }
}

/// The way to the minimum of the quadratic model over the variables that are not at a bound at the [`Cauchy`] point.
fn direction(memory: &Memory, x: &[f64], g: &[f64], bounds: &[(f64, f64)]) -> Vec<f64> {
    let Cauchy { at, free, c } = cauchy(memory, x, g, bounds);
    let way = |to: &[f64]| to.iter().zip(x).map(|(to, x)| to - x).collect::<Vec<f64>>();
    if free.is_empty() || memory.pairs.is_empty() {
        return way(&at);
    }
    let theta = memory.theta;
    let rows: Vec<Vec<f64>> = free.iter().map(|&i| memory.row(i)).collect();
    let from_c = memory.times(&c);
    let reduced: Vec<f64> = free.iter().zip(&rows).map(|(&i, row)| g[i] + theta * (at[i] - x[i]) - dot(row, &from_c)).collect();
    let mut v = vec![0.0; c.len()];
    let mut middle = memory.middle.clone();
    for (row, r) in rows.iter().zip(&reduced) {
        for (i, w) in row.iter().enumerate() {
            v[i] += w * r;
            middle[i].iter_mut().zip(row).for_each(|(to, other)| *to -= w * other / theta);
        }
    }
    let v = solve(middle, v);
    let newton: Vec<f64> = rows.iter().zip(&reduced).map(|(row, r)| -(r + dot(row, &v) / theta) / theta).collect();
    // Cut off at the bounds, variable by variable; if that leads uphill, the whole step is shortened instead.
    let mut to = at.clone();
    free.iter().zip(&newton).for_each(|(&i, step)| to[i] = (at[i] + step).clamp(bounds[i].0, bounds[i].1));
    if dot(&way(&to), g) > 0.0 {
        let inside = |pick: &dyn Fn(usize) -> f64| free.iter().map(|&i| pick(i)).collect::<Vec<f64>>();
        let limits: Vec<(f64, f64)> = free.iter().map(|&i| bounds[i]).collect();
        let part = room(&inside(&|i| at[i]), &newton, &limits).min(1.0);
        free.iter().zip(&newton).for_each(|(&i, step)| to[i] = (at[i] + part * step).clamp(bounds[i].0, bounds[i].1));
    }
    way(&to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minimum(fun: impl Fn(&[f64]) -> (f64, Vec<f64>), x0: &[f64], bounds: &[(f64, f64)]) -> BoundedMinimum {
        let mut fun = |x: &[f64]| {
            assert!(x.iter().zip(bounds).all(|(x, (low, high))| low <= x && x <= high), "{x:?} is out of bounds");
            Ok(fun(x))
        };
        minimize_few(&mut fun, x0, bounds, &Lbfgs::new().gtol(1e-9).ftol(0.0), f64::EPSILON).unwrap()
    }

    fn rosenbrock(x: &[f64]) -> (f64, Vec<f64>) {
        let (mut f, mut g) = (0.0, vec![0.0; x.len()]);
        for i in 0..x.len() - 1 {
            let e = x[i + 1] - x[i] * x[i];
            f += 100.0 * e * e + (1.0 - x[i]).powi(2);
            g[i] += -400.0 * e * x[i] - 2.0 * (1.0 - x[i]);
            g[i + 1] += 200.0 * e;
        }
        (f, g)
    }

    /// At a minimum between bounds the gradient is 0 inside, and leads out of the box where a variable is at a bound.
    #[test]
    fn gradients_lead_out_of_the_box() {
        let wide = [(f64::NEG_INFINITY, f64::INFINITY); 6];
        let found = minimum(rosenbrock, &[-1.2, 1.0, -1.2, 1.0, -1.2, 1.0], &wide);
        assert!(found.x.iter().all(|x| (x - 1.0).abs() < 1e-8) && found.nit < 80, "{found:?}");
        for (low, high) in [(-2.0, 0.5), (-0.3, 0.4), (1.2, 3.0), (0.0, 0.0)] {
            let bounds = [(low, high), (-9.0, 9.0), (low, high), (-5.0, 0.1), (-9.0, f64::INFINITY), (-9.0, 9.0)];
            let found = minimum(rosenbrock, &[4.0, -4.0, 4.0, -4.0, 4.0, -4.0], &bounds);
            assert_eq!(found.outcome, Outcome::Converged, "{found:?}");
            for ((x, g), (low, high)) in found.x.iter().zip(&found.g).zip(bounds) {
                let (at_low, at_high) = (*x == low, *x == high);
                assert!(g.abs() < 1e-8 || (at_low && *g > 0.0) || (at_high && *g < 0.0), "{found:?}");
            }
        }
    }

    /// A convex quadratic function of 40 variables has one minimum, whatever the start.
    #[test]
    fn the_minimum_does_not_depend_on_the_start() {
        let quadratic = |x: &[f64]| {
            let pull: Vec<f64> = (0..40).map(|i| ((i * 7) % 11) as f64 - 5.0).collect();
            let mean = x.iter().sum::<f64>();
            let g: Vec<f64> = (0..40).map(|i| (1.0 + i as f64) * x[i] + mean - pull[i]).collect();
            let f = (0..40).map(|i| 0.5 * (1.0 + i as f64) * x[i] * x[i] - pull[i] * x[i]).sum::<f64>() + 0.5 * mean * mean;
            (f, g)
        };
        let bounds: Vec<(f64, f64)> = (0..40).map(|i| if i % 3 == 0 { (-0.1, 0.1) } else { (-1.0, f64::INFINITY) }).collect();
        let one = minimum(quadratic, &[0.05; 40], &bounds);
        let other = minimum(quadratic, &(0..40).map(|i| (i as f64).sin() * 9.0).collect::<Vec<_>>(), &bounds);
        assert!(one.x.iter().zip(&other.x).all(|(a, b)| (a - b).abs() < 1e-8), "{one:?} {other:?}");
        assert!(one.x.iter().zip(&bounds).any(|(x, bounds)| *x == bounds.1) && one.nit < 200);
    }
}
