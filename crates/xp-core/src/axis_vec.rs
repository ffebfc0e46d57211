//! One value per axis of an array of dynamic rank.

use core::fmt;
use core::mem::MaybeUninit;
use core::ops::{Deref, DerefMut};

use smallvec::SmallVec;

/// Up to this many axes need no memory of their own.
const INLINE: usize = 4;

/// One value per axis: the shape, or the strides, of an array whose rank is known at run time. It is a list that takes
/// memory beside itself only above four axes, since a small array costs little more than what is allocated for it.
///
/// It is read as a slice, and compares with slices, arrays and vectors.
///
/// ```
/// use xp::prelude::*;
/// let x = zeros::<_, f32, _>(&Cpu, vec![2, 3])?;
/// let shape: AxisVec<usize> = x.shape();
/// assert_eq!(shape, [2, 3]);
/// assert_eq!(shape.iter().product::<usize>(), 6);
/// assert_eq!(Vec::from(shape), vec![2, 3]);
/// # Ok::<(), xp::Error>(())
/// ```
pub struct AxisVec<T: Copy>(SmallVec<[T; INLINE]>);

impl<T: Copy> AxisVec<T> {
    /// Puts a value before position `k`.
    ///
    /// # Panics
    /// When there is no such position.
    pub fn insert(&mut self, k: usize, value: T) {
        self.0.insert(k, value);
    }

    /// Adds a value at the end.
    pub fn push(&mut self, value: T) {
        self.0.push(value);
    }

    /// Takes the value at position `k` out.
    ///
    /// # Panics
    /// When there is no such position.
    pub fn remove(&mut self, k: usize) -> T {
        self.0.remove(k)
    }

    /// Drops the values from position `len` on.
    pub fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// Adds values at the end.
    pub fn extend_from_slice(&mut self, values: &[T]) {
        self.0.extend_from_slice(values);
    }

    /// `n` zeros.
    pub(crate) fn zeros(n: usize) -> Self
    where
        T: Default,
    {
        if n <= INLINE { AxisVec(SmallVec::from_buf_and_len([T::default(); INLINE], n)) } else { AxisVec(SmallVec::from_elem(T::default(), n)) }
    }
}

impl<T: Copy> Clone for AxisVec<T> {
    #[inline]
    fn clone(&self) -> Self {
        if self.0.spilled() {
            return AxisVec(SmallVec::from_slice(&self.0));
        }
        // SAFETY: the values are `Copy`, and there is no memory beside them.
        AxisVec(unsafe { core::ptr::read(&self.0) })
    }
}
impl<T: Copy> Default for AxisVec<T> {
    fn default() -> Self {
        AxisVec(SmallVec::new())
    }
}
impl<T: Copy + fmt::Debug> fmt::Debug for AxisVec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<T: Copy> Deref for AxisVec<T> {
    type Target = [T];
    #[inline]
    fn deref(&self) -> &[T] {
        &self.0
    }
}
impl<T: Copy> DerefMut for AxisVec<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}
impl<T: Copy> AsRef<[T]> for AxisVec<T> {
    #[inline]
    fn as_ref(&self) -> &[T] {
        &self.0
    }
}
impl<T: Copy> AsMut<[T]> for AxisVec<T> {
    #[inline]
    fn as_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}
impl<T: Copy> From<&[T]> for AxisVec<T> {
    #[inline]
    fn from(values: &[T]) -> Self {
        if values.len() > INLINE {
            return AxisVec(SmallVec::from_slice(values));
        }
        let mut inline = MaybeUninit::<[T; INLINE]>::uninit();
        let to: *mut T = inline.as_mut_ptr().cast();
        // One by one: a copy of unknown length is a call.
        for k in 0..INLINE {
            if let Some(&value) = values.get(k) {
                // SAFETY: `k` is inside the array.
                unsafe { to.add(k).write(value) };
            }
        }
        // SAFETY: that many values were written.
        AxisVec(unsafe { SmallVec::from_buf_and_len_unchecked(inline, values.len()) })
    }
}
impl<T: Copy> From<Vec<T>> for AxisVec<T> {
    #[inline]
    fn from(values: Vec<T>) -> Self {
        values[..].into()
    }
}
impl<T: Copy, const N: usize> From<[T; N]> for AxisVec<T> {
    fn from(values: [T; N]) -> Self {
        values[..].into()
    }
}
impl<T: Copy> From<AxisVec<T>> for Vec<T> {
    fn from(values: AxisVec<T>) -> Vec<T> {
        values.0.into_vec()
    }
}
impl<T: Copy> FromIterator<T> for AxisVec<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        AxisVec(values.into_iter().collect())
    }
}
impl<T: Copy> IntoIterator for AxisVec<T> {
    type Item = T;
    type IntoIter = smallvec::IntoIter<[T; INLINE]>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
impl<'a, T: Copy> IntoIterator for &'a AxisVec<T> {
    type Item = &'a T;
    type IntoIter = core::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
impl<T: Copy + Eq> Eq for AxisVec<T> {}
impl<T: Copy + PartialEq> PartialEq for AxisVec<T> {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}
macro_rules! compare {
    ($([$($g:tt)*] $U:ty;)*) => {$(
        impl<T: Copy + PartialEq $($g)*> PartialEq<$U> for AxisVec<T> {
            fn eq(&self, other: &$U) -> bool {
                self[..] == other[..]
            }
        }
        impl<T: Copy + PartialEq $($g)*> PartialEq<AxisVec<T>> for $U {
            fn eq(&self, other: &AxisVec<T>) -> bool {
                self[..] == other[..]
            }
        }
    )*};
}
compare! {
    [] [T];
    [] &[T];
    [] Vec<T>;
    [, const N: usize] [T; N];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_every_length() {
        for n in 0..10 {
            let values: Vec<usize> = (1..=n).collect();
            let x = AxisVec::from(&values[..]);
            let mut y = x.clone();
            assert_eq!((&x, &y, x.len()), (&AxisVec::from(values.clone()), &values.iter().copied().collect(), n));
            y.push(7);
            y.insert(0, 8);
            assert_eq!((y.remove(0), y.len(), &y[..n], y[n]), (8, n + 1, &values[..], 7));
            y.truncate(n);
            y.extend_from_slice(&values);
            assert_eq!((Vec::from(y), x), ([&values[..], &values].concat(), AxisVec::from(values)));
            assert_eq!(AxisVec::<isize>::zeros(n), vec![0; n]);
        }
    }
}
