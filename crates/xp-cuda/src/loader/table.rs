//! Typed function tables for dynamically opened libraries.

/// Declares a struct with one typed function pointer per C function.
///
/// The types carry the names of NVIDIA's headers, so that `SIGNATURES` can be compared with the headers by a C compiler
/// (`scripts/cuda/check_signatures.sh`).
macro_rules! function_table {
    (
        $(#[$meta:meta])*
        $vis:vis struct $table:ident;
        $( fn $name:ident($($arg:ident: $ty:ty),* $(,)?) -> $ret:ty; )*
    ) => {
        $(#[$meta])*
        #[allow(non_snake_case)]
        #[derive(Clone, Copy)]
        $vis struct $table {
            $(
                #[doc = concat!("The C function `", stringify!($name), "`.")]
                pub $name: unsafe extern "C" fn($($arg: $ty),*) -> $ret,
            )*
        }

        impl $table {
            /// Name, return type and argument types of every function, as written in this source.
            $vis const SIGNATURES: &'static [(&'static str, &'static str, &'static [&'static str])] = &[
                $( (stringify!($name), stringify!($ret), &[$(stringify!($ty)),*]), )*
            ];

            /// Looks up every function.
            ///
            /// # Errors
            /// [`Error::SymbolMissing`](crate::Error::SymbolMissing) names the first function that is not there.
            $vis fn load(library: &$crate::loader::Opened) -> $crate::Result<Self> {
                Ok(Self { $(
                    $name: {
                        const NAME: &std::ffi::CStr = match std::ffi::CStr::from_bytes_with_nul(
                            concat!(stringify!($name), "\0").as_bytes(),
                        ) {
                            Ok(name) => name,
                            Err(_) => panic!("a C identifier holds no NUL"),
                        };
                        let address = library.require(NAME)?;
                        // SAFETY: the library exports a function of this name with the signature given in this table
                        // (checked against NVIDIA's headers); the address is not null and the library is never closed.
                        unsafe {
                            std::mem::transmute::<*const std::ffi::c_void, unsafe extern "C" fn($($ty),*) -> $ret>(address)
                        }
                    },
                )* })
            }
        }
    };
}

pub(crate) use function_table;
