//! The options of the functions, and their operands.

use xp_core::{Array, Backend, Dim, Element, Error, Position, Result, normalize_axes, normalize_axis, size_of_shape};

use crate::{Direction, TrigType};

/// Which direction is scaled: `norm` in SciPy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Norm {
    /// The backward transform, by `1 / n`.
    #[default]
    Backward,
    /// Both, by `1 / sqrt(n)`.
    Ortho,
    /// The forward transform, by `1 / n`.
    Forward,
}

impl Norm {
    /// The factor for a transform of `n` points in all (for cosine and sine transforms: the product of their
    /// [periods](crate::Trig::period)).
    #[must_use]
    pub fn scale(self, direction: Direction, n: f64) -> f64 {
        match (self, direction) {
            (Self::Ortho, _) => 1.0 / n.sqrt(),
            (Self::Backward, Direction::Backward) | (Self::Forward, Direction::Forward) => 1.0 / n,
            _ => 1.0,
        }
    }
}

/// How to transform along one axis, begun by [`axis()`], [`n()`] or a [`Norm`] alone: `axis(0).n(16).norm(Ortho)`.
///
/// The default is the last axis, at its own length, with the backward transform scaled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct AxisOptions {
    axis: isize,
    n: Option<usize>,
    norm: Norm,
}

impl Default for AxisOptions {
    fn default() -> Self {
        AxisOptions { axis: -1, n: None, norm: Norm::Backward }
    }
}
impl From<Norm> for AxisOptions {
    fn from(norm: Norm) -> Self {
        AxisOptions::default().norm(norm)
    }
}

impl AxisOptions {
    /// Along this axis, counted from the end when negative.
    pub fn axis(mut self, axis: impl Position) -> Self {
        self.axis = axis.position();
        self
    }

    /// The length of the transform, to which the operand is cut or padded with zeros. For `irfft` and `hfft` it is the
    /// length of the result, of which the operand holds `n / 2 + 1` bins.
    pub const fn n(mut self, n: usize) -> Self {
        self.n = Some(n);
        self
    }

    /// Which direction is scaled.
    pub const fn norm(mut self, norm: Norm) -> Self {
        self.norm = norm;
        self
    }
}

/// Options that name the axis: see [`AxisOptions::axis`].
pub fn axis(axis: impl Position) -> AxisOptions {
    AxisOptions::default().axis(axis)
}

/// Options that name the length: see [`AxisOptions::n`].
pub fn n(n: usize) -> AxisOptions {
    AxisOptions::default().n(n)
}

/// How to transform along several axes, begun by [`axes()`], [`s()`] or a [`Norm`] alone:
/// `axes([0, 2]).s([16, 8]).norm(Ortho)`.
///
/// The default is all axes (for the functions that end in `2`, the last two), at their own lengths, with the backward
/// transform scaled. Real transforms run along the last axis named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct AxesOptions {
    axes: Option<Vec<isize>>,
    s: Option<Vec<usize>>,
    norm: Norm,
}
impl From<Norm> for AxesOptions {
    fn from(norm: Norm) -> Self {
        AxesOptions::default().norm(norm)
    }
}

impl AxesOptions {
    /// Along these axes, counted from the end when negative.
    pub fn axes<P: Position>(mut self, axes: impl AsRef<[P]>) -> Self {
        self.axes = Some(axes.as_ref().iter().map(|axis| axis.position()).collect());
        self
    }

    /// The lengths of the transforms, one per axis, as [`AxisOptions::n`]. Without axes they are those of the last ones.
    pub fn s(mut self, s: impl Into<Vec<usize>>) -> Self {
        self.s = Some(s.into());
        self
    }

    /// Which direction is scaled.
    pub fn norm(mut self, norm: Norm) -> Self {
        self.norm = norm;
        self
    }

    /// The last two axes unless others were named.
    pub(crate) fn or_last_two(mut self) -> Self {
        self.axes.get_or_insert_with(|| vec![-2, -1]);
        self
    }
}

/// Options that name the axes: see [`AxesOptions::axes`].
pub fn axes<P: Position>(axes: impl AsRef<[P]>) -> AxesOptions {
    AxesOptions::default().axes(axes)
}

/// Options that name the lengths: see [`AxesOptions::s`].
pub fn s(s: impl Into<Vec<usize>>) -> AxesOptions {
    AxesOptions::default().s(s)
}

/// The type of a cosine or sine transform: `Type::II`, `Type::I.orthogonalize(true)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Type {
    pub(crate) kind: TrigType,
    pub(crate) orthogonalize: Option<bool>,
}

impl Type {
    /// Type I.
    pub const I: Type = Type::new(TrigType::I);
    /// Type II, "the" cosine or sine transform.
    pub const II: Type = Type::new(TrigType::II);
    /// Type III, the inverse of type II up to a factor.
    pub const III: Type = Type::new(TrigType::III);
    /// Type IV.
    pub const IV: Type = Type::new(TrigType::IV);

    const fn new(kind: TrigType) -> Type {
        Type { kind, orthogonalize: None }
    }

    /// Whether the matrix of the transform is made orthogonal up to a factor; by default when the norm is
    /// [`Norm::Ortho`].
    pub const fn orthogonalize(mut self, yes: bool) -> Type {
        self.orthogonalize = Some(yes);
        self
    }
}

/// An array, owned or borrowed. The memory of an owned one is reused for the result when nobody else uses it.
#[diagnostic::on_unimplemented(message = "`{Self}` is not an array of xp", note = "pass `&x` or `x`, where `x` is an `Array`")]
pub trait Input<B: Backend, T: Element, D: Dim> {
    /// The array, or another handle to its memory.
    fn into_array(self) -> Array<B, T, D>;
}
impl<B: Backend, T: Element, D: Dim> Input<B, T, D> for Array<B, T, D> {
    fn into_array(self) -> Array<B, T, D> {
        self
    }
}
impl<B: Backend, T: Element, D: Dim> Input<B, T, D> for &Array<B, T, D> {
    fn into_array(self) -> Array<B, T, D> {
        self.clone()
    }
}

/// Options that were checked against a shape.
pub(crate) struct Along {
    pub(crate) axes: Vec<usize>,
    pub(crate) lens: Vec<usize>,
    pub(crate) norm: Norm,
}

impl Along {
    /// The number of points.
    pub(crate) fn points(&self) -> f64 {
        self.lens.iter().map(|&n| n as f64).product()
    }
}

/// [`AxisOptions`] or [`AxesOptions`].
pub(crate) trait Options {
    /// Names the argument that holds lengths.
    const LENGTHS: &'static str;

    /// The axes, their lengths where given, and the norm.
    fn parts(self, function: &'static str, ndim: usize) -> Result<(Vec<usize>, Option<Vec<usize>>, Norm)>;

    /// Checks against a shape; `last` gives the default length of the last axis from the operand's.
    fn along(self, function: &'static str, dims: &[usize], last: fn(usize) -> usize) -> Result<Along>
    where
        Self: Sized,
    {
        let (axes, lens, norm) = self.parts(function, dims.len())?;
        let lens = lens.unwrap_or_else(|| {
            let mut lens: Vec<usize> = axes.iter().map(|&k| dims[k]).collect();
            if let Some(n) = lens.last_mut() {
                *n = last(*n);
            }
            lens
        });
        if let Some((&axis, _)) = axes.iter().zip(&lens).find(|(_, n)| **n == 0) {
            let why = format!("{} is 0 for axis {axis} of shape {dims:?}: a transform has at least one point", Self::LENGTHS);
            return Err(Error::value(function, why));
        }
        let mut shape = dims.to_vec();
        axes.iter().zip(&lens).for_each(|(&k, &n)| shape[k] = n);
        if size_of_shape(&shape).is_err() {
            let why = format!("{} = {lens:?} gives shape {shape:?}, which has more elements than can be addressed", Self::LENGTHS);
            return Err(Error::value(function, why));
        }
        Ok(Along { axes, lens, norm })
    }
}

impl Options for AxisOptions {
    const LENGTHS: &'static str = "n";
    fn parts(self, _: &'static str, ndim: usize) -> Result<(Vec<usize>, Option<Vec<usize>>, Norm)> {
        Ok((vec![normalize_axis(self.axis, ndim)?], self.n.map(|n| vec![n]), self.norm))
    }
}

impl Options for AxesOptions {
    const LENGTHS: &'static str = "s";
    fn parts(self, function: &'static str, ndim: usize) -> Result<(Vec<usize>, Option<Vec<usize>>, Norm)> {
        let axes = match (&self.axes, &self.s) {
            (Some(axes), s) => {
                if let Some(s) = s.as_ref().filter(|s| s.len() != axes.len()) {
                    return Err(Error::value(function, format!("s = {s:?} has {} lengths for the {} axes {axes:?}", s.len(), axes.len())));
                }
                normalize_axes(axes, ndim)?.into()
            }
            (None, Some(s)) if s.len() > ndim => {
                return Err(Error::value(function, format!("s = {s:?} has {} lengths for an array of rank {ndim}", s.len())));
            }
            (None, Some(s)) => (ndim - s.len()..ndim).collect(),
            (None, None) => (0..ndim).collect(),
        };
        Ok((axes, self.s, self.norm))
    }
}
