//! From generic dtypes to concrete ones.
//!
//! A kernel that is written for every dtype is not called by generic code: whichever crate calls the generic code would
//! compile the kernel for all of them. It is called by a function that is not generic, which this crate compiles once, on
//! elements whose dtype is known at run time: [`Elements`] and [`Room`].

use std::marker::PhantomData;
use std::mem::MaybeUninit;

use xp_core::{DType, Element};

/// A slice of elements.
#[derive(Clone, Copy)]
pub(crate) struct Elements<'a> {
    dtype: DType,
    start: *const u8,
    len: usize,
    marker: PhantomData<&'a [u8]>,
}

impl<'a> Elements<'a> {
    pub(crate) fn of<T: Element>(x: &'a [T]) -> Self {
        Elements { dtype: T::DTYPE, start: x.as_ptr().cast(), len: x.len(), marker: PhantomData }
    }

    pub(crate) fn dtype(self) -> DType {
        self.dtype
    }

    /// The slice.
    ///
    /// # Panics
    /// If its elements are not of type `T`.
    pub(crate) fn get<T: Element>(self) -> &'a [T] {
        assert_eq!(self.dtype, T::DTYPE);
        // SAFETY: start and length are those of a slice that is borrowed for `'a`; a dtype has one type of elements.
        unsafe { std::slice::from_raw_parts(self.start.cast(), self.len) }
    }
}

/// A slice of elements to be written.
pub(crate) struct Room<'a> {
    dtype: DType,
    start: *mut u8,
    len: usize,
    marker: PhantomData<&'a mut [u8]>,
}

impl<'a> Room<'a> {
    pub(crate) fn of<T: Element>(x: &'a mut [MaybeUninit<T>]) -> Self {
        Room { dtype: T::DTYPE, start: x.as_mut_ptr().cast(), len: x.len(), marker: PhantomData }
    }

    /// The slice.
    ///
    /// # Panics
    /// If its elements are not of type `T`.
    pub(crate) fn get<T: Element>(self) -> &'a mut [MaybeUninit<T>] {
        assert_eq!(self.dtype, T::DTYPE);
        // SAFETY: start and length are those of a slice that is borrowed for `'a`; a dtype has one type of elements.
        unsafe { std::slice::from_raw_parts_mut(self.start.cast(), self.len) }
    }
}

/// Runs `$body` with `$U` naming the type of the elements of a dtype, for the dtypes that are listed.
macro_rules! with_dtype {
    ($dtype:expr, $U:ident in [$($D:ident $t:ty),* $(,)?] => $body:expr, else $other:expr) => {
        match $dtype {
            $(xp_core::DType::$D => { type $U = $t; $body })*
            _ => $other,
        }
    };
}
/// [`with_dtype`] for the real-valued dtypes.
macro_rules! with_real {
    ($dtype:expr, $U:ident => $body:expr) => {
        $crate::backend::dispatch::with_dtype!($dtype, $U in [
            I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64,
            F16 half::f16, BF16 half::bf16, F32 f32, F64 f64,
        ] => $body, else unreachable!("a real-valued dtype"))
    };
}

/// A trait of functions that exist for the listed types alone, each under the name of a generic one.
///
/// Generic code calls a generic function through such a trait when this crate is to compile it once: an implementation
/// for a named type is compiled here, one for every `T` by each crate that uses it.
macro_rules! compiled_here {
    ($(#[$doc:meta])* trait $name:ident: $bound:path, for [$($t:ty),*] $functions:tt) => {
        $crate::backend::dispatch::compiled_here!(@trait [$(#[$doc])*] $name $bound, $functions);
        $($crate::backend::dispatch::compiled_here!(@impl $name $t, $functions);)*
    };
    (@trait [$($doc:tt)*] $name:ident $bound:path, {$($f:ident($($x:ident: $x_type:ty),* $(,)?) $(-> $out:ty)? = $generic:path;)*}) => {
        $($doc)*
        pub(crate) trait $name: $bound {
            $(fn $f($($x: $x_type),*) $(-> $out)?;)*
        }
    };
    (@impl $name:ident $t:ty, {$($f:ident($($x:ident: $x_type:ty),* $(,)?) $(-> $out:ty)? = $generic:path;)*}) => {
        impl $name for $t {
            $(fn $f($($x: $x_type),*) $(-> $out)? { $generic($($x),*) })*
        }
    };
}

/// Calls `$run::<Level, ...>($args)` compiled for the level of this machine. `$run` must be `#[inline(always)]`.
macro_rules! at_level {
    ($run:ident<$($g:ident: $bound:path),*>($($arg:ident: $ty:ty),*) $(-> $ret:ty)?) => {{
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma,bmi1,bmi2")]
        unsafe fn avx2<$($g: $bound),*>($($arg: $ty),*) $(-> $ret)? {
            // SAFETY: passed on.
            unsafe { $run::<xp_core::math::Avx2, $($g),*>($($arg),*) }
        }
        #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
        #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma,bmi1,bmi2")]
        unsafe fn avx512<$($g: $bound),*>($($arg: $ty),*) $(-> $ret)? {
            // SAFETY: passed on.
            unsafe { $run::<xp_core::math::Avx512, $($g),*>($($arg),*) }
        }
        match xp_engine::level::level() {
            // SAFETY: the level was detected; the rest is passed on.
            #[cfg(all(target_arch = "x86_64", not(debug_assertions)))]
            xp_engine::level::Level::Avx512 => unsafe { avx512::<$($g),*>($($arg),*) },
            // SAFETY: as above; a debug build has no loops for more.
            #[cfg(target_arch = "x86_64")]
            level if level >= xp_engine::level::Level::Avx2 => unsafe { avx2::<$($g),*>($($arg),*) },
            // SAFETY: passed on.
            _ => unsafe { $run::<xp_core::math::Baseline, $($g),*>($($arg),*) },
        }
    }};
}
pub(crate) use {at_level, compiled_here, with_dtype, with_real};
