//! Minima of functions of one variable between bounds: R. P. Brent, Algorithms for Minimization Without Derivatives (1973), as
//! `scipy.optimize.fminbound` has it.

/// How often a function is evaluated at most.
const MAXFUN: usize = 500;

/// A search that says where it wants the function next, so that searches for several minima can go on side by side.
#[derive(Clone, Debug)]
pub(crate) struct Bounded {
    low: f64,
    high: f64,
    /// The best place, the second best, and the one that was second best before, with their values.
    best: (f64, f64),
    second: (f64, f64),
    third: (f64, f64),
    /// The last step and the one before.
    step: f64,
    before: f64,
    next: f64,
    evaluations: usize,
    done: bool,
    xatol: f64,
    root_eps: f64,
}

/// The smaller part of a golden section.
const GOLDEN: f64 = 0.381_966_011_250_105_1;

impl Bounded {
    /// A search between two bounds, down to steps of about `xatol`; `eps` is the relative accuracy of the function.
    pub fn new(low: f64, high: f64, xatol: f64, eps: f64) -> Self {
        let start = (low + GOLDEN * (high - low), f64::INFINITY);
        Bounded {
            low,
            high,
            best: start,
            second: start,
            third: start,
            step: 0.0,
            before: 0.0,
            next: start.0,
            evaluations: 0,
            done: false,
            xatol,
            root_eps: eps.sqrt(),
        }
    }

    /// Where the function is wanted; when the search is done, where its minimum is.
    pub fn at(&self) -> f64 {
        if self.done { self.best.0 } else { self.next }
    }

    /// Whether the minimum is found, or as many evaluations are made as are allowed.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Takes the value of the function at the wanted place; NaN counts as infinity.
    pub fn tell(&mut self, value: f64) {
        if self.done {
            return;
        }
        let found = (self.next, if value.is_nan() { f64::INFINITY } else { value });
        self.evaluations += 1;
        if self.evaluations == 1 {
            (self.best, self.second, self.third) = (found, found, found);
        } else if found.1 <= self.best.1 {
            if found.0 >= self.best.0 {
                self.low = self.best.0
            } else {
                self.high = self.best.0
            }
            (self.third, self.second, self.best) = (self.second, self.best, found);
        } else {
            if found.0 < self.best.0 {
                self.low = found.0
            } else {
                self.high = found.0
            }
            if found.1 <= self.second.1 || self.second.0 == self.best.0 {
                (self.third, self.second) = (self.second, found);
            } else if found.1 <= self.third.1 || self.third.0 == self.best.0 || self.third.0 == self.second.0 {
                self.third = found;
            }
        }
        let x = self.best.0;
        let middle = 0.5 * (self.low + self.high);
        let tolerance = self.root_eps * x.abs() + self.xatol / 3.0;
        if (x - middle).abs() <= 2.0 * tolerance - 0.5 * (self.high - self.low) || self.evaluations >= MAXFUN {
            self.done = true;
            return;
        }
        match self.parabola(tolerance) {
            Some(step) => {
                self.before = self.step;
                self.step = step;
                let to = x + step;
                if to - self.low < 2.0 * tolerance || self.high - to < 2.0 * tolerance {
                    self.step = if middle >= x { tolerance } else { -tolerance };
                }
            }
            None => {
                self.before = if x >= middle { self.low - x } else { self.high - x };
                self.step = GOLDEN * self.before;
            }
        }
        self.next = x + self.step.abs().max(tolerance).copysign(self.step);
    }

    /// The step to the minimum of the parabola through the three places, if it is to be trusted.
    fn parabola(&self, tolerance: f64) -> Option<f64> {
        if self.before.abs() <= tolerance {
            return None;
        }
        let (x, fx) = self.best;
        let r = (x - self.second.0) * (fx - self.third.1);
        let q = (x - self.third.0) * (fx - self.second.1);
        let p = (x - self.third.0) * q - (x - self.second.0) * r;
        let q = 2.0 * (q - r);
        let (p, q) = if q > 0.0 { (-p, q) } else { (p, -q) };
        let trusted = p.abs() < (0.5 * q * self.before).abs() && p > q * (self.low - x) && p < q * (self.high - x);
        trusted.then(|| p / q)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minimum(low: f64, high: f64, f: impl Fn(f64) -> f64) -> (f64, usize) {
        let mut search = Bounded::new(low, high, 1e-10, f64::EPSILON);
        while !search.is_done() {
            search.tell(f(search.at()));
        }
        (search.at(), search.evaluations)
    }

    #[test]
    fn minima_are_found() {
        let (x, evaluations) = minimum(-3.0, 10.0, |x| (x - 1.5).cosh());
        assert!((x - 1.5).abs() < 1e-7 && evaluations < 30, "{x} {evaluations}");
        // At a bound, where it is not smooth, and where half of the function is not a number.
        assert!((minimum(2.0, 5.0, |x| x).0 - 2.0).abs() < 1e-6);
        assert!((minimum(-1.0, 2.0, |x| (x - 0.3).abs()).0 - 0.3).abs() < 1e-6);
        assert!((minimum(-4.0, 4.0, |x| x - x.ln()).0 - 1.0).abs() < 1e-6);
    }
}
