//! Kernels as source text: what a backend that compiles at run time makes of an expression.
//!
//! [`Kernel::emit`](super::Kernel::emit) writes one statement per operation, `f64 v2 = op_add(v1, x0);`, and lists the
//! leaves that the statements read. The text depends on operations, dtypes and leaves, never on addresses, shapes or the
//! values of scalars, so that it is the key of a cache of compiled kernels.
//!
//! The text is the common part of C++ and CUDA C++. An operation is a call of the function that bears its name
//! ([`UnaryOp::source`](crate::ops::UnaryOp::source)); the backend brings a library of these functions.

use core::fmt::Write;

use super::plan::Walk;
use crate::dtype::{DType, Element};

/// The statements of an expression, and its leaves.
#[derive(Clone, Debug, Default)]
pub struct Source {
    text: String,
    leaves: Vec<Leaf>,
    values: usize,
}

/// A value of the program: its dtype, and its name there.
#[derive(Clone, Debug)]
pub struct Value {
    dtype: DType,
    name: String,
}

/// An operand of an expression.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The dtype of its elements.
    pub dtype: DType,
    /// Where they come from.
    pub kind: LeafKind,
}

/// Where the elements of an operand come from.
#[derive(Clone, Debug)]
pub enum LeafKind {
    /// An array: the address of its first element, and its strides along the plan's axes.
    Array(*const u8, Walk),
    /// One value for all positions: its bytes, as many as the dtype has.
    Scalar([u8; 16]),
    /// An integer that starts here and grows by these steps along the plan's axes.
    Counter(i64, Walk),
    /// An array whose position along the plan's first axis is looked up.
    Rows {
        /// The address of its first element.
        address: *const u8,
        /// Its strides; the first is that between two looked-up positions.
        walk: Walk,
        /// The address of the first index.
        indices: *const u8,
        /// The distance between two indices.
        index_step: isize,
        /// What is added to the plan's position before the look-up.
        start: usize,
    },
}

impl Source {
    /// Adds a leaf, and names its value at the current position.
    pub fn leaf(&mut self, dtype: DType, kind: LeafKind) -> Value {
        self.leaves.push(Leaf { dtype, kind });
        Value { dtype, name: format!("x{}", self.leaves.len() - 1) }
    }

    /// Adds a scalar.
    pub fn scalar<T: Element>(&mut self, value: T) -> Value {
        let mut bytes = [0; 16];
        bytes[..size_of::<T>()].copy_from_slice(bytemuck::bytes_of(&value));
        self.leaf(T::DTYPE, LeafKind::Scalar(bytes))
    }

    /// Adds a statement that computes a value.
    pub fn compute(&mut self, dtype: DType, expression: &str) -> Value {
        let name = format!("v{}", self.values);
        self.values += 1;
        writeln!(self.text, "  {} {name} = {expression};", type_name(dtype)).expect("strings take any text");
        Value { dtype, name }
    }

    /// The value in another dtype.
    pub fn convert(&mut self, value: Value, dtype: DType) -> Value {
        if value.dtype == dtype {
            return value;
        }
        self.compute(dtype, &conversion(&value.name, dtype))
    }

    /// The statements, one a line.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The leaves; the k-th one is read as `x` and `k`.
    #[must_use]
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// The leaves, to move a kernel to other rows.
    pub fn leaves_mut(&mut self) -> &mut [Leaf] {
        &mut self.leaves
    }
}

impl Value {
    /// The name of the value.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The dtype of the value.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.dtype
    }
}

/// The expression that converts a value as [`Element::cast`] does.
#[must_use]
pub fn conversion(value: &str, to: DType) -> String {
    format!("convert<{}>({value})", type_name(to))
}

/// The name of a dtype in kernels.
#[must_use]
pub fn type_name(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "bool",
        DType::I8 => "i8",
        DType::I16 => "i16",
        DType::I32 => "i32",
        DType::I64 => "i64",
        DType::U8 => "u8",
        DType::U16 => "u16",
        DType::U32 => "u32",
        DType::U64 => "u64",
        DType::F16 => "f16",
        DType::BF16 => "bf16",
        DType::F32 => "f32",
        DType::F64 => "f64",
        DType::C64 => "c32",
        DType::C128 => "c64",
    }
}

#[cfg(test)]
mod tests {
    use core::marker::PhantomData;

    use super::super::{Constant, Kernel, Leaves, MapKernel, Plan, Position, ZipKernel};
    use super::*;
    use crate::ops::{Add, AsType, Exp};

    #[test]
    fn statements_follow_the_tree() {
        let mut leaves = Leaves::default();
        leaves.push([1; crate::dim::MAX_NDIM]);
        let plan = Plan::elementwise(&[7], &[1], leaves);
        let counter = MapKernel::<AsType<f64>, _, _>::new(Position::new(3, &plan, 0));
        let sum = ZipKernel(counter, Constant(2.5f32), PhantomData::<Add>);
        let mut source = Source::default();
        let value = MapKernel::<Exp, _, f64>::new(sum).emit(&mut source);
        assert_eq!(value.name(), "v3");
        assert_eq!(source.text(), "  f64 v0 = convert<f64>(x0);\n  f64 v1 = convert<f64>(x1);\n  f64 v2 = op_add(v0, v1);\n  f64 v3 = op_exp(v2);\n");
        assert!(matches!(source.leaves()[0], Leaf { dtype: DType::I64, kind: LeafKind::Counter(3, walk) } if walk[0] == 1));
        assert!(matches!(source.leaves()[1], Leaf { dtype: DType::F32, kind: LeafKind::Scalar(b) } if b[..4] == 2.5f32.to_ne_bytes()));
    }
}
