//! Names of parts of a program in the profiles that NVIDIA's tools record.

use std::{ffi::CString, marker::PhantomData, sync::OnceLock};

use crate::{
    driver,
    ffi::nvtx::NvtxTable,
    loader::{Library, Opened},
};

/// Names what this thread does until the result is dropped, for tools such as Nsight Systems. Ranges nest.
///
/// It needs the library NVTX of a toolkit, which is opened at the first call; where there is none, nothing happens
/// ([`can_name_ranges`] says which). With [`DeviceOptions::ranges`](crate::DeviceOptions::ranges), or `XP_CUDA_RANGES=1`, operations on
/// arrays are such ranges by themselves.
///
/// ```
/// {
///     let _range = xp_cuda::range("preparation");
///     // What a profile shows under this name.
/// }
/// ```
#[must_use = "the range ends when this is dropped"]
pub fn range(name: &str) -> Range {
    if let Some(nvtx) = nvtx() {
        let name = CString::new(name.replace('\0', " ")).unwrap_or_default();
        // SAFETY: a C string, which the library copies.
        unsafe { (nvtx.nvtxRangePushA)(name.as_ptr()) };
    }
    Range { thread: PhantomData }
}

/// A range that goes on; see [`range`].
#[derive(Debug)]
pub struct Range {
    /// Ranges belong to a thread.
    thread: PhantomData<*const ()>,
}

impl Drop for Range {
    fn drop(&mut self) {
        if let Some(nvtx) = nvtx() {
            // SAFETY: it ends the range that began last on this thread: ranges nest as values do.
            unsafe { (nvtx.nvtxRangePop)() };
        }
    }
}

/// True where the library NVTX is.
pub fn can_name_ranges() -> bool {
    nvtx().is_some()
}

fn nvtx() -> Option<&'static NvtxTable> {
    static NVTX: OnceLock<Option<NvtxTable>> = OnceLock::new();
    NVTX.get_or_init(|| {
        let version = driver::version().ok().map(|(major, _)| major);
        NvtxTable::load(&Opened::open(Library::Nvtx, version).ok()?).ok()
    })
    .as_ref()
}
