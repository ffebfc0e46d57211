//! From generic dtypes to concrete ones.

use xp_core::Element;

/// The same slice under the name `U` of its dtype.
///
/// # Panics
/// When `T` and `U` are different types: callers compare dtypes first.
pub(crate) fn same<T: Element, U: Element>(x: &[T]) -> &[U] {
    assert_eq!(std::any::TypeId::of::<T>(), std::any::TypeId::of::<U>());
    // SAFETY: the types are the same.
    unsafe { std::slice::from_raw_parts(x.as_ptr().cast(), x.len()) }
}

/// [`same`] for memory to be written.
pub(crate) fn same_mut<T: Element, U: Element>(x: &mut [std::mem::MaybeUninit<T>]) -> &mut [std::mem::MaybeUninit<U>] {
    assert_eq!(std::any::TypeId::of::<T>(), std::any::TypeId::of::<U>());
    // SAFETY: the types are the same.
    unsafe { std::slice::from_raw_parts_mut(x.as_mut_ptr().cast(), x.len()) }
}

/// Runs `$body` with `$U` naming the concrete type of the dtype of `$T`, for the dtypes that are listed.
macro_rules! with_dtype {
    ($T:ty as $U:ident in [$($D:ident $t:ty),* $(,)?] => $body:expr, else $other:expr) => {
        match <$T as xp_core::Element>::DTYPE {
            $(xp_core::DType::$D => { type $U = $t; $body })*
            #[allow(unreachable_patterns)]
            _ => $other,
        }
    };
}
/// [`with_dtype`] for the real-valued dtypes.
macro_rules! with_real {
    ($T:ty as $U:ident => $body:expr) => {
        $crate::dispatch::with_dtype!($T as $U in [
            I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64,
            F16 half::f16, BF16 half::bf16, F32 f32, F64 f64,
        ] => $body, else unreachable!("a real-valued dtype"))
    };
}
pub(crate) use {with_dtype, with_real};
