//! Arrays as [`serde`](https://docs.rs/serde) sees them: dtype, shape, and the elements in row-major order.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Array;
use crate::backend::Backend;
use crate::dim::Dim;
use crate::dtype::Element;

#[derive(Serialize)]
#[serde(rename = "Array")]
struct Stored<'a, T> {
    dtype: String,
    shape: &'a [usize],
    values: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename = "Array")]
struct Loaded<T> {
    dtype: String,
    shape: Vec<usize>,
    values: Vec<T>,
}

/// The elements are copied to the host. Formats that keep no binary numbers, such as JSON, have no NaN and no infinity.
impl<B: Backend, T: Element + Serialize, D: Dim> Serialize for Array<B, T, D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let values = self.to_host().map_err(S::Error::custom)?;
        Stored { dtype: T::DTYPE.to_string(), shape: self.dims(), values }.serialize(serializer)
    }
}

/// The array is made on the default device of its backend. Another dtype, another rank, or another number of elements than the
/// shape has, is an error.
impl<'de, B: Backend, T: Element + Deserialize<'de>, D: Dim> Deserialize<'de> for Array<B, T, D> {
    fn deserialize<S: Deserializer<'de>>(deserializer: S) -> Result<Self, S::Error> {
        let Loaded { dtype, shape, values } = Loaded::<T>::deserialize(deserializer)?;
        if dtype != T::DTYPE.to_string() {
            return Err(S::Error::custom(format!("an array of dtype {dtype} found where {} is expected", T::DTYPE)));
        }
        let device = B::default_device().map_err(S::Error::custom)?;
        Array::from_vec(&device, values, shape).and_then(Array::into_rank).map_err(S::Error::custom)
    }
}
