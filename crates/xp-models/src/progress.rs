//! Watching long fits, and how they end.
//!
//! What works step by step takes a [`Callback`]: a function that is told after every step how far the work is, and says whether
//! it goes on. A fit that is stopped returns what it has; how it ended is its [`Outcome`].
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! use xp::models::linear_model::LogisticRegression;
//! use xp::models::progress::Outcome;
//! use xp::prelude::*;
//!
//! let x = array![[0.0], [1.0], [2.0], [3.0]];
//! let y = array![false, false, true, true];
//! let enough = |progress: &xp::models::progress::Progress| match progress.step {
//!     2 => ControlFlow::Break(()),
//!     _ => ControlFlow::Continue(()),
//! };
//! let model = LogisticRegression::params().tol(1e-12).callback(enough).fit(&x, &y)?;
//! assert_eq!((model.n_iter(), model.outcome()), (2, Outcome::Stopped));
//! assert!(!model.converged());
//! # Ok::<(), xp::models::Error>(())
//! ```
//!
//! [`model_selection`](crate::model_selection) has callbacks too: in a search, and in
//! [`cross_validate_watched`](crate::model_selection::cross_validate_watched), a step is a model that was fitted and scored. With the
//! feature `indicatif`, `bar` is a callback that draws a bar.

use core::fmt;
use core::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::model::{named, text_fields};
use crate::optimize::{Lbfgs, tolerance};
use crate::{Error, Result};

#[cfg(feature = "indicatif")]
mod bar;
#[cfg(feature = "indicatif")]
pub use bar::bar;

/// How far an iterative fit or a search is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// How many steps are done.
    pub step: usize,
    /// How many steps there will be, where that is known from the start: in searches and cross validation.
    pub total: Option<usize>,
    /// What is minimised or maximised, as it is after this step; in searches and cross validation the score of the model that was fitted.
    pub score: f64,
    /// The time since the work began.
    pub elapsed: Duration,
}

/// A function that is told of every step, and says whether the work goes on.
#[derive(Clone, Default)]
pub struct Callback(Option<Arc<Function>>);

type Function = dyn Fn(&Progress) -> ControlFlow<()> + Send + Sync;

impl Callback {
    /// A callback that calls a function.
    pub fn new(function: impl Fn(&Progress) -> ControlFlow<()> + Send + Sync + 'static) -> Self {
        Callback(Some(Arc::new(function)))
    }

    /// Whether there is a function to be told.
    pub(crate) fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Starts the clock of work that ends when it is good enough.
    #[must_use]
    pub fn start(&self) -> Watch {
        Watch { callback: self.clone(), total: None, start: Instant::now() }
    }

    /// Starts the clock of work that has this many steps.
    #[must_use]
    pub fn start_of(&self, total: usize) -> Watch {
        Watch { total: Some(total), ..self.start() }
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Callback" } else { "no callback" })
    }
}

/// A callback and the time at which the work that it watches began.
#[derive(Clone, Debug)]
pub struct Watch {
    callback: Callback,
    total: Option<usize>,
    start: Instant,
}

impl Watch {
    /// Reports a step; `true` when the work is to stop.
    #[must_use]
    pub fn stops(&self, step: usize, score: f64) -> bool {
        let Some(function) = &self.callback.0 else { return false };
        function(&Progress { step, total: self.total, score, elapsed: self.start.elapsed() }).is_break()
    }
}

/// How an iterative fit ended. Everything but [`Outcome::Converged`] is a warning: the model is what was reached until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It reached the tolerance that was asked for.
    Converged,
    /// It reached the largest number of iterations, or of evaluations, first.
    Limit,
    /// A callback stopped it.
    Stopped,
    /// No step made it better although the tolerance was not reached: rounding is in the way, or the function is not smooth.
    Stalled,
}

named!(Outcome, "outcome": Converged = "converged", Limit = "limit", Stopped = "stopped", Stalled = "stalled");
text_fields!(Outcome);

/// How long an iterative fit goes on.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    pub tol: f64,
    pub max_iter: usize,
    pub callback: Callback,
}

impl Stop {
    /// So many iterations at most, watched by nobody.
    pub fn new(tol: f64, max_iter: usize) -> Self {
        Stop { tol, max_iter, callback: Callback::default() }
    }

    pub fn validate(&self) -> Result<()> {
        tolerance("tol", self.tol)?;
        if self.max_iter == 0 { Err(Error::value("max_iter", 0, "at least 1")) } else { Ok(()) }
    }

    /// L-BFGS with the options that scikit-learn gives SciPy.
    pub fn lbfgs(&self, done: usize) -> Lbfgs {
        let options = Lbfgs::new().maxiter(self.max_iter - done).maxls(50).gtol(self.tol).ftol(64.0 * f64::EPSILON);
        options.watched_by(self.callback.clone())
    }
}

/// The setters of a [`Stop`], which is the field `$stop` of parameters: what `tol` is for, what an iteration is called, and what the
/// score of a callback is.
macro_rules! stop_setters {
    ($($stop:ident).+, $tol:literal, $iteration:literal) => {
        $crate::progress::stop_setters!($($stop).+, $tol, $iteration, "what is minimised");
    };
    ($($stop:ident).+, $tol:literal, $iteration:literal, $score:literal) => {
        #[doc = $tol]
        #[must_use]
        pub fn tol(mut self, tol: f64) -> Self {
            self.$($stop).+.tol = tol;
            self
        }

        #[doc = concat!("The largest number of ", $iteration, "s.")]
        #[must_use]
        pub fn max_iter(mut self, iterations: usize) -> Self {
            self.$($stop).+.max_iter = iterations;
            self
        }

        #[doc = concat!("A function that is told of every ", $iteration, ", and may stop: the [score](crate::progress::Progress::score) is ", $score, ".")]
        #[must_use]
        pub fn callback(
            mut self,
            callback: impl Fn(&crate::progress::Progress) -> core::ops::ControlFlow<()> + Send + Sync + 'static,
        ) -> Self {
            self.$($stop).+.callback = crate::progress::Callback::new(callback);
            self
        }
    };
}
pub(crate) use stop_setters;
