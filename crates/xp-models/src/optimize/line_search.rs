//! The line search of Moré and Thuente (1994), "Line search algorithms with guaranteed sufficient decrease", ACM Transactions on
//! Mathematical Software 20: `dcsrch` of MINPACK-2, which SciPy uses too. It knows nothing of arrays.

/// What makes a step long and short enough.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conditions {
    /// The part of the decrease that the slope promises which must be there.
    pub decrease: f64,
    /// The part of the slope that may be left.
    pub curvature: f64,
    /// The relative width of an interval that is not searched further.
    pub width: f64,
    /// The longest step.
    pub longest: f64,
    /// Differences of the function that are rounding, relative to its value.
    pub rounding: f64,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Task {
    /// Evaluate the function at this step.
    Evaluate(f64),
    /// The step that was evaluated last is taken.
    Take,
}

/// One end of the interval that holds a good step: the step, the function and its slope there.
#[derive(Clone, Copy, Debug)]
struct End {
    step: f64,
    f: f64,
    slope: f64,
}

/// A search along one direction.
#[derive(Clone, Debug)]
pub(super) struct LineSearch {
    conditions: Conditions,
    start: End,
    /// The best end of the interval, and the other one.
    best: End,
    other: End,
    bracketed: bool,
    /// Whether a step has been seen that decreases enough and is not downhill.
    past: bool,
    low: f64,
    high: f64,
    widths: [f64; 2],
    step: f64,
    last: bool,
}

impl LineSearch {
    /// Starts with the function and its slope, below 0, at step 0, and with the first step to try.
    pub fn new(conditions: Conditions, f: f64, slope: f64, step: f64) -> Self {
        let start = End { step: 0.0, f, slope };
        let step = step.min(conditions.longest);
        LineSearch {
            conditions,
            start,
            best: start,
            other: start,
            bracketed: false,
            past: false,
            low: 0.0,
            high: 5.0 * step,
            widths: [conditions.longest, 2.0 * conditions.longest],
            step,
            last: false,
        }
    }

    /// The step to evaluate next, or that was evaluated.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// Goes on, given the function and its slope at [`step`](Self::step).
    pub fn next(&mut self, f: f64, slope: f64) -> Task {
        if !(f.is_finite() && slope.is_finite()) {
            // Nothing can be interpolated: a shorter step, towards the best one so far.
            self.conditions.longest = self.step;
            self.step = self.best.step + 0.1 * (self.step - self.best.step);
            (self.high, self.last) = (self.high.min(5.0 * self.step), false);
            return Task::Evaluate(self.step);
        }
        let now = End { step: self.step, f, slope };
        let promised = self.conditions.decrease * self.start.slope;
        let enough = f <= self.start.f + now.step * promised;
        if enough && slope >= 0.0 {
            self.past = true;
        }
        let flat = slope.abs() <= self.conditions.curvature * -self.start.slope;
        // Where the decrease is lost in rounding, the slope alone tells a good step (Hager and Zhang 2005).
        let level = (f - self.start.f).abs() <= self.conditions.rounding * self.start.f.abs()
            && slope <= (2.0 * self.conditions.decrease - 1.0) * self.start.slope;
        let narrow = self.bracketed && self.high - self.low <= self.conditions.width * self.high;
        let outside = self.bracketed && (now.step <= self.low || now.step >= self.high);
        let end = now.step == self.conditions.longest && enough && slope <= promised;
        if self.last || narrow || outside || end || (flat && (enough || level)) {
            return Task::Take;
        }
        let raised = |end: End, by: f64| End { f: end.f + end.step * by, slope: end.slope + by, ..end };
        if !self.past && f <= self.best.f && !enough {
            // The function less what was promised leads to a step that decreases enough.
            let (best, other) = (raised(self.best, -promised), raised(self.other, -promised));
            let next = self.interpolate(best, other, raised(now, -promised));
            (self.best, self.other) = (raised(next.0, promised), raised(next.1, promised));
        } else {
            (self.best, self.other) = self.interpolate(self.best, self.other, now);
        }
        if self.bracketed {
            let width = (self.other.step - self.best.step).abs();
            if width >= 0.66 * self.widths[1] {
                self.step = self.best.step + 0.5 * (self.other.step - self.best.step);
            }
            self.widths = [width, self.widths[0]];
            (self.low, self.high) = (self.best.step.min(self.other.step), self.best.step.max(self.other.step));
        } else {
            (self.low, self.high) = (self.step + 1.1 * (self.step - self.best.step), self.step + 4.0 * (self.step - self.best.step));
        }
        self.step = self.step.clamp(0.0, self.conditions.longest);
        if self.bracketed && (self.step <= self.low || self.step >= self.high || self.high - self.low <= self.conditions.width * self.high) {
            (self.step, self.last) = (self.best.step, true);
        }
        Task::Evaluate(self.step)
    }

    /// `dcstep`: the next step, in `self.step`, from cubic and quadratic interpolation, and the new ends of the interval.
    fn interpolate(&mut self, x: End, y: End, p: End) -> (End, End) {
        let opposite = p.slope * x.slope.signum() < 0.0;
        // The minimum of the cubic through two ends, as a part of the way from the first to the second.
        let cubic = |a: End, b: End, forwards: bool| {
            let theta = 3.0 * (a.f - b.f) / (b.step - a.step) + a.slope + b.slope;
            let scale = theta.abs().max(a.slope.abs()).max(b.slope.abs());
            let root = scale * ((theta / scale).powi(2) - (a.slope / scale) * (b.slope / scale)).max(0.0).sqrt();
            let gamma = if forwards { root } else { -root };
            (theta, gamma)
        };
        let secant = |from: End, to: End| from.step + from.slope / (from.slope - to.slope) * (to.step - from.step);
        self.step = if p.f > x.f {
            // Higher: the minimum is between the two.
            let (theta, gamma) = cubic(x, p, p.step >= x.step);
            let r = ((gamma - x.slope) + theta) / (((gamma - x.slope) + gamma) + p.slope);
            let cubic = x.step + r * (p.step - x.step);
            let quadratic = x.step + x.slope / ((x.f - p.f) / (p.step - x.step) + x.slope) / 2.0 * (p.step - x.step);
            self.bracketed = true;
            if (cubic - x.step).abs() < (quadratic - x.step).abs() { cubic } else { cubic + (quadratic - cubic) / 2.0 }
        } else if opposite {
            // Lower, and beyond the minimum.
            let (theta, gamma) = cubic(x, p, p.step <= x.step);
            let r = ((gamma - p.slope) + theta) / (((gamma - p.slope) + gamma) + x.slope);
            let (cubic, secant) = (p.step + r * (x.step - p.step), secant(p, x));
            self.bracketed = true;
            if (cubic - p.step).abs() > (secant - p.step).abs() { cubic } else { secant }
        } else if p.slope.abs() < x.slope.abs() {
            // Lower, and flatter: extrapolation, where the cubic has a minimum in this direction.
            let (theta, gamma) = cubic(x, p, p.step <= x.step);
            let r = ((gamma - p.slope) + theta) / ((gamma + (x.slope - p.slope)) + gamma);
            let cubic = match () {
                () if r < 0.0 && gamma != 0.0 => p.step + r * (x.step - p.step),
                () if p.step > x.step => self.high,
                () => self.low,
            };
            let secant = secant(p, x);
            if self.bracketed {
                let step = if (cubic - p.step).abs() < (secant - p.step).abs() { cubic } else { secant };
                let limit = p.step + 0.66 * (y.step - p.step);
                if p.step > x.step { step.min(limit) } else { step.max(limit) }
            } else {
                let step = if (cubic - p.step).abs() > (secant - p.step).abs() { cubic } else { secant };
                step.max(self.low).min(self.high)
            }
        } else if self.bracketed {
            // Lower, and no flatter.
            let (theta, gamma) = cubic(y, p, p.step <= y.step);
            let r = ((gamma - p.slope) + theta) / (((gamma - p.slope) + gamma) + y.slope);
            p.step + r * (y.step - p.step)
        } else if p.step > x.step {
            self.high
        } else {
            self.low
        };
        match () {
            () if p.f > x.f => (x, p),
            () if opposite => (p, x),
            () => (p, y),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONDITIONS: Conditions = Conditions { decrease: 1e-3, curvature: 0.9, width: 0.1, longest: 1e10, rounding: 0.0 };

    fn search(conditions: Conditions, first: f64, f: impl Fn(f64) -> (f64, f64)) -> (f64, usize) {
        let (start, slope) = f(0.0);
        let mut search = LineSearch::new(conditions, start, slope, first);
        for evaluation in 1..60 {
            let (value, slope) = f(search.step());
            if search.next(value, slope) == Task::Take {
                return (search.step(), evaluation);
            }
        }
        panic!("no step in 60 evaluations");
    }

    /// The functions 1, 2 and 3 of the article, from steps that are much too short and much too long.
    #[test]
    fn the_conditions_hold_at_the_step_that_is_taken() {
        let functions: [(&str, fn(f64) -> (f64, f64)); 3] = [
            ("1", |t| (-t / (t * t + 2.0), (t * t - 2.0) / (t * t + 2.0).powi(2))),
            ("2", |t| ((t + 0.004).powi(5) - 2.0 * (t + 0.004).powi(4), 5.0 * (t + 0.004).powi(4) - 8.0 * (t + 0.004).powi(3))),
            ("quadratic", |t| ((t - 3.0).powi(2), 2.0 * (t - 3.0))),
        ];
        for (name, f) in functions {
            for first in [1e-3, 0.1, 1.0, 10.0, 1e3] {
                let conditions = Conditions { curvature: 0.1, width: 1e-10, ..CONDITIONS };
                let (step, evaluations) = search(conditions, first, f);
                let ((start, slope), (end, left)) = (f(0.0), f(step));
                assert!(end <= start + 1e-3 * step * slope, "{name} from {first}: no decrease at {step}");
                assert!(left.abs() <= 0.1 * slope.abs(), "{name} from {first}: the slope at {step} is {left}");
                assert!(evaluations <= 25, "{name} from {first}: {evaluations} evaluations");
            }
        }
    }

    #[test]
    fn what_overflows_is_not_stepped_over() {
        let (step, _) = search(CONDITIONS, 1e4, |t| ((t * t).exp() - 3.0 * t, 2.0 * t * (t * t).exp() - 3.0));
        assert!((0.1..1.0).contains(&step), "{step}");
    }
}
