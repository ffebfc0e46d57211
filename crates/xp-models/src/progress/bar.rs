//! A bar that shows how far the work is.

use core::ops::ControlFlow;

use indicatif::{ProgressBar, ProgressStyle};

use super::Progress;

/// A callback that draws a bar on the terminal, with the steps, the score and the time; work whose number of steps is not known has a
/// counter instead. Nothing is drawn where the standard error is no terminal. It needs the feature `indicatif`.
///
/// ```
/// use xp::models::linear_model::Ridge;
/// use xp::models::model_selection::{GridSearchCV, KFold, ParameterGrid};
/// use xp::models::progress::bar;
/// use xp::models::traits::Fit;
/// use xp::prelude::*;
///
/// let (x, y) = (array![[0.0], [1.0], [2.0], [3.0]], array![1.0, 3.0, 5.0, 7.0]);
/// let grid = ParameterGrid::new(Ridge::params()).vary([100.0, 0.0], |ridge, alpha| ridge.alpha(alpha));
/// let search = GridSearchCV::params(grid).cv(KFold::new(2)).callback(bar("ridge")).fit(&x, &y)?;
/// assert_eq!(search.best_index(), 1);
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn bar(name: &str) -> impl Fn(&Progress) -> ControlFlow<()> + Clone + Send + Sync + 'static + use<> {
    let bar = ProgressBar::no_length().with_prefix(name.to_owned());
    move |progress| {
        if progress.step <= 1 {
            let template = match progress.total {
                Some(total) => {
                    bar.set_length(total as u64);
                    "{prefix} {wide_bar} {pos}/{len}, score {msg}, {elapsed}, {eta} left"
                }
                None => "{prefix} {spinner} step {pos}, score {msg}, {elapsed}",
            };
            bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        }
        bar.set_message(format!("{:.6}", progress.score));
        bar.set_position(progress.step as u64);
        if progress.total == Some(progress.step) {
            bar.finish();
        }
        ControlFlow::Continue(())
    }
}
