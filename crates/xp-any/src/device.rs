//! Which device, when that is known at run time only.

#![allow(irrefutable_let_patterns, reason = "a build with one backend has one variant")]

use std::fmt;
use std::str::FromStr;

#[cfg(feature = "cuda")]
use xp_core::Backend;
use xp_core::dlpack::Device as Place;
use xp_core::{Error, Result};
#[cfg(feature = "cpu")]
use xp_cpu::Cpu;
#[cfg(feature = "cuda")]
use xp_cuda::Cuda;

use crate::with_device;

/// A device of any backend that this build holds, chosen at run time: from the command line, from a file, or
/// [the best there is](AnyDevice::best).
///
/// Arrays have their backend in their type, so a program that leaves the choice to its user is a generic function that is
/// entered once, for the backend that was chosen: [`with_device!`](crate::with_device) does that. Nothing inside looks at the
/// choice again. Where no function can be generic, `AnyDevice` is a [backend](xp_core::Backend) itself, which looks at it in every
/// operation.
///
/// ```
/// use xp::{AnyDevice, prelude::*, with_device};
///
/// fn mean_of_squares<B: Backend>(device: &B) -> xp::Result<f64> {
///     let x = arange(device, 0.0, 4.0, 1.0)?;
///     Ok((&x * &x).to_vec().iter().sum::<f64>() / 4.0)
/// }
///
/// let device = AnyDevice::best()?; // a GPU if the build and the machine have one, else the CPU
/// let mean = with_device!(&device, |device| mean_of_squares(device))?;
/// assert_eq!(mean, 3.5);
///
/// let cpu: AnyDevice = "cpu".parse()?;
/// assert_eq!(cpu.to_string(), "cpu");
/// assert!("abacus".parse::<AnyDevice>().unwrap_err().to_string().contains("`cpu`"));
/// # Ok::<(), xp::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AnyDevice {
    /// The processor.
    #[cfg(feature = "cpu")]
    #[cfg_attr(docsrs, doc(cfg(feature = "cpu")))]
    Cpu(Cpu),
    /// An NVIDIA GPU.
    #[cfg(feature = "cuda")]
    #[cfg_attr(docsrs, doc(cfg(feature = "cuda")))]
    Cuda(Cuda),
}

impl AnyDevice {
    /// A GPU if this build has a backend for GPUs and the machine has one that starts, else the CPU.
    ///
    /// What was chosen is worth printing: a driver that does not start is no error here. To insist on a GPU, parse its name
    /// (`"cuda".parse()`), which says why it cannot be had.
    ///
    /// # Errors
    /// When there is no device at all: a build without `cpu` on a machine without a GPU.
    pub fn best() -> Result<Self> {
        #[cfg(feature = "cuda")]
        let gpu = Cuda::default_device().map(Self::Cuda);
        #[cfg(all(feature = "cuda", feature = "cpu"))]
        return gpu.or(Ok(Self::Cpu(Cpu)));
        #[cfg(all(feature = "cuda", not(feature = "cpu")))]
        return gpu;
        #[cfg(all(feature = "cpu", not(feature = "cuda")))]
        return Ok(Self::Cpu(Cpu));
    }

    /// Where the device is, as [DLPack](xp_core::dlpack) numbers it.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            #[cfg(feature = "cpu")]
            Self::Cpu(_) => Place::CPU,
            #[cfg(feature = "cuda")]
            Self::Cuda(device) => Place::cuda(device.device().ordinal() as i32),
        }
    }

    /// The device at a place.
    ///
    /// # Errors
    /// [`Error::Value`] for a kind of device that this build has no backend for, and those of the backend.
    ///
    /// ```
    /// use xp::AnyDevice;
    /// let cpu: AnyDevice = "cpu".parse()?;
    /// assert_eq!(AnyDevice::at(cpu.place())?, cpu);
    /// # Ok::<(), xp::Error>(())
    /// ```
    pub fn at(place: Place) -> Result<Self> {
        #[cfg(feature = "cpu")]
        if place.kind == Place::CPU.kind {
            return Ok(Self::Cpu(Cpu));
        }
        #[cfg(feature = "cuda")]
        if let (true, Ok(ordinal)) = (place.kind == Place::cuda(0).kind, place.id.try_into()) {
            return Cuda::new(ordinal).map(Self::Cuda);
        }
        Err(Error::value("device", format!("DLPack device ({}, {}) given, which this build has no backend for", place.kind, place.id)))
    }

    /// Every device of this machine that this build can use, GPUs first.
    #[must_use]
    #[allow(clippy::vec_init_then_push, reason = "what comes before depends on the features")]
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(feature = "cuda")]
        all.extend(Cuda::devices().into_iter().map(Self::Cuda));
        #[cfg(feature = "cpu")]
        all.push(Self::Cpu(Cpu));
        all
    }
}

impl fmt::Display for AnyDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        with_device!(self, |device| fmt::Display::fmt(device, f))
    }
}

/// The names are those that devices print: `cpu`, `cuda:1`; `cuda` is its default device, and `best` is [`AnyDevice::best`].
impl FromStr for AnyDevice {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let (backend, ordinal) = name.split_once(':').map_or((name, None), |(backend, ordinal)| (backend, Some(ordinal)));
        match (backend, ordinal) {
            ("best", None) => Self::best(),
            #[cfg(feature = "cpu")]
            ("cpu", None) => Ok(Self::Cpu(Cpu)),
            #[cfg(feature = "cuda")]
            ("cuda", None) => Cuda::default_device().map(Self::Cuda),
            #[cfg(feature = "cuda")]
            ("cuda", Some(ordinal)) => {
                let ordinal =
                    ordinal.parse().map_err(|_| Error::value("device", format!("`{name}`: the number of a device is expected after `cuda:`")))?;
                Cuda::new(ordinal).map(Self::Cuda)
            }
            _ => {
                let names = [("best", true), ("cpu", cfg!(feature = "cpu")), ("cuda", cfg!(feature = "cuda")), ("cuda:N", cfg!(feature = "cuda"))];
                let names: Vec<String> = names.into_iter().filter(|(_, there)| *there).map(|(name, _)| format!("`{name}`")).collect();
                Err(Error::value(
                    "device",
                    format!("`{name}` given, one of {} expected (a backend is there when its Cargo feature is on)", names.join(", ")),
                ))
            }
        }
    }
}

/// Runs an expression with the device of an [`AnyDevice`], once for the backend that it is of: `with_device!(&device, |d| train(d))`.
///
/// The expression is compiled once for every backend of the build, with `d` a reference to a `Cpu`, a `Cuda`, ...; its value is
/// the same type for all. It is no closure: `?` and `return` in it leave the function around it.
///
/// ```
/// use xp::{AnyDevice, prelude::*, with_device};
/// let device: AnyDevice = "cpu".parse()?;
/// let shape = with_device!(&device, |d| zeros::<_, f32, _>(d, [2, 3])?.shape());
/// assert_eq!(shape, [2, 3]);
/// # Ok::<(), xp::Error>(())
/// ```
#[macro_export]
macro_rules! with_device {
    ($device:expr, |$name:ident| $body:expr) => {
        match $device {
            device => 'chosen: {
                $crate::__if_cpu! { if let $crate::AnyDevice::Cpu($name) = device { break 'chosen $body; } }
                $crate::__if_cuda! { if let $crate::AnyDevice::Cuda($name) = device { break 'chosen $body; } }
                unreachable!("every variant of `AnyDevice` was tried")
            }
        }
    };
}

/// Its tokens, where the feature is on. (An attribute in the expansion would ask for a feature of the caller's crate.)
#[cfg(feature = "cpu")]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_cpu {
    ($($tokens:tt)*) => { $($tokens)* };
}
/// Its tokens, where the feature is on.
#[cfg(not(feature = "cpu"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_cpu {
    ($($tokens:tt)*) => {};
}
/// Its tokens, where the feature is on.
#[cfg(feature = "cuda")]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_cuda {
    ($($tokens:tt)*) => { $($tokens)* };
}
/// Its tokens, where the feature is on.
#[cfg(not(feature = "cuda"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_cuda {
    ($($tokens:tt)*) => {};
}

#[cfg(test)]
mod tests {
    use super::*;
    use xp_core::Backend as AnyBackend;

    /// Runs once per element type and backend: what a program's generic body looks like to the dispatcher.
    fn name_of<B: AnyBackend>(device: &B) -> (String, &'static str) {
        (device.to_string(), B::NAME)
    }

    #[test]
    fn names_are_parsed_as_devices_print_them() {
        for device in AnyDevice::all() {
            assert_eq!(device.to_string().parse::<AnyDevice>().unwrap(), device);
        }
    }

    #[test]
    #[cfg(feature = "cpu")]
    fn the_body_runs_for_the_chosen_backend_and_may_leave_the_function() {
        fn early(device: &AnyDevice) -> Option<String> {
            let text = with_device!(device, |d| Some(name_of(d).0)?);
            Some(text)
        }
        let cpu: AnyDevice = "cpu".parse().unwrap();
        assert_eq!(with_device!(&cpu, |d| name_of(d)), (Cpu.to_string(), <Cpu as AnyBackend>::NAME));
        assert_eq!(early(&cpu), Some(Cpu.to_string()));
        assert!(AnyDevice::best().is_ok());
    }

    #[test]
    fn unknown_names_are_errors_that_list_the_known_ones() {
        for name in ["", "gpu", "cpu:0", "best:1", "cuda:first"] {
            let error = name.parse::<AnyDevice>().unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
            assert!(error.contains("`best`") || error.contains("`cuda:`"), "{error}");
        }
    }
}
