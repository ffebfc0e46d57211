//! Defines every `cu*` symbol that cust links against and forwards each call to the driver opened at first use.

#![allow(non_snake_case)]

use std::{
    cell::Cell,
    ffi::{CStr, c_char, c_int, c_uchar, c_uint, c_ulonglong, c_ushort, c_void},
    sync::OnceLock,
};

use cust::sys::*;

use crate::{
    error::{DriverCode, Error, Result},
    loader::{Library, Opened},
};

/// Opens the driver, or repeats why it could not be opened.
pub(super) fn load() -> Result<(), Error> {
    driver().as_ref().map(|_| ()).map_err(Clone::clone)
}

/// The code of this thread's last call, if that failed, as the driver gave it, else `CUDA_ERROR_UNKNOWN`. The bindings see that one
/// in place of codes that are newer than they are, and cust makes it of many older ones too.
pub(super) fn last_failure() -> u32 {
    LAST_FAILURE.get()
}

struct Driver {
    addresses: Box<[usize]>,
}

fn driver() -> &'static Result<Driver, Error> {
    static DRIVER: OnceLock<Result<Driver, Error>> = OnceLock::new();
    DRIVER.get_or_init(|| {
        let library = Opened::open(Library::Driver, None)?;
        Ok(Driver { addresses: NAMES.iter().map(|name| library.address(name) as usize).collect() })
    })
}

/// The address of the function with this index in `NAMES`, or the code that stands for its absence.
fn address(index: usize) -> Result<usize, DriverCode> {
    match driver() {
        Ok(driver) if driver.addresses[index] != 0 => Ok(driver.addresses[index]),
        Ok(_) => Err(DriverCode::NOT_FOUND),
        Err(_) => Err(DriverCode::NO_DEVICE),
    }
}

thread_local! {
    static LAST_FAILURE: Cell<u32> = const { Cell::new(DriverCode::UNKNOWN.0) };
}

/// `CUresult` is a closed enum of CUDA 11.4 in the bindings: a newer code must not reach it.
pub(super) fn clamp(code: u32) -> u32 {
    if code == 0 {
        return code;
    }
    LAST_FAILURE.set(code);
    if known_name(code).is_some() { code } else { DriverCode::UNKNOWN.0 }
}

/// The name of a code that the bindings know.
pub(crate) fn known_name(code: u32) -> Option<&'static str> {
    KNOWN_CODES.binary_search_by_key(&code, |known| known.0).ok().map(|place| KNOWN_CODES[place].1)
}

/// Forgets the last failure: what an error means that no call of the driver gave must not be the code of an older one.
pub(super) fn forget_failure() {
    LAST_FAILURE.set(DriverCode::UNKNOWN.0);
}

const fn c_name(bytes: &'static [u8]) -> &'static CStr {
    match CStr::from_bytes_with_nul(bytes) {
        Ok(name) => name,
        Err(_) => panic!("a C identifier holds no NUL"),
    }
}

macro_rules! forward {
    ($($index:literal $name:ident($($arg:ident: $ty:ty),*);)*) => {
        /// Name and argument types of every forwarded function; all return `CUresult`.
        pub(crate) static SIGNATURES: &[(&str, &[&str])] = &[$((stringify!($name), &[$(stringify!($ty)),*])),*];
        static NAMES: &[&CStr] = &[c"cuGetErrorString", $(c_name(concat!(stringify!($name), "\0").as_bytes())),*];
        $(
            #[unsafe(no_mangle)]
            unsafe extern "C" fn $name($($arg: $ty),*) -> u32 {
                forget_failure();
                match address($index) {
                    Ok(address) => {
                        // SAFETY: the driver exports this name with this signature, and stays open.
                        let function = unsafe {
                            std::mem::transmute::<usize, unsafe extern "C" fn($($ty),*) -> u32>(address)
                        };
                        // SAFETY: the arguments are those of the caller, who keeps the driver's contract.
                        clamp(unsafe { function($($arg),*) })
                    }
                    Err(code) => code.0,
                }
            }
        )*
    };
}

/// Answers without a driver too, because cust's error messages call it.
#[unsafe(no_mangle)]
unsafe extern "C" fn cuGetErrorString(error: c_uint, text: *mut *const c_char) -> c_uint {
    match address(0) {
        Ok(address) => {
            // SAFETY: the driver exports this name with this signature, and stays open.
            let function = unsafe { std::mem::transmute::<usize, unsafe extern "C" fn(c_uint, *mut *const c_char) -> u32>(address) };
            // SAFETY: the arguments are those of the caller.
            let code = unsafe { function(error, text) };
            // SAFETY: `text` is a valid output pointer by the contract of this function.
            unsafe { set_if_unset(code, text) }
        }
        // SAFETY: as above.
        Err(_) => unsafe { set_if_unset(1, text) },
    }
}

/// Writes a fallback text after a failed lookup, so that the caller never reads an unset pointer.
unsafe fn set_if_unset(code: u32, text: *mut *const c_char) -> c_uint {
    if code != 0 {
        // SAFETY: the caller passes a valid output pointer.
        unsafe { *text = c"unknown CUDA driver error".as_ptr() };
    }
    0
}

include!("symbols.rs");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_codes_are_clamped_and_kept() {
        assert_eq!((clamp(2), last_failure()), (2, 2));
        assert_eq!((clamp(226), last_failure()), (999, 226), "226 is newer than the bindings");
        assert_eq!((clamp(0), last_failure()), (0, 226), "success is no failure");
        assert_eq!((clamp(999), last_failure()), (999, 999));
    }

    #[test]
    fn a_call_forgets_the_failure_before_it() {
        clamp(802);
        // Whether this machine has a driver or not, the call itself fails with another code, or does not fail.
        // SAFETY: an output pointer.
        let code = unsafe { cuDriverGetVersion(&mut 0) };
        assert!(last_failure() != 802, "{code}");
    }

    #[test]
    fn codes_are_in_order_and_named() {
        assert!(KNOWN_CODES.windows(2).all(|w| w[0].0 < w[1].0));
        assert_eq!(
            [0, 34, 802, 911, 226].map(known_name),
            [Some("CUDA_SUCCESS"), Some("CUDA_ERROR_STUB_LIBRARY"), Some("CUDA_ERROR_SYSTEM_NOT_READY"), Some("CUDA_ERROR_EXTERNAL_DEVICE"), None]
        );
    }

    #[test]
    fn names_match_their_index() {
        assert_eq!(NAMES[0], c"cuGetErrorString");
        assert!(NAMES.len() > 350);
        let mut sorted: Vec<_> = NAMES.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), NAMES.len());
    }
}
