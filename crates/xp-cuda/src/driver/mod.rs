//! The CUDA driver: opening it, its version, and its errors.

mod shim;

use std::sync::OnceLock;

use cust::{CudaFlags, error::CudaError, sys};

use crate::{
    error::{DriverCode, Error, Result},
    loader,
};

/// Opens and initialises the driver. The first call decides; later calls repeat its result.
///
/// # Errors
/// [`Error::LibraryNotFound`] when the machine has no driver, [`Error::Driver`] when it does not start.
pub fn init() -> Result<()> {
    static INIT: OnceLock<Result<()>> = OnceLock::new();
    INIT.get_or_init(|| {
        shim::load()?;
        cust::init(CudaFlags::empty()).or_fail(|| "start of the CUDA driver".into())
    })
    .clone()
}

/// The CUDA version that the driver supports, as `(major, minor)`.
///
/// # Errors
/// Those of [`init`].
pub fn version() -> Result<(u32, u32)> {
    init()?;
    let version = cust::CudaApiVersion::get().or_fail(|| "query of the driver version".into())?;
    Ok((version.major() as u32, version.minor() as u32))
}

/// The number of CUDA devices.
///
/// # Errors
/// Those of [`init`].
pub fn device_count() -> Result<u32> {
    init()?;
    match cust::device::Device::num_devices() {
        Err(CudaError::NoDevice) => Ok(0),
        other => other.or_fail(|| "query of the number of devices".into()),
    }
}

/// Name and argument types of the driver's functions as the bindings declare them, for a comparison with `cuda.h`.
pub fn signatures() -> &'static [(&'static str, &'static [&'static str])] {
    shim::SIGNATURES
}

/// The name of the provider that stands in for the driver, if one is installed.
pub fn simulated_by() -> Option<&'static str> {
    loader::provider().map(|p| p.name)
}

pub(crate) use shim::known_name;

/// The result code of a failed driver call, also one for which the bindings or cust have no name.
fn code_of(raw: u32) -> DriverCode {
    if raw == DriverCode::UNKNOWN.0 { DriverCode(shim::last_failure()) } else { DriverCode(raw) }
}

/// Results of cust and of the raw bindings, with the operation that they belong to.
pub(crate) trait OrFail<T> {
    /// The result code, or the value.
    fn code(self) -> Result<T, DriverCode>;

    /// The value, or [`Error::Driver`] for the operation that `operation` names.
    fn or_fail(self, operation: impl FnOnce() -> String) -> Result<T>
    where
        Self: Sized,
    {
        self.code().map_err(|code| Error::Driver { operation: operation(), code })
    }
}

impl<T> OrFail<T> for cust::error::CudaResult<T> {
    fn code(self) -> Result<T, DriverCode> {
        self.map_err(|e| code_of(e as u32))
    }
}

impl OrFail<()> for sys::CUresult {
    fn code(self) -> Result<(), DriverCode> {
        match self as u32 {
            0 => Ok(()),
            raw => Err(code_of(raw)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes that the bindings know and cust calls unknown, among them what a machine without a fabric manager answers.
    #[test]
    fn codes_that_cust_has_no_name_for_are_kept() {
        for code in [34, 222, 802, 803, 804, 900, 911, 226] {
            shim::clamp(code);
            let error = Err::<(), _>(CudaError::UnknownError).or_fail(|| "a test".into()).unwrap_err();
            assert!(matches!(error, Error::Driver { code: DriverCode(kept), .. } if kept == code), "{code}: {error}");
            assert!(!error.to_string().contains("UNKNOWN"), "{error}");
        }
    }
}
