//! Fourier transforms.

use std::ffi::{c_int, c_longlong};

use super::{call, check, open_library, with_room};
use crate::{
    device::Device,
    error::Result,
    ffi::cufft::{CufftTable, cufftHandle},
    loader::Library,
};

/// The kind of a transform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Complex to complex.
    Complex,
    /// Real to half-complex.
    RealToComplex,
    /// Half-complex to real.
    ComplexToReal,
}

/// A batch of transforms over neighbouring axes of contiguous arrays, as many as there are lengths.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PlanKey {
    /// The kind of the transform.
    pub kind: Kind,
    /// Double precision.
    pub double: bool,
    /// One to three lengths, those of the real side for real transforms.
    pub lengths: Vec<i64>,
    /// Elements between neighbours along the last of these axes, on both sides: 1 where no axes follow.
    pub stride: i64,
    /// Elements between the first elements of two transforms, of the input and of the output.
    pub distance: (i64, i64),
    /// Number of transforms.
    pub batch: i64,
}

/// A prepared transform.
pub trait FftPlan: Send + Sync {
    /// Runs the transform, unscaled; `inverse` matters for complex transforms only.
    ///
    /// # Errors
    /// Those of the library.
    ///
    /// # Safety
    /// Both addresses must be live memory of the plan's device, as large as the plan says, and aligned as its complex numbers
    /// are. A half-complex input is overwritten. One thread at a time.
    unsafe fn execute(&self, device: &Device, input: u64, output: u64, inverse: bool) -> Result<()>;
}

/// Prepares transforms.
pub trait FftLib: Send + Sync {
    /// Prepares a transform on this device.
    ///
    /// # Errors
    /// Those of the library.
    fn plan(&self, device: &Device, key: &PlanKey) -> Result<Box<dyn FftPlan>>;
}

/// NVIDIA's cuFFT.
pub(crate) struct CuFft {
    table: CufftTable,
}

impl CuFft {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self { table: CufftTable::load(&open_library(Library::Cufft)?)? })
    }
}

impl FftLib for CuFft {
    fn plan(&self, device: &Device, key: &PlanKey) -> Result<Box<dyn FftPlan>> {
        with_room(device, || self.new_plan(device, key))
    }
}

impl CuFft {
    fn new_plan(&self, device: &Device, key: &PlanKey) -> Result<Box<dyn FftPlan>> {
        let operation = "plan of a Fourier transform";
        let (_current, _turn) = (device.enter(operation)?, device.turn());
        let ok = |status| check(Library::Cufft, status, operation);
        let mut handle = 0;
        // SAFETY: an output pointer.
        ok(unsafe { (self.table.cufftCreate)(&mut handle) })?;
        let mut plan = CuFftPlan { table: self.table, handle, kind: key.kind, double: key.double, work: 0 };
        // Workspaces come from the device's pool, for the time of a transform: plans keep none.
        // SAFETY: a live plan.
        ok(unsafe { (self.table.cufftSetAutoAllocation)(handle, 0) })?;
        let mut lengths: Vec<c_longlong> = key.lengths.clone();
        // Without embedding lengths cuFFT ignores strides, so they are always given: the lengths of each side.
        let mut half = lengths.clone();
        if let Some(last) = half.last_mut() {
            *last = *last / 2 + 1;
        }
        let (mut inner, mut outer) = match key.kind {
            Kind::Complex => (lengths.clone(), lengths.clone()),
            Kind::RealToComplex => (lengths.clone(), half),
            Kind::ComplexToReal => (half, lengths.clone()),
        };
        let code = plan.code();
        // SAFETY: a live plan and arrays of `rank` lengths.
        ok(unsafe {
            (self.table.cufftMakePlanMany64)(
                handle,
                lengths.len() as c_int,
                lengths.as_mut_ptr(),
                inner.as_mut_ptr(),
                key.stride,
                key.distance.0,
                outer.as_mut_ptr(),
                key.stride,
                key.distance.1,
                code,
                key.batch,
                &mut plan.work,
            )
        })?;
        // SAFETY: a live plan and the device's stream.
        ok(unsafe { (self.table.cufftSetStream)(handle, device.stream().as_inner()) })?;
        Ok(Box::new(plan))
    }
}

struct CuFftPlan {
    table: CufftTable,
    handle: cufftHandle,
    kind: Kind,
    double: bool,
    /// Bytes of workspace.
    work: usize,
}

impl CuFftPlan {
    /// The `cufftType` of the plan.
    fn code(&self) -> c_int {
        match (self.kind, self.double) {
            (Kind::Complex, false) => 0x29,
            (Kind::Complex, true) => 0x69,
            (Kind::RealToComplex, false) => 0x2a,
            (Kind::RealToComplex, true) => 0x6a,
            (Kind::ComplexToReal, false) => 0x2c,
            (Kind::ComplexToReal, true) => 0x6c,
        }
    }
}

impl FftPlan for CuFftPlan {
    unsafe fn execute(&self, device: &Device, input: u64, output: u64, inverse: bool) -> Result<()> {
        let direction = if inverse { 1 } else { -1 };
        let (t, plan) = (&self.table, self.handle);
        let work = device.alloc(self.work, "Fourier transform")?;
        // SAFETY: a live plan and a workspace of the size that cuFFT asked for, which is freed in stream order. No other thread
        // uses the plan meanwhile.
        call(device, Library::Cufft, "Fourier transform", || unsafe { (t.cufftSetWorkArea)(plan, work.pointer() as *mut _) })?;
        // SAFETY: a live plan, and arrays by the contract of this method.
        call(device, Library::Cufft, "Fourier transform", || unsafe {
            match (self.kind, self.double) {
                (Kind::Complex, false) => (t.cufftExecC2C)(plan, input as *mut _, output as *mut _, direction),
                (Kind::Complex, true) => (t.cufftExecZ2Z)(plan, input as *mut _, output as *mut _, direction),
                (Kind::RealToComplex, false) => (t.cufftExecR2C)(plan, input as *mut _, output as *mut _),
                (Kind::RealToComplex, true) => (t.cufftExecD2Z)(plan, input as *mut _, output as *mut _),
                (Kind::ComplexToReal, false) => (t.cufftExecC2R)(plan, input as *mut _, output as *mut _),
                (Kind::ComplexToReal, true) => (t.cufftExecZ2D)(plan, input as *mut _, output as *mut _),
            }
        })
    }
}

impl Drop for CuFftPlan {
    fn drop(&mut self) {
        // SAFETY: a live plan, destroyed once.
        unsafe { (self.table.cufftDestroy)(self.handle) };
    }
}
