//! Kernels as data: what a backend that generates code makes of an expression.
//!
//! [`Program::of`] lists the leaves of a kernel, which are its operands, and its steps: calls of operations, and conversions
//! between dtypes, each of which computes one value from earlier ones. A backend renders the steps in its language and
//! passes what the leaves hold as arguments: addresses, strides and scalars are no part of the code. Two programs that are
//! [equal](Program::eq) become the same code, so that a program is the key of a cache of compiled kernels.

use core::hash::{Hash, Hasher};
use core::mem::discriminant;

use super::Kernel;
use super::plan::Walk;
use crate::dtype::{DType, Element};
use crate::ops::{DeviceSource, Parameters, bytes_of};

/// The steps of an expression, and its leaves.
///
/// Programs are equal when they become the same code: what leaves hold may differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Program {
    leaves: Vec<Leaf>,
    steps: Vec<Step>,
    result: Option<Value>,
}

/// A value of a program: a leaf's at the current position, or a step's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// That of the leaf with this number.
    Leaf(usize),
    /// That of the step with this number.
    Step(usize),
}

/// A computation of one value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// An operation.
    Call {
        /// The [name](crate::ops::UnaryOp::NAME) of the operation.
        name: &'static str,
        /// Where its function is.
        source: DeviceSource,
        /// The operands, then the parameters.
        arguments: Vec<Value>,
        /// The dtype of the result.
        to: DType,
    },
    /// A conversion as [`Element::cast`] does it.
    Convert {
        /// What is converted.
        value: Value,
        /// The dtype of the result.
        to: DType,
    },
}

/// An operand of an expression, or a parameter of an operation.
///
/// Leaves are equal when code that reads one reads the other: when dtypes and kinds are the same.
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
    Array(usize, Walk),
    /// One value for all positions: its bytes, as many as the dtype has.
    Scalar([u8; 16]),
    /// An integer that starts here and grows by these steps along the plan's axes.
    Counter(i64, Walk),
    /// An array whose position along the plan's first axis is looked up.
    Rows {
        /// The address of its first element.
        address: usize,
        /// Its strides; the first is that between two looked-up positions.
        walk: Walk,
        /// The address of the first index.
        indices: usize,
        /// The distance between two indices.
        index_step: isize,
    },
}

impl PartialEq for Leaf {
    fn eq(&self, other: &Self) -> bool {
        self.dtype == other.dtype && discriminant(&self.kind) == discriminant(&other.kind)
    }
}
impl Eq for Leaf {}
impl Hash for Leaf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.dtype.hash(state);
        discriminant(&self.kind).hash(state);
    }
}

impl Program {
    /// The program of a kernel.
    #[must_use]
    pub fn of<K: Kernel>(kernel: &K) -> Self {
        let mut program = Program::default();
        let result = kernel.emit(&mut program);
        program.returns(result);
        program
    }

    /// Adds a leaf.
    pub fn leaf(&mut self, dtype: DType, kind: LeafKind) -> Value {
        self.leaves.push(Leaf { dtype, kind });
        Value::Leaf(self.leaves.len() - 1)
    }

    /// Adds a scalar.
    pub fn scalar<T: Element>(&mut self, value: T) -> Value {
        self.leaf(T::DTYPE, LeafKind::Scalar(bytes_of(value)))
    }

    /// Adds the value of an operation.
    pub fn call(&mut self, name: &'static str, source: DeviceSource, operands: &[Value], parameters: &Parameters, to: DType) -> Value {
        if let (true, [value]) = (source.is_conversion(), operands) {
            return self.convert(*value, to);
        }
        let mut arguments = operands.to_vec();
        arguments.extend(parameters.iter().map(|(dtype, bytes)| self.leaf(dtype, LeafKind::Scalar(bytes))));
        self.step(Step::Call { name, source, arguments, to })
    }

    /// Adds the value in another dtype.
    pub fn convert(&mut self, value: Value, to: DType) -> Value {
        if self.dtype(value) == to { value } else { self.step(Step::Convert { value, to }) }
    }

    fn step(&mut self, step: Step) -> Value {
        self.steps.push(step);
        Value::Step(self.steps.len() - 1)
    }

    /// Says which value is the result.
    pub fn returns(&mut self, result: Value) {
        self.result = Some(result);
    }

    /// The dtype of a value.
    ///
    /// # Panics
    /// When the program has no such value.
    #[must_use]
    pub fn dtype(&self, value: Value) -> DType {
        match value {
            Value::Leaf(k) => self.leaves[k].dtype,
            Value::Step(k) => self.steps[k].to(),
        }
    }

    /// The leaves.
    #[must_use]
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// The steps; each uses leaves and earlier steps.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The value of the expression.
    ///
    /// # Panics
    /// When [`Program::returns`] has not said which.
    #[must_use]
    pub fn result(&self) -> Value {
        self.result.expect("a program has a result")
    }
}

impl Step {
    /// The dtype of the result.
    #[must_use]
    pub fn to(&self) -> DType {
        match self {
            Step::Call { to, .. } | Step::Convert { to, .. } => *to,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Constant, Leaves, MapKernel, Plan, Position, ZipKernel};
    use super::*;
    use crate::math::Isa;
    use crate::ops::{Add, AsType, Exp, UnaryOp};

    /// Multiplies by a factor that it carries.
    #[derive(Clone, Copy)]
    struct Times(f64);
    impl UnaryOp<f64> for Times {
        type Out = f64;
        const NAME: &'static str = "times";
        const DEVICE: DeviceSource = DeviceSource::NONE;
        fn apply<I: Isa>(self, x: f64) -> f64 {
            x * self.0
        }
        fn parameters(self) -> Parameters {
            Parameters::new().with(self.0)
        }
    }

    /// The program of `exp(astype(3 + position, f64) + scalar)`, multiplied.
    fn program(start: i64, scalar: f32, factor: f64) -> Program {
        let mut leaves = Leaves::default();
        leaves.push([1].into());
        let plan = Plan::elementwise(&[7], &[1], leaves);
        let counter = MapKernel::new(AsType::<f64>::new(), Position::new(start, &plan, 0));
        let sum = ZipKernel(Add, counter, Constant(scalar));
        Program::of(&MapKernel::<_, _, f64>::new(Times(factor), MapKernel::<_, _, f64>::new(Exp, sum)))
    }

    #[test]
    fn steps_follow_the_tree() {
        let program = program(3, 2.5, 10.0);
        let call = |name, source, arguments: &[Value]| Step::Call { name, source, arguments: arguments.to_vec(), to: DType::F64 };
        assert_eq!(
            program.steps(),
            [
                Step::Convert { value: Value::Leaf(0), to: DType::F64 },
                Step::Convert { value: Value::Leaf(1), to: DType::F64 },
                call("add", DeviceSource::LIBRARY, &[Value::Step(0), Value::Step(1)]),
                call("exp", DeviceSource::LIBRARY, &[Value::Step(2)]),
                call("times", DeviceSource::NONE, &[Value::Step(3), Value::Leaf(2)]),
            ]
        );
        assert_eq!(program.result(), Value::Step(4));
        assert_eq!(program.dtype(program.result()), DType::F64);
        assert!(matches!(program.leaves()[0], Leaf { dtype: DType::I64, kind: LeafKind::Counter(3, walk) } if walk[0] == 1));
        assert!(matches!(program.leaves()[1], Leaf { dtype: DType::F32, kind: LeafKind::Scalar(b) } if b[..4] == 2.5f32.to_ne_bytes()));
        assert!(matches!(program.leaves()[2], Leaf { dtype: DType::F64, kind: LeafKind::Scalar(b) } if b[..8] == 10f64.to_ne_bytes()));
    }

    #[test]
    fn what_leaves_hold_is_no_part_of_the_code() {
        assert_eq!(program(3, 2.5, 10.0), program(4, -1.0, 7.0));
        let mut other = program(3, 2.5, 10.0);
        other.leaves[1].dtype = DType::F16;
        assert_ne!(program(3, 2.5, 10.0), other);
    }
}
