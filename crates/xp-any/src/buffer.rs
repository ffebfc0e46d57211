//! Memory of any of the backends, and arrays in it as those of their own backend.

use xp_core::{Array, Backend, Dim, Element, Error, Result};
#[cfg(feature = "cpu")]
use xp_cpu::{Cpu, CpuBuffer};
#[cfg(feature = "cuda")]
use xp_cuda::{Cuda, CudaBuffer};

use crate::AnyDevice;

/// Memory of an [`AnyDevice`]: that of the backend that the device is of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AnyBuffer<T: Element> {
    /// Memory of the process.
    #[cfg(feature = "cpu")]
    #[cfg_attr(docsrs, doc(cfg(feature = "cpu")))]
    Cpu(CpuBuffer<T>),
    /// Memory of an NVIDIA GPU.
    #[cfg(feature = "cuda")]
    #[cfg_attr(docsrs, doc(cfg(feature = "cuda")))]
    Cuda(CudaBuffer<T>),
}

/// Runs `$body` with what an [`AnyDevice`] or an [`AnyBuffer`] holds, once for every variant.
macro_rules! each {
    ($Enum:ident, $value:expr, |$inner:ident| $body:expr) => {
        match $value {
            #[cfg(feature = "cpu")]
            $Enum::Cpu($inner) => $body,
            #[cfg(feature = "cuda")]
            $Enum::Cuda($inner) => $body,
        }
    };
}
pub(crate) use each;

mod sealed {
    pub trait Sealed {}
}

/// A backend that is a variant of [`AnyDevice`]. Sealed.
pub trait Variant: Backend + sealed::Sealed {
    /// The device as one of any backend.
    fn into_any(self) -> AnyDevice;
    /// The device, when it is one of this backend.
    fn of(device: &AnyDevice) -> Option<&Self>;
    /// The memory as that of any backend.
    fn wrap<T: Element>(buffer: Self::Buffer<T>) -> AnyBuffer<T>;
    /// The memory, when it is one of this backend.
    fn peek<T: Element>(buffer: &AnyBuffer<T>) -> Option<&Self::Buffer<T>>;
    /// The memory, to be written, when it is one of this backend.
    fn peek_mut<T: Element>(buffer: &mut AnyBuffer<T>) -> Option<&mut Self::Buffer<T>>;
}

macro_rules! variants {
    ($($feature:literal $V:ident;)*) => {$(
        #[cfg(feature = $feature)]
        impl sealed::Sealed for $V {}
        #[cfg(feature = $feature)]
        #[allow(irrefutable_let_patterns, reason = "a build with one backend has one variant")]
        impl Variant for $V {
            #[inline]
            fn into_any(self) -> AnyDevice {
                AnyDevice::$V(self)
            }
            #[inline]
            fn of(device: &AnyDevice) -> Option<&Self> {
                if let AnyDevice::$V(device) = device { Some(device) } else { None }
            }
            #[inline]
            fn wrap<T: Element>(buffer: Self::Buffer<T>) -> AnyBuffer<T> {
                AnyBuffer::$V(buffer)
            }
            #[inline]
            fn peek<T: Element>(buffer: &AnyBuffer<T>) -> Option<&Self::Buffer<T>> {
                if let AnyBuffer::$V(buffer) = buffer { Some(buffer) } else { None }
            }
            #[inline]
            fn peek_mut<T: Element>(buffer: &mut AnyBuffer<T>) -> Option<&mut Self::Buffer<T>> {
                if let AnyBuffer::$V(buffer) = buffer { Some(buffer) } else { None }
            }
        }
    )*};
}
variants! {
    "cpu" Cpu;
    "cuda" Cuda;
}

impl AnyDevice {
    /// An array of one backend as an array of any, in the same memory.
    ///
    /// ```
    /// use xp::{AnyDevice, prelude::*};
    /// let x = AnyDevice::array(array![1, 2, 3]);
    /// assert_eq!(x.device().to_string(), "cpu");
    /// assert_eq!(AnyDevice::array_of::<Cpu, _, _>(&x).unwrap().as_slice(), Some(&[1, 2, 3][..]));
    /// ```
    #[must_use]
    pub fn array<B: Variant, T: Element, D: Dim>(x: Array<B, T, D>) -> Array<AnyDevice, T, D> {
        x.rewrap(&x.device().clone().into_any(), |buffer| B::wrap(buffer.clone()))
    }

    /// The array as one of backend `B`, in the same memory; `None` when it lives on another backend.
    #[must_use]
    pub fn array_of<B: Variant, T: Element, D: Dim>(x: &Array<AnyDevice, T, D>) -> Option<Array<B, T, D>> {
        B::of(x.device()).and_then(|device| inner(device, x).ok())
    }
}

/// The memory as that of the backend of a device.
#[inline]
pub(crate) fn own<'a, B: Variant, T: Element>(device: &B, buffer: &'a AnyBuffer<T>) -> Result<&'a B::Buffer<T>> {
    B::peek(buffer).ok_or_else(|| elsewhere(device, buffer))
}

/// [`own`], to be written.
#[inline]
pub(crate) fn own_mut<'a, B: Variant, T: Element>(device: &B, buffer: &'a mut AnyBuffer<T>) -> Result<&'a mut B::Buffer<T>> {
    if B::peek(buffer).is_none() {
        return Err(elsewhere(device, buffer));
    }
    Ok(B::peek_mut(buffer).expect("looked at before"))
}

/// The array as one of the backend of a device.
#[inline]
pub(crate) fn inner<B: Variant, T: Element, D: Dim>(device: &B, x: &Array<AnyDevice, T, D>) -> Result<Array<B, T, D>> {
    let buffer = own(device, x.buffer())?;
    Ok(x.rewrap(device, |_| buffer.clone()))
}

#[cold]
fn elsewhere<B: Backend, T: Element>(device: &B, buffer: &AnyBuffer<T>) -> Error {
    Error::Device { left: device.to_string(), right: place(buffer) }
}

/// Where memory is, for messages.
fn place<T: Element>(buffer: &AnyBuffer<T>) -> String {
    match buffer {
        #[cfg(feature = "cpu")]
        AnyBuffer::Cpu(_) => Cpu.to_string(),
        #[cfg(feature = "cuda")]
        AnyBuffer::Cuda(buffer) => buffer.device().to_string(),
    }
}
