//! What reductions give: an element for each place of the result, or several of them, which go to as many arrays.

use crate::array::Array;
use crate::backend::Backend;
use crate::dim::Dim;
use crate::dtype::{DType, Element};
use crate::error::Result;

/// What a [reduction](crate::reduction::Reduction) gives for each place of the result: an element, or a tuple of what several reductions
/// give. The results are an array, or a tuple of arrays. Sealed.
pub trait Outputs: Copy + Send + Sync + 'static + sealed::Sealed {
    /// The results.
    type Arrays<B: Backend, D: Dim>;
    /// Their memory.
    type Buffers<B: Backend>;
    /// The addresses of that memory, in a form that only the backend understands.
    type Places: Copy + Send + Sync;

    /// How many results.
    const COUNT: usize;

    /// The dtypes of the results.
    #[must_use]
    fn dtypes() -> Vec<DType>;
    /// The addresses, in the order of the dtypes.
    #[must_use]
    fn addresses(places: Self::Places) -> Vec<*mut u8>;
    /// Places whose addresses went through `map`.
    #[must_use]
    fn rebased(places: Self::Places, map: &dyn Fn(*const u8) -> *const u8) -> Self::Places;
    /// Writes to the elements at an offset from the places.
    ///
    /// # Safety
    /// The addresses must be ones of the host with room there, and nobody else may use that memory.
    unsafe fn write(self, places: Self::Places, offset: isize);
    /// The size of the elements of one place, in bytes.
    #[must_use]
    fn bytes() -> usize;
    /// Appends the bytes of the elements.
    fn write_bytes(self, to: &mut Vec<u8>);
    /// The elements whose bytes these are.
    ///
    /// # Safety
    /// The bytes must be ones of [`Outputs::write_bytes`] of this type.
    ///
    /// # Panics
    /// When they are not [as many](Outputs::bytes).
    #[must_use]
    unsafe fn read_bytes(from: &[u8]) -> Self;

    /// The elements that memory holds, on the host.
    ///
    /// # Errors
    /// As for [`Backend::download`].
    #[doc(hidden)]
    fn download<B: Backend>(device: &B, buffers: &Self::Buffers<B>, len: usize) -> Result<Vec<Self>>;
    /// Memory for `len` elements of each result.
    ///
    /// # Errors
    /// As for [`Backend::alloc`].
    ///
    /// # Safety
    /// As for [`Backend::alloc`].
    #[doc(hidden)]
    unsafe fn alloc<B: Backend>(device: &B, len: usize) -> Result<Self::Buffers<B>>;
    /// The places of the first elements.
    #[doc(hidden)]
    fn places<B: Backend>(buffers: &Self::Buffers<B>) -> Self::Places;
    /// Arrays over the memory.
    #[doc(hidden)]
    fn arrays<B: Backend, D: Dim>(device: &B, buffers: Self::Buffers<B>, shape: &D::Shape, strides: &D::Strides) -> Self::Arrays<B, D>;
}

/// The address of the first element of a result, in a form that only the backend understands.
#[derive(Clone, Copy, Debug)]
pub struct Place<T>(*mut T);
// SAFETY: an address, which only unsafe code can use.
unsafe impl<T: Send> Send for Place<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Place<T> {}

impl<T: Element> Outputs for T {
    type Arrays<B: Backend, D: Dim> = Array<B, T, D>;
    type Buffers<B: Backend> = B::Buffer<T>;
    type Places = Place<T>;
    const COUNT: usize = 1;

    fn dtypes() -> Vec<DType> {
        vec![T::DTYPE]
    }
    fn addresses(places: Place<T>) -> Vec<*mut u8> {
        vec![places.0.cast()]
    }
    fn rebased(places: Place<T>, map: &dyn Fn(*const u8) -> *const u8) -> Place<T> {
        Place(map(places.0.cast::<u8>().cast_const()).cast_mut().cast())
    }
    #[inline(always)]
    unsafe fn write(self, places: Place<T>, offset: isize) {
        // SAFETY: by the caller.
        unsafe { places.0.wrapping_offset(offset).write(self) }
    }
    fn bytes() -> usize {
        size_of::<T>()
    }
    fn write_bytes(self, to: &mut Vec<u8>) {
        to.extend_from_slice(bytemuck::bytes_of(&self));
    }
    unsafe fn read_bytes(from: &[u8]) -> T {
        assert_eq!(from.len(), size_of::<T>(), "the bytes of one element");
        // SAFETY: as many bytes, which by the caller are those of an element.
        unsafe { from.as_ptr().cast::<T>().read_unaligned() }
    }
    fn download<B: Backend>(device: &B, buffers: &B::Buffer<T>, len: usize) -> Result<Vec<T>> {
        device.download(buffers, 0, len)
    }
    unsafe fn alloc<B: Backend>(device: &B, len: usize) -> Result<B::Buffer<T>> {
        // SAFETY: passed on.
        unsafe { device.alloc(len) }
    }
    fn places<B: Backend>(buffers: &B::Buffer<T>) -> Place<T> {
        Place(B::address(buffers).cast_mut())
    }
    fn arrays<B: Backend, D: Dim>(device: &B, buffers: B::Buffer<T>, shape: &D::Shape, strides: &D::Strides) -> Array<B, T, D> {
        Array::from_parts(device.clone(), buffers, shape.clone(), strides.clone(), 0)
    }
}

macro_rules! tuples {
    ($(($($O:ident $k:tt),*);)*) => {$(
        impl<$($O: Outputs),*> Outputs for ($($O,)*) {
            type Arrays<B: Backend, Dd: Dim> = ($($O::Arrays<B, Dd>,)*);
            type Buffers<B: Backend> = ($($O::Buffers<B>,)*);
            type Places = ($($O::Places,)*);
            const COUNT: usize = 0 $(+ $O::COUNT)*;

            fn dtypes() -> Vec<DType> {
                [$($O::dtypes()),*].concat()
            }
            fn addresses(places: Self::Places) -> Vec<*mut u8> {
                [$($O::addresses(places.$k)),*].concat()
            }
            fn rebased(places: Self::Places, map: &dyn Fn(*const u8) -> *const u8) -> Self::Places {
                ($($O::rebased(places.$k, map),)*)
            }
            #[inline(always)]
            unsafe fn write(self, places: Self::Places, offset: isize) {
                // SAFETY: by the caller.
                unsafe { $(self.$k.write(places.$k, offset);)* }
            }
            fn bytes() -> usize {
                0 $(+ $O::bytes())*
            }
            fn write_bytes(self, to: &mut Vec<u8>) {
                $(self.$k.write_bytes(to);)*
            }
            unsafe fn read_bytes(from: &[u8]) -> Self {
                let mut rest = from;
                // SAFETY: by the caller; the bytes of the parts follow each other.
                let all = ($(unsafe { $O::read_bytes(rest.split_off(..$O::bytes()).unwrap_or_default()) },)*);
                assert!(rest.is_empty(), "the bytes of one place");
                all
            }
            fn download<B: Backend>(device: &B, buffers: &Self::Buffers<B>, len: usize) -> Result<Vec<Self>> {
                let columns = ($($O::download(device, &buffers.$k, len)?,)*);
                Ok((0..len).map(|i| ($(columns.$k[i],)*)).collect())
            }
            unsafe fn alloc<B: Backend>(device: &B, len: usize) -> Result<Self::Buffers<B>> {
                // SAFETY: passed on.
                Ok(unsafe { ($($O::alloc(device, len)?,)*) })
            }
            fn places<B: Backend>(buffers: &Self::Buffers<B>) -> Self::Places {
                ($($O::places::<B>(&buffers.$k),)*)
            }
            fn arrays<B: Backend, Dd: Dim>(device: &B, buffers: Self::Buffers<B>, shape: &Dd::Shape, strides: &Dd::Strides) -> Self::Arrays<B, Dd> {
                ($($O::arrays::<B, Dd>(device, buffers.$k, shape, strides),)*)
            }
        }
        impl<$($O: Outputs),*> sealed::Sealed for ($($O,)*) {}
    )*};
}
tuples! {
    (O 0, P 1);
    (O 0, P 1, Q 2);
    (O 0, P 1, Q 2, R 3);
    (O 0, P 1, Q 2, R 3, S 4);
    (O 0, P 1, Q 2, R 3, S 4, T 5);
}

mod sealed {
    pub trait Sealed {}
    impl<T: crate::Element> Sealed for T {}
}
