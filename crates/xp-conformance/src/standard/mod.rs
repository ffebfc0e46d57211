//! The functions of the standard that are no methods, and the indexing by masks and index arrays.

mod axes;
mod index_arrays;
mod joining;
mod norms;

pub use axes::*;
pub use index_arrays::*;
pub use joining::*;
pub use norms::*;
