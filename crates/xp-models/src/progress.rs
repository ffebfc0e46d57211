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
