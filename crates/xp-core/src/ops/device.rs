//! What a backend that generates code has to know of an operation beside its name.

use crate::dtype::{DType, Element};

/// A language that backends generate code in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// CUDA C++: the types `i8` to `u64`, `f16`, `bf16`, `f32`, `f64`, `complex<f32>`, `complex<f64>`, the macro `DEVICE`
    /// that begins a function, and all functions of xp (`op_exp`, `op_add`, ...).
    Cuda,
    /// WGSL, of which there is one function for `f32`, since it has neither overloads nor templates: halves come as `f32` and are rounded
    /// afterwards, integers of up to 32 bits as `i32` and `u32`, `complex64` as `vec2<f32>`. The functions of xp bear the dtype of
    /// their first operand (`op_exp_f32`, `op_add_i64`). A reduction `name` is the alias or structure `name_acc` and the functions
    /// `name_identity() -> name_acc`, `name_push(a: name_acc, x: f32, i: u32) -> name_acc`, `name_merge(a: name_acc, b: name_acc) ->
    /// name_acc` and `name_finish(a: name_acc, count: u32, ...) -> f32`, the parameters last.
    Wgsl,
}

/// Where the function of an operation is, for a backend that generates code.
///
/// Every operation says so, because a backend that lacks the function notices it only on a machine with the device, at run
/// time. Backends whose loops are Rust, such as `Cpu`, do not ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeviceSource(Place);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    Library,
    Conversion,
    Own(&'static [(Language, &'static str)]),
}

impl DeviceSource {
    /// The library of every backend has it: xp's own operations.
    pub(crate) const LIBRARY: Self = DeviceSource(Place::Library);
    /// It is no function but a conversion to the dtype of the result.
    pub(crate) const CONVERSION: Self = DeviceSource(Place::Conversion);
    /// There is none: to evaluate the operation on a device that needs one is an error that names the operation.
    pub const NONE: Self = DeviceSource(Place::Own(&[]));

    /// The source of the function in some languages.
    ///
    /// An elementwise operation is a function `op_` and its [name](crate::ops::UnaryOp::NAME), which takes the operands and then the
    /// [parameters](crate::ops::UnaryOp::parameters), and returns what `apply` does. A reduction is a class template `reduce_` and its
    /// name over the type of the elements, with the types `Acc` and `Out` and the static functions `identity`, `push`,
    /// `merge` and `finish`, which takes the [parameters](crate::reduction::Reduction::parameters) after the count. Helpers may stand beside it; no other source sees any of these names.
    ///
    /// # Safety
    /// The functions touch no memory but their arguments and own variables, and always end.
    #[must_use]
    pub const unsafe fn own(sources: &'static [(Language, &'static str)]) -> Self {
        DeviceSource(Place::Own(sources))
    }

    /// Whether the function is in the backend's library.
    #[must_use]
    pub fn is_library(self) -> bool {
        self.0 == Place::Library
    }

    /// Whether it is a conversion to the dtype of the result.
    pub(crate) fn is_conversion(self) -> bool {
        self.0 == Place::Conversion
    }

    /// The source of the operation's own function, when it has one in this language.
    #[must_use]
    pub fn of(self, language: Language) -> Option<&'static str> {
        match self.0 {
            Place::Own(sources) => sources.iter().find(|(of, _)| *of == language).map(|(_, source)| *source),
            Place::Library | Place::Conversion => None,
        }
    }
}

/// The values that an operation carries, in the order in which its device function takes them.
#[derive(Clone, Debug, Default)]
pub struct Parameters(Vec<(DType, [u8; 16])>);

impl Parameters {
    /// Of an operation that carries none.
    #[must_use]
    pub const fn new() -> Self {
        Parameters(Vec::new())
    }

    /// One more value.
    #[must_use]
    pub fn with<T: Element>(mut self, value: T) -> Self {
        self.0.push((T::DTYPE, bytes_of(value)));
        self
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (DType, [u8; 16])> + '_ {
        self.0.iter().copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The bytes of an element, and zeros.
pub(crate) fn bytes_of<T: Element>(value: T) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..size_of::<T>()].copy_from_slice(bytemuck::bytes_of(&value));
    bytes
}
