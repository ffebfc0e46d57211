//! Estimators made of others: one after the other, and side by side.

use xp_core::functions::concat;
use xp_core::{Array, Backend, Dim, Float};

use crate::Result;
use crate::model::{Check, Contents, Field, Model, child};
use crate::traits::{
    Classifier, DecisionFunction, Estimator, Fit, FitWeighted, InverseTransform, Predict, PredictProba, Samples, Score, ScoreWeighted, Transform,
};

/// A model that transforms, and one that is applied to what comes out. Longer chains are pipelines whose first part is a
/// pipeline: `a.then(b).then(c)`.
///
/// It does what its last part does, through the [traits](crate::traits), and both parts can be seen.
///
/// ```
/// use xp::models::datasets::load_iris;
/// use xp::models::decomposition::PCA;
/// use xp::models::discriminant_analysis::LinearDiscriminantAnalysis;
/// use xp::models::preprocessing::StandardScaler;
/// use xp::models::traits::{Estimator, Fit, Score};
/// use xp::prelude::*;
///
/// let (x, y) = load_iris::<_, f64>(&Cpu)?;
/// let params = StandardScaler::params().then(PCA::params().n_components(2)).then(LinearDiscriminantAnalysis::params());
/// let model = params.fit(&x, &y)?;
/// assert!(model.score(&x, &y)? > 0.9);
/// assert_eq!(model.first.last.components().shape(), [2, 4]);
/// assert_eq!(model.last.classes().to_vec(), [0, 1, 2]);
/// # Ok::<(), xp::models::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pipeline<A, M> {
    /// The model that transforms.
    pub first: A,
    /// The model that is applied to the transformed samples.
    pub last: M,
}

/// Parameters of [`Pipeline`]: made by [`Estimator::then`].
#[derive(Clone, Debug)]
pub struct PipelineParams<A, E> {
    /// The estimator whose model transforms.
    pub first: A,
    /// The estimator that is fitted to the transformed samples.
    pub last: E,
}

impl<A: Estimator, E: Estimator> Estimator for PipelineParams<A, E> {}

impl<X, Y, A, E> Fit<X, Y> for PipelineParams<A, E>
where
    A: Fit<X, Y>,
    A::Model: Transform<X>,
    E: Fit<Transformed<X, Y, A>, Y>,
{
    type Model = Pipeline<A::Model, E::Model>;

    fn fit(&self, x: &X, y: &Y) -> Result<Self::Model> {
        let (first, z) = self.first.fit_transform(x, y)?;
        Ok(Pipeline { first, last: self.last.fit(&z, y)? })
    }
}

/// What comes out of the model of `A`.
type Transformed<X, Y, A> = <<A as Fit<X, Y>>::Model as Transform<X>>::Output;

/// The weights go to the last part, as `sample_weight` of the last step does in scikit-learn.
impl<X, Y, A, E> FitWeighted<X, Y> for PipelineParams<A, E>
where
    X: Samples,
    A: Fit<X, Y>,
    A::Model: Transform<X>,
    Transformed<X, Y, A>: Samples<Weights = X::Weights>,
    E: FitWeighted<Transformed<X, Y, A>, Y>,
{
    fn fit_weighted(&self, x: &X, y: &Y, sample_weight: &X::Weights) -> Result<Self::Model> {
        let (first, z) = self.first.fit_transform(x, y)?;
        Ok(Pipeline { first, last: self.last.fit_weighted(&z, y, sample_weight)? })
    }
}

impl<X, A: Transform<X>, M: Transform<A::Output>> Transform<X> for Pipeline<A, M> {
    type Output = M::Output;

    fn transform(&self, x: &X) -> Result<M::Output> {
        self.last.transform(&self.first.transform(x)?)
    }
}

impl<Z, M: InverseTransform<Z>, A: InverseTransform<M::Output>> InverseTransform<Z> for Pipeline<A, M> {
    type Output = A::Output;

    fn inverse_transform(&self, z: &Z) -> Result<A::Output> {
        self.first.inverse_transform(&self.last.inverse_transform(z)?)
    }
}

impl<X, A: Transform<X>, M: Predict<A::Output>> Predict<X> for Pipeline<A, M> {
    type Output = M::Output;

    fn predict(&self, x: &X) -> Result<M::Output> {
        self.last.predict(&self.first.transform(x)?)
    }
}

impl<X, A: Transform<X>, M: PredictProba<A::Output>> PredictProba<X> for Pipeline<A, M> {
    type Output = M::Output;

    fn predict_proba(&self, x: &X) -> Result<M::Output> {
        self.last.predict_proba(&self.first.transform(x)?)
    }

    fn predict_log_proba(&self, x: &X) -> Result<M::Output> {
        self.last.predict_log_proba(&self.first.transform(x)?)
    }
}

impl<X, A: Transform<X>, M: DecisionFunction<A::Output>> DecisionFunction<X> for Pipeline<A, M> {
    type Output = M::Output;

    fn decision_function(&self, x: &X) -> Result<M::Output> {
        self.last.decision_function(&self.first.transform(x)?)
    }
}

impl<A, M: Classifier> Classifier for Pipeline<A, M> {
    type Labels = M::Labels;

    fn classes(&self) -> &M::Labels {
        self.last.classes()
    }
}

impl<X, Y, A: Transform<X>, M: Score<A::Output, Y>> Score<X, Y> for Pipeline<A, M> {
    fn score(&self, x: &X, y: &Y) -> Result<f64> {
        self.last.score(&self.first.transform(x)?, y)
    }
}

impl<X, Y, A, M> ScoreWeighted<X, Y> for Pipeline<A, M>
where
    X: Samples,
    A: Transform<X>,
    A::Output: Samples<Weights = X::Weights>,
    M: ScoreWeighted<A::Output, Y>,
{
    fn score_weighted(&self, x: &X, y: &Y, sample_weight: &X::Weights) -> Result<f64> {
        self.last.score_weighted(&self.first.transform(x)?, y, sample_weight)
    }
}

/// Two models that transform the same samples; their features stand side by side, those of `left` first.
///
/// ```
/// use xp::models::decomposition::PCA;
/// use xp::models::preprocessing::StandardScaler;
/// use xp::models::traits::{Estimator, Fit, Transform};
/// use xp::prelude::*;
///
/// let x = array![[0.0, 1.0], [2.0, 1.0]];
/// let union = StandardScaler::params().beside(PCA::params().n_components(1)).weights(1.0, 10.0).fit(&x, &())?;
/// assert_eq!(union.transform(&x)?.to_vec(), [-1.0, 0.0, -10.0, 1.0, 0.0, 10.0]);
/// # Ok::<(), xp::models::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FeatureUnion<L, R> {
    /// The model whose features come first.
    pub left: L,
    /// The model whose features come last.
    pub right: R,
    left_weight: f64,
    right_weight: f64,
}

/// Parameters of [`FeatureUnion`]: made by [`Estimator::beside`].
#[derive(Clone, Debug)]
pub struct FeatureUnionParams<L, R> {
    /// The estimator of the first features.
    pub left: L,
    /// The estimator of the last features.
    pub right: R,
    left_weight: f64,
    right_weight: f64,
}

impl<L: Estimator, R: Estimator> FeatureUnionParams<L, R> {
    pub(crate) fn new(left: L, right: R) -> Self {
        FeatureUnionParams { left, right, left_weight: 1.0, right_weight: 1.0 }
    }

    /// What the features of each side are multiplied by: `transformer_weights`.
    #[must_use]
    pub fn weights(mut self, left: f64, right: f64) -> Self {
        (self.left_weight, self.right_weight) = (left, right);
        self
    }
}

impl<L: Estimator, R: Estimator> Estimator for FeatureUnionParams<L, R> {}

impl<X, Y, L: Fit<X, Y>, R: Fit<X, Y>> Fit<X, Y> for FeatureUnionParams<L, R> {
    type Model = FeatureUnion<L::Model, R::Model>;

    fn fit(&self, x: &X, y: &Y) -> Result<Self::Model> {
        let (left_weight, right_weight) = (self.left_weight, self.right_weight);
        Ok(FeatureUnion { left: self.left.fit(x, y)?, right: self.right.fit(x, y)?, left_weight, right_weight })
    }
}

impl<X: Samples, Y, L: FitWeighted<X, Y>, R: FitWeighted<X, Y>> FitWeighted<X, Y> for FeatureUnionParams<L, R> {
    fn fit_weighted(&self, x: &X, y: &Y, sample_weight: &X::Weights) -> Result<Self::Model> {
        let (left_weight, right_weight) = (self.left_weight, self.right_weight);
        let (left, right) = (self.left.fit_weighted(x, y, sample_weight)?, self.right.fit_weighted(x, y, sample_weight)?);
        Ok(FeatureUnion { left, right, left_weight, right_weight })
    }
}

impl<X, B: Backend, T: Float, D: Dim, L, R> Transform<X> for FeatureUnion<L, R>
where
    L: Transform<X, Output = Array<B, T, D>>,
    R: Transform<X, Output = Array<B, T, D>>,
{
    type Output = Array<B, T, D>;

    fn transform(&self, x: &X) -> Result<Array<B, T, D>> {
        let weighted = |z: Array<B, T, D>, weight: f64| if weight == 1.0 { z } else { z * T::from_f64(weight) };
        let left = weighted(self.left.transform(x)?, self.left_weight);
        let right = weighted(self.right.transform(x)?, self.right_weight);
        Ok(concat(&[&left, &right], -1)?)
    }
}

/// Declares that a structure made of models is a model: what its fields are, and which of them are models themselves.
macro_rules! composite {
    ($Model:ident<$L:ident, $R:ident> { $($field:ident),* }) => {
        impl<B: Backend, $L: Model<B>, $R: Model<B>> Field<B> for $Model<$L, $R> {
            type On<C: Backend> = $Model<$L::On<C>, $R::On<C>>;

            fn to_backend<C: Backend>(&self, device: &C) -> Result<Self::On<C>> {
                Ok($Model { $($field: Field::<B>::to_backend(&self.$field, device)?),* })
            }

            fn write(&self, name: &str, to: &mut Contents) -> Result<()> {
                to.put_model(name, stringify!($Model), 1);
                $(Field::<B>::write(&self.$field, &child(name, stringify!($field)), to)?;)*
                Ok(())
            }

            fn read(name: &str, from: &Contents, device: &B) -> Result<Self> {
                from.expect_model(name, stringify!($Model), 1)?;
                Ok($Model { $($field: Field::<B>::read(&child(name, stringify!($field)), from, device)?),* })
            }
        }

        impl<B: Backend, $L: Model<B>, $R: Model<B>> Model<B> for $Model<$L, $R> {}
    };
}
composite!(Pipeline<A, M> { first, last });
composite!(FeatureUnion<L, R> { left, right, left_weight, right_weight });

impl<A: Check, M: Check> Check for Pipeline<A, M> {
    fn check(&self) -> Result<()> {
        self.first.check()?;
        self.last.check()
    }
}

impl<L: Check, R: Check> Check for FeatureUnion<L, R> {
    fn check(&self) -> Result<()> {
        self.left.check()?;
        self.right.check()
    }
}
