//! Generic functions whose code is made in this crate.

/// Public functions of one element type that are compiled here, once for each of the types, instead of anew in every crate that
/// calls them.
///
/// ```text
/// compiled_here! {
///     struct Routines<T: Scalar>, reached by Scalar::routines;
///     /// Documentation.
///     pub fn name(argument: Type<'_, T>) -> Result<()> { .. }
/// }
/// ```
///
/// makes the function `name<T: Scalar>` and a table of pointers to the bodies. The trait returns that table from a static of this
/// crate for each type, `static TABLE: Routines<f64> = Routines::HERE`, so that no other crate has the bodies to compile; a call
/// costs a jump through a pointer.
macro_rules! compiled_here {
    (
        struct $table:ident<$T:ident: $bound:ident>, reached by $of:ident::$reach:ident;
        $($(#[$about:meta])* pub fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $result:ty)? $body:block)*
    ) => {
        $(
            $(#[$about])*
            #[inline]
            pub fn $name<$T: $bound>($($arg: $ty),*) $(-> $result)? {
                (<$T as $of>::$reach().$name)($($arg),*)
            }
        )*

        #[doc(hidden)]
        #[allow(missing_debug_implementations)]
        pub struct $table<$T: $bound> {
            $($name: fn($($ty),*) $(-> $result)?,)*
        }

        impl<$T: $bound> $table<$T> {
            pub(crate) const HERE: Self = $table { $($name: |$($arg),*| $body,)* };
        }
    };
}
pub(crate) use compiled_here;
