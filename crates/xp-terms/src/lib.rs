//! The words that the functions of arrays and the engines without arrays share, so that neither translates for the other.
//!
//! `xp_core::linalg` and `xp_fft` show them to users under their own names.

/// Asks for the cache line at an address, which need not be valid, as it will be read soon: a hint.
#[inline(always)]
pub fn prefetch<T>(at: *const T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: it accesses no memory.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(at.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = at;
}

/// What is done to a matrix before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trans {
    /// Nothing.
    No,
    /// Transposed.
    Transpose,
    /// Conjugated and transposed.
    Adjoint,
}

/// One of the two triangles of a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Triangle {
    /// On and below the diagonal.
    Lower,
    /// On and above the diagonal.
    Upper,
}

impl Triangle {
    /// With ones on the diagonal, which is not read.
    #[must_use]
    pub const fn unit(self) -> Triangular {
        self.plain().unit()
    }
    /// Transposed before it is used.
    #[must_use]
    pub const fn transposed(self) -> Triangular {
        self.plain().transposed()
    }
    /// Conjugated and transposed before it is used.
    #[must_use]
    pub const fn adjoint(self) -> Triangular {
        self.plain().adjoint()
    }
    const fn plain(self) -> Triangular {
        Triangular { triangle: self, unit: false, op: Trans::No }
    }
}

/// How a triangular matrix is used: `Lower`, `Upper.unit()`, `Lower.adjoint()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Triangular {
    /// The triangle that is read.
    pub triangle: Triangle,
    /// Whether the diagonal is taken for ones, and not read.
    pub unit: bool,
    /// What is done to the triangle.
    pub op: Trans,
}
impl Triangular {
    /// With ones on the diagonal, which is not read.
    #[must_use]
    pub const fn unit(mut self) -> Self {
        self.unit = true;
        self
    }
    /// Transposed before it is used.
    #[must_use]
    pub const fn transposed(mut self) -> Self {
        self.op = Trans::Transpose;
        self
    }
    /// Conjugated and transposed before it is used.
    #[must_use]
    pub const fn adjoint(mut self) -> Self {
        self.op = Trans::Adjoint;
        self
    }
}
impl From<Triangle> for Triangular {
    fn from(triangle: Triangle) -> Self {
        triangle.plain()
    }
}

/// The sign of the exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// `exp(-2 pi i j k / n)`.
    Forward,
    /// `exp(+2 pi i j k / n)`.
    Backward,
}

/// The family of a real-to-real transform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TrigFamily {
    /// Discrete cosine transform.
    Cosine,
    /// Discrete sine transform.
    Sine,
}

/// The type of a discrete cosine or sine transform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TrigType {
    /// Type I.
    I,
    /// Type II, "the" DCT.
    II,
    /// Type III, the inverse of type II up to a factor.
    III,
    /// Type IV.
    IV,
}

impl TrigType {
    /// The type of the inverse transform.
    #[must_use]
    pub fn inverse(self) -> Self {
        match self {
            Self::II => Self::III,
            Self::III => Self::II,
            same => same,
        }
    }
}

/// A discrete cosine or sine transform: family, type and whether its matrix is made orthogonal up to a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Trig {
    /// Cosine or sine.
    pub family: TrigFamily,
    /// The type.
    pub kind: TrigType,
    /// Scales the first (and for type I the last) basis vector so that all have the same norm.
    pub orthogonalize: bool,
}

impl Trig {
    /// The length of the periodic sequence that a transform of length `n` stands for; one over it scales the inverse
    /// transform.
    #[must_use]
    pub fn period(self, n: usize) -> usize {
        match (self.kind, self.family) {
            (TrigType::I, TrigFamily::Cosine) => 2 * (n - 1),
            (TrigType::I, TrigFamily::Sine) => 2 * (n + 1),
            _ => 2 * n,
        }
    }

    /// The smallest length: 2 for a type-I cosine transform, else 1.
    #[must_use]
    pub fn min_len(self) -> usize {
        1 + usize::from(self.kind == TrigType::I && self.family == TrigFamily::Cosine)
    }
}
