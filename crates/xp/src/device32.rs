//! Which device, among those without `float64` too, when that is known at run time only.

#![allow(irrefutable_let_patterns, reason = "a build without `wgpu` has one variant")]

use std::fmt;
use std::str::FromStr;

use xp_any::AnyDevice;
#[cfg(feature = "wgpu")]
use xp_core::Backend;
use xp_core::{Error, Result};
#[cfg(feature = "wgpu")]
use xp_wgpu::Wgpu;

use crate::with_device32;

/// A device of any backend of the build, those without `float64` included: for programs whose numbers are `float32` or
/// [`B::MaxFloat`](xp_core::Backend::MaxFloat).
///
/// It is another type than [`AnyDevice`], whose devices all have `float64`: what is entered by [`with_device!`](crate::with_device)
/// may ask for `Linalg<f64>`, and would not compile for `Wgpu`. Who writes `Device32` has chosen precision for speed, and gets
/// [the best device](Device32::best) for it.
///
/// ```
/// use xp::{Device32, prelude::*, with_device32};
///
/// fn largest<B: Backend>(device: &B) -> xp::Result<f32> {
///     arange(device, 0.0f32, 4.0, 1.0)?.max(..).item()
/// }
///
/// let device = Device32::best()?; // CUDA, else any GPU if the build has `wgpu`, else the CPU
/// assert_eq!(with_device32!(&device, |device| largest(device))?, 3.0);
///
/// assert_eq!("cpu".parse::<Device32>()?.to_string(), "cpu");
/// assert!("abacus".parse::<Device32>().unwrap_err().to_string().contains("`cpu`"));
/// # Ok::<(), xp::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Device32 {
    /// One with `float64`.
    Any(AnyDevice),
    /// Any GPU.
    #[cfg(feature = "wgpu")]
    #[cfg_attr(docsrs, doc(cfg(feature = "wgpu")))]
    Wgpu(Wgpu),
}

impl Device32 {
    /// The first of these that the build and the machine have: an NVIDIA GPU by CUDA, any GPU by Vulkan, the CPU.
    ///
    /// Vulkan in software is passed over, since the CPU itself is faster. What was chosen is worth printing: a driver that does not start is no
    /// error here. To insist on a GPU, parse its name (`"wgpu".parse()`), which says why it cannot be had.
    ///
    /// # Errors
    /// When there is no device at all: a build without `cpu` on a machine without a GPU.
    pub fn best() -> Result<Self> {
        #[cfg(feature = "wgpu")]
        if !AnyDevice::best().is_ok_and(|device| Self::Any(device).is_gpu())
            && let Ok(gpu) = Wgpu::default_device()
            && !gpu.is_software()
        {
            return Ok(Self::Wgpu(gpu));
        }
        AnyDevice::best().map(Self::Any)
    }

    /// Every device of this machine that this build can use, GPUs before the CPU, and Vulkan in software last.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all: Vec<Self> = AnyDevice::all().into_iter().map(Self::Any).collect();
        #[cfg(feature = "wgpu")]
        all.extend(Wgpu::devices().into_iter().map(Self::Wgpu));
        all.sort_by_key(|device| match device {
            device if device.is_gpu() => 0,
            Self::Any(_) => 1,
            #[cfg(feature = "wgpu")]
            Self::Wgpu(_) => 2,
        });
        all
    }

    fn is_gpu(&self) -> bool {
        match self {
            Self::Any(device) => device.place() != xp_core::dlpack::Device::CPU,
            #[cfg(feature = "wgpu")]
            Self::Wgpu(device) => !device.is_software(),
        }
    }
}

impl From<AnyDevice> for Device32 {
    fn from(device: AnyDevice) -> Self {
        Self::Any(device)
    }
}

impl fmt::Display for Device32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        with_device32!(self, |device| fmt::Display::fmt(device, f))
    }
}

/// The names are those of [`AnyDevice`], `wgpu:1`, and `wgpu`, the adapter that `XP_WGPU_ADAPTER` names, or the first;
/// `best` is [`Device32::best`].
impl FromStr for Device32 {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        if name == "best" {
            return Self::best();
        }
        #[cfg(feature = "wgpu")]
        if name == "wgpu" {
            return Wgpu::default_device().map(Self::Wgpu);
        }
        #[cfg(feature = "wgpu")]
        if let Some(number) = name.strip_prefix("wgpu:") {
            let number =
                number.parse().map_err(|_| Error::value("device", format!("`{name}`: the number of an adapter is expected after `wgpu:`")))?;
            return Wgpu::new(number).map(Self::Wgpu);
        }
        name.parse::<AnyDevice>().map(Self::Any).map_err(|error| match error {
            Error::Value { what, why } if cfg!(feature = "wgpu") => Error::Value { what, why: format!("{why}; `wgpu` and `wgpu:N` are names too") },
            error => error,
        })
    }
}

/// Runs an expression with the device of a [`Device32`], as [`with_device!`](crate::with_device) does with that of an [`AnyDevice`].
///
/// The expression is compiled once for every backend of the build, `Wgpu` included: generic functions in it ask for `Backend`,
/// `Linalg<f32>` or `Linalg<<B as Backend>::MaxFloat>`.
///
/// ```
/// use xp::{Device32, prelude::*, with_device32};
/// let device: Device32 = "cpu".parse()?;
/// let shape = with_device32!(&device, |d| zeros::<_, f32, _>(d, [2, 3])?.shape());
/// assert_eq!(shape, [2, 3]);
/// # Ok::<(), xp::Error>(())
/// ```
#[macro_export]
macro_rules! with_device32 {
    ($device:expr, |$name:ident| $body:expr) => {
        match $device {
            device => 'chosen: {
                $crate::__if_wgpu! { if let $crate::Device32::Wgpu($name) = device { break 'chosen $body; } }
                if let $crate::Device32::Any(any) = device {
                    break 'chosen $crate::with_device!(any, |$name| $body);
                }
                unreachable!("every variant of `Device32` was tried")
            }
        }
    };
}

/// Its tokens, where the feature is on. (An attribute in the expansion would ask for a feature of the caller's crate.)
#[cfg(feature = "wgpu")]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_wgpu {
    ($($tokens:tt)*) => { $($tokens)* };
}
/// Its tokens, where the feature is on.
#[cfg(not(feature = "wgpu"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_wgpu {
    ($($tokens:tt)*) => {};
}
