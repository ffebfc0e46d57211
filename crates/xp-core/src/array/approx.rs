//! [`approx`](https://docs.rs/approx): comparison up to a tolerance, of arrays of one shape, element by element.

use approx::{AbsDiffEq, RelativeEq, UlpsEq};

use super::Array;
use crate::backend::HostMemory;
use crate::dim::Dim;
use crate::dtype::Element;

fn all<B: HostMemory, T: Element, D: Dim>(x: &Array<B, T, D>, y: &Array<B, T, D>, near: impl Fn(&T, &T) -> bool) -> bool {
    x.dims() == y.dims() && x.iter().zip(y.iter()).all(|(a, b)| near(&a, &b))
}

impl<B: HostMemory, T: Element + AbsDiffEq<Epsilon: Copy>, D: Dim> AbsDiffEq for Array<B, T, D> {
    type Epsilon = T::Epsilon;
    fn default_epsilon() -> T::Epsilon {
        T::default_epsilon()
    }
    fn abs_diff_eq(&self, other: &Self, epsilon: T::Epsilon) -> bool {
        all(self, other, |a, b| a.abs_diff_eq(b, epsilon))
    }
}

impl<B: HostMemory, T: Element + RelativeEq<Epsilon: Copy>, D: Dim> RelativeEq for Array<B, T, D> {
    fn default_max_relative() -> T::Epsilon {
        T::default_max_relative()
    }
    fn relative_eq(&self, other: &Self, epsilon: T::Epsilon, max_relative: T::Epsilon) -> bool {
        all(self, other, |a, b| a.relative_eq(b, epsilon, max_relative))
    }
}

impl<B: HostMemory, T: Element + UlpsEq<Epsilon: Copy>, D: Dim> UlpsEq for Array<B, T, D> {
    fn default_max_ulps() -> u32 {
        T::default_max_ulps()
    }
    fn ulps_eq(&self, other: &Self, epsilon: T::Epsilon, max_ulps: u32) -> bool {
        all(self, other, |a, b| a.ulps_eq(b, epsilon, max_ulps))
    }
}
