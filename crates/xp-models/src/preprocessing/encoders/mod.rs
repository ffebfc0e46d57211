//! Categories of several features as numbers and as columns of zeros and ones.

mod categories;
mod one_hot;
mod ordinal;
mod text;

pub use one_hot::{DropCategory, HandleUnknown, OneHotEncoder, OneHotEncoderParams};
pub use ordinal::{OrdinalEncoder, OrdinalEncoderParams};
pub use text::TextCategories;

/// The traits of an encoder go to the methods of the same names.
macro_rules! encoder {
    ($Params:ident, $Model:ident) => {
        impl<B: Backend, T: Float> $crate::traits::Estimator for $Params<B, T> {}

        impl<B: Backend, T: Float, L: Label, Y> $crate::traits::Fit<Array<B, L, Ix2>, Y> for $Params<B, T> {
            type Model = $Model<B, T, L>;

            fn fit(&self, x: &Array<B, L, Ix2>, _: &Y) -> Result<$Model<B, T, L>> {
                $Params::fit(self, x)
            }
        }

        impl<B: Backend, T: Float, L: Label> $crate::traits::Transform<Array<B, L, Ix2>> for $Model<B, T, L> {
            type Output = Array<B, T, Ix2>;

            fn transform(&self, x: &Array<B, L, Ix2>) -> Result<Array<B, T, Ix2>> {
                $Model::transform(self, x)
            }
        }

        impl<B: Backend, T: Float, L: Label> $crate::traits::InverseTransform<Array<B, T, Ix2>> for $Model<B, T, L> {
            type Output = Array<B, L, Ix2>;

            fn inverse_transform(&self, z: &Array<B, T, Ix2>) -> Result<Array<B, L, Ix2>> {
                $Model::inverse_transform(self, z)
            }
        }
    };
}

/// The parameters that say which categories there are, and which are grouped as infrequent.
macro_rules! category_parameters {
    ($Params:ident) => {
        impl<B: Backend, T: Float> $Params<B, T> {
            /// The categories of each feature, in ascending order.
            #[must_use]
            pub fn categories(mut self, categories: &[&[i128]]) -> Self {
                self.given.categories = Some(categories.iter().map(|list| list.to_vec()).collect());
                self
            }

            /// Categories with fewer samples are infrequent: a number of samples, or a fraction of them. The infrequent categories of a
            /// feature are taken together, as its last category.
            #[must_use]
            pub fn min_frequency(mut self, size: impl Into<$crate::model_selection::Size>) -> Self {
                self.given.min_frequency = Some(size.into());
                self
            }

            /// The largest number of categories of a feature, with the infrequent ones as one of them. When there are more, those with
            /// the fewest samples are infrequent, the first ones where there are as many.
            #[must_use]
            pub fn max_categories(mut self, most: usize) -> Self {
                self.given.max_categories = Some(most);
                self
            }
        }
    };
}
use {category_parameters, encoder};
