//! Adapters and devices: which there are, which one is meant, and what is queued on it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use pollster::block_on;
use xp_core::disk_cache::DiskCache;
use xp_core::{Error, Result};

use crate::kernel::{Kernels, THREADS};
use crate::memory::Slots;
use crate::queue::Work;
use crate::self_test;
use crate::transforms::Tables;

/// The environment variable that names the default adapter: its number, or a part of its name.
pub(crate) const ADAPTER_VARIABLE: &str = "XP_WGPU_ADAPTER";

/// What a device must be able to do.
const FEATURES: wgpu::Features = wgpu::Features::SHADER_INT64.union(wgpu::Features::PASSTHROUGH_SHADERS);

/// Memory that the threads of a group share, at most: what Vulkan promises.
const SHARED_BYTES: u32 = 16 << 10;
/// Arrays that kernels of a fixed form bind, arguments included.
const FEWEST_ARRAYS: u32 = 7;

/// An adapter that is open: its queue, its memory, its kernels. A clone is the same device.
#[derive(Clone)]
pub(crate) struct Device(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    name: String,
    info: wgpu::AdapterInfo,
    pub(crate) limits: wgpu::Limits,
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    pub(crate) slots: Mutex<Slots>,
    pub(crate) work: Mutex<Work>,
    pub(crate) kernels: Kernels,
    pub(crate) tables: Tables,
    /// What an earlier operation failed with: the driver tells when it likes.
    failure: Arc<Mutex<Option<String>>>,
    /// Why the device is gone, once it is.
    lost: Arc<OnceLock<String>>,
}

/// A lock whose holder may have panicked: nothing here is left half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The adapters of this machine, the most powerful kind first. There are none without a driver.
fn adapters() -> &'static [wgpu::Adapter] {
    static ADAPTERS: OnceLock<(wgpu::Instance, Vec<wgpu::Adapter>)> = OnceLock::new();
    let (_, adapters) = ADAPTERS.get_or_init(|| {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = wgpu::Backends::VULKAN;
        let instance = wgpu::Instance::new(descriptor);
        let mut adapters = block_on(instance.enumerate_adapters(wgpu::Backends::VULKAN));
        adapters.sort_by_key(|adapter| match adapter.get_info().device_type {
            wgpu::DeviceType::DiscreteGpu => 0,
            wgpu::DeviceType::IntegratedGpu => 1,
            wgpu::DeviceType::VirtualGpu => 2,
            wgpu::DeviceType::Other => 3,
            wgpu::DeviceType::Cpu => 4,
        });
        (instance, adapters)
    });
    adapters
}

/// The names of the adapters, in the order of their numbers.
pub(crate) fn adapter_names() -> Vec<String> {
    adapters().iter().map(|adapter| adapter.get_info().name).collect()
}

/// The number of the adapter that is meant where none is named.
pub(crate) fn default_adapter() -> Result<usize> {
    match std::env::var_os(ADAPTER_VARIABLE) {
        None => Ok(0),
        Some(text) => {
            let text = text.to_string_lossy();
            chosen(&text, &adapter_names()).ok_or_else(|| {
                Error::value(
                    ADAPTER_VARIABLE,
                    format!("`{text}` is neither the number of an adapter nor a part of its name: there are {:?}", adapter_names()),
                )
            })
        }
    }
}

/// The adapter of this number, or the first with this in its name.
fn chosen(text: &str, names: &[String]) -> Option<usize> {
    match text.trim().parse::<usize>() {
        Ok(number) => (number < names.len()).then_some(number),
        Err(_) => names.iter().position(|name| name.to_lowercase().contains(&text.trim().to_lowercase())),
    }
}

/// Which limit is below what the kernels are written for, and what they need.
fn lacking(limits: &wgpu::Limits) -> Option<String> {
    let threads = limits.max_compute_workgroup_size_x.min(limits.max_compute_invocations_per_workgroup);
    [
        ("threads in a group", threads, THREADS as u32),
        ("bytes that a group of threads shares", limits.max_compute_workgroup_storage_size, SHARED_BYTES),
        ("arrays in one kernel", limits.max_storage_buffers_per_shader_stage, FEWEST_ARRAYS),
    ]
    .into_iter()
    .find(|(_, has, needed)| has < needed)
    .map(|(what, has, needed)| format!("at most {has} {what}, of which kernels need {needed}: choose another adapter by {ADAPTER_VARIABLE}"))
}

impl Device {
    /// The device of an adapter, opened when it is first asked for.
    pub(crate) fn get(number: usize) -> Result<Self> {
        static DEVICES: OnceLock<Mutex<HashMap<usize, Device>>> = OnceLock::new();
        let mut devices = lock(DEVICES.get_or_init(Mutex::default));
        if let Some(device) = devices.get(&number) {
            return Ok(device.clone());
        }
        let device = Self::open(number, |_| ())?;
        devices.insert(number, device.clone());
        Ok(device)
    }

    /// A device of its own. `lower` may take from the adapter's limits.
    pub(crate) fn open(number: usize, lower: impl FnOnce(&mut wgpu::Limits)) -> Result<Self> {
        let name = format!("wgpu:{number}");
        let fail = |why: String| Error::Backend { device: name.clone(), operation: "opening of the device".into(), why };
        let adapter = adapters().get(number).ok_or_else(|| {
            fail(match adapters().len() {
                0 => "there is no Vulkan adapter: install the driver of the GPU, or Mesa's software one (`mesa-vulkan-drivers`, `libvulkan1`)".into(),
                n => format!("there are {n} adapters: {:?}", adapter_names()),
            })
        })?;
        let info = adapter.get_info();
        let missing = FEATURES - adapter.features();
        if !missing.is_empty() {
            let why = format!("{} lacks {missing:?}, which positions of 64 bits and strict arithmetic need", info.name);
            return Err(fail(format!("{why}: choose another adapter by {ADAPTER_VARIABLE}")));
        }
        let mut limits = adapter.limits();
        lower(&mut limits);
        if let Some(why) = lacking(&limits) {
            return Err(fail(format!("{} has {why}", info.name)));
        }
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("xp"),
            required_features: FEATURES,
            required_limits: limits.clone(),
            // SAFETY: modules are passed to the driver as they are; each was validated by naga, and kernels check their bounds.
            experimental_features: unsafe { wgpu::ExperimentalFeatures::enabled() },
            ..Default::default()
        };
        let (device, queue) = block_on(adapter.request_device(&descriptor)).map_err(|e| fail(format!("{}: {e}", info.name)))?;
        let failure = Arc::new(Mutex::new(None));
        let noted = failure.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            lock(&noted).get_or_insert_with(|| error.to_string());
        }));
        let lost = Arc::new(OnceLock::new());
        let noted = lost.clone();
        device.set_device_lost_callback(move |reason, message| {
            let _ = noted.set(format!("the device was lost ({reason:?}): {message}"));
        });
        let work = Work::new(&device, &limits);
        let kernels = Kernels::new(DiskCache::from_env("XP_WGPU_CACHE", "xp-wgpu", "spv"));
        let inner = Inner {
            name,
            info,
            limits,
            device,
            queue,
            slots: Mutex::default(),
            work: Mutex::new(work),
            kernels,
            tables: Tables::default(),
            failure,
            lost,
        };
        let device = Device(Arc::new(inner));
        self_test::run(&device)?;
        Ok(device)
    }

    /// The adapter's name.
    pub(crate) fn adapter(&self) -> &str {
        &self.0.info.name
    }

    /// Whether the CPU does the work.
    pub(crate) fn is_software(&self) -> bool {
        self.0.info.device_type == wgpu::DeviceType::Cpu
    }

    /// The driver's name and version.
    pub(crate) fn driver(&self) -> String {
        format!("{} {}", self.0.info.driver, self.0.info.driver_info)
    }

    /// The most bytes that an array can have in memory: what a kernel can bind.
    pub(crate) fn most_bytes(&self) -> u64 {
        self.0.limits.max_storage_buffer_binding_size.min(self.0.limits.max_buffer_size) & !7
    }

    /// An error of this device.
    pub(crate) fn fail(&self, operation: &str, why: impl Into<String>) -> Error {
        let why = format!("{}: {}", self.adapter(), why.into());
        Error::Backend { device: self.to_string(), operation: operation.into(), why }
    }

    /// An error once the device is lost.
    pub(crate) fn check_alive(&self, operation: &str) -> Result<()> {
        self.0.lost.get().map_or(Ok(()), |why| Err(self.fail(operation, why)))
    }

    /// The failure of an earlier operation, once; that the device is lost, always.
    pub(crate) fn check(&self, operation: &str) -> Result<()> {
        self.check_alive(operation)?;
        match lock(&self.0.failure).take() {
            Some(why) => Err(self.fail(operation, why)),
            None => Ok(()),
        }
    }
}

impl PartialEq for Device {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
impl Eq for Device {}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.name)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use xp_core::functions::{Ascending, arange};
    use xp_core::{Array, Backend, Error, Ix1, linalg};

    use super::{Device, chosen, lock};
    use crate::Wgpu;

    /// A device of its own; none on a machine without an adapter.
    pub(crate) fn own() -> Option<Wgpu> {
        if Wgpu::adapters().is_empty() {
            assert!(std::env::var_os("XP_WGPU_REQUIRED").is_none(), "there is no Vulkan adapter, and XP_WGPU_REQUIRED asks for one");
            eprintln!("SKIPPED: there is no Vulkan adapter on this machine");
            return None;
        }
        Some(Wgpu::separate(Wgpu::default_adapter().unwrap(), None).unwrap())
    }

    /// A device with lower limits than the adapter's.
    fn lowered(lower: impl FnOnce(&mut wgpu::Limits)) -> xp_core::Result<Wgpu> {
        Device::open(Wgpu::default_adapter()?, lower).map(|device| Wgpu { device })
    }

    #[test]
    fn an_adapter_that_is_too_small_is_refused_by_the_name_of_its_limit() {
        let Some(wgpu) = own() else { return };
        let cases: [(fn(&mut wgpu::Limits), &str); 4] = [
            (|l| l.max_compute_invocations_per_workgroup = 128, "128 threads in a group, of which kernels need 256"),
            (|l| l.max_compute_workgroup_size_x = 64, "64 threads in a group"),
            (|l| l.max_compute_workgroup_storage_size = 8192, "8192 bytes that a group of threads shares, of which kernels need 16384"),
            (|l| l.max_storage_buffers_per_shader_stage = 4, "4 arrays in one kernel"),
        ];
        for (lower, what) in cases {
            let error = lowered(lower).unwrap_err().to_string();
            assert!(error.contains(what) && error.contains(wgpu.adapter()) && error.contains("XP_WGPU_ADAPTER"), "{error}");
        }
    }

    /// As few groups, arrays and bytes as a device may have.
    #[test]
    fn a_tiny_device_computes_the_same() {
        let Some(_) = own() else { return };
        let wgpu = lowered(|l| {
            l.max_compute_workgroups_per_dimension = 40;
            l.max_storage_buffers_per_shader_stage = 8;
            l.max_compute_workgroup_storage_size = 16 << 10;
            l.max_storage_buffer_binding_size = 1 << 20;
        })
        .unwrap();
        let n = 100_003usize;
        let x = Array::<_, i32, Ix1>::from_vec(&wgpu, (0..n as i32).map(|k| k.wrapping_mul(7919) % 1000).collect(), [n]).unwrap();
        let doubled = (x.lazy() * 2).try_eval().unwrap();
        assert_eq!(doubled.to_vec(), x.to_vec().into_iter().map(|v| v * 2).collect::<Vec<_>>());
        let mut sorted = x.to_vec();
        sorted.sort_unstable();
        assert_eq!(x.sort(0, Ascending).unwrap().to_vec(), sorted);
        assert_eq!(x.sum(0).item().unwrap(), sorted.iter().map(|&v| i64::from(v)).sum::<i64>());
        let square = xp_core::random::Generator::new(1).normal::<_, f32, _>(&wgpu, [40, 40]).unwrap();
        let (q, r) = linalg::qr(&square, linalg::Full).unwrap();
        let apart = (q.matmul(&r).unwrap().lazy() - &square).abs().max(..).try_eval().unwrap().item().unwrap();
        let (u, s, vh) = linalg::svd(&square, linalg::Full).unwrap();
        let again = ((u.lazy() * &s).try_eval().unwrap().matmul(&vh).unwrap().lazy() - &square).abs().max(..).try_eval().unwrap().item().unwrap();
        assert!(apart < 1e-4 && again < 1e-4, "{apart} {again}");
        // More arrays, or groups, or bytes than there may be.
        let many: Vec<_> = (0..8).map(|k| (x.lazy() + k).try_eval().unwrap()).collect();
        let [a, b, c, d, e, f, g, h] = many.as_slice() else { panic!("eight") };
        let sum = (a.lazy() + b + c + d + e + f + g + h).try_eval().map(drop).unwrap_err().to_string();
        assert!(sum.contains("arrays in one kernel, the adapter takes 7") && sum.contains("split the expression"), "{sum}");
        let large = (arange(&wgpu, 0, 250_000, 1i32).unwrap().lazy() + 1).sum(..).try_eval().unwrap().item().unwrap();
        assert_eq!(large, 250_000 * 250_001 / 2);
        let row = arange(&wgpu, 0, 1000, 1i32).unwrap();
        let groups = (row.expand_dims(0).unwrap().lazy() + row.expand_dims(1).unwrap().lazy()).try_eval().map(drop).unwrap_err().to_string();
        assert!(groups.contains("1048576 bytes"), "{groups}");
    }

    /// The driver's objects and bytes, by wgpu's own counters.
    #[test]
    fn nothing_is_left_behind() {
        let Some(wgpu) = own() else { return };
        let work = || {
            let x = xp_core::random::Generator::new(1).normal::<_, f32, _>(&wgpu, [30, 20]).unwrap();
            let y = (x.lazy() * 2.0f32 + 1.0f32).try_eval().unwrap().sort(0, Ascending).unwrap();
            let gram = linalg::gram(&y.lazy()).unwrap();
            let positive = y.select(&y.greater(0.0f32)).unwrap();
            let (values, _) = linalg::eigh(&gram).unwrap();
            values.sum(..).item().unwrap() + positive.sum(..).item().unwrap()
        };
        let counts = || {
            wgpu.synchronize().unwrap();
            let all = wgpu.device.0.device.get_internal_counters().hal;
            [&all.buffers, &all.buffer_memory, &all.bind_groups, &all.bind_group_layouts, &all.compute_pipelines, &all.shader_modules, &all.fences]
                .map(|counter| counter.read())
        };
        work();
        let before = counts();
        assert!(before.iter().all(|&n| n > 0), "wgpu counts: {before:?}");
        (0..10).for_each(|_| _ = work());
        assert_eq!(counts(), before, "buffers, their bytes, bindings, layouts, pipelines, modules, fences");
    }

    #[test]
    fn a_lost_device_is_an_error_of_all_that_follows() {
        let Some(wgpu) = own() else { return };
        let x = Array::from_vec(&wgpu, vec![1.0f32, 2.0], [2]).unwrap();
        let y = &x + 1.0f32;
        wgpu.device.0.device.destroy();
        for _ in 0..2 {
            for error in
                [y.to_host().map(|_| ()).unwrap_err(), wgpu.synchronize().unwrap_err(), (x.lazy() * 2.0f32).try_eval().map(|_| ()).unwrap_err()]
            {
                assert!(matches!(error, Error::Backend { .. }) && error.to_string().contains("the device was lost"), "{error}");
            }
        }
        // Another one goes on.
        let other = own().unwrap();
        assert_eq!(Array::from_vec(&other, vec![1.0f32], [1]).unwrap().to_vec(), [1.0]);
    }

    #[test]
    fn memory_that_a_driver_refuses_is_an_error() {
        let Some(wgpu) = own() else { return };
        let refuse = |times| lock(&wgpu.device.0.slots).refusals = times;
        let make = |n: usize| xp_core::functions::zeros::<_, f32, _>(&wgpu, [n]);
        drop(make(1 << 16).unwrap());
        assert!(wgpu.memory().1 > 0, "what was freed is kept");
        // What is kept is given back, and the second attempt succeeds.
        refuse(1);
        let x = make(1 << 18).unwrap();
        assert_eq!(wgpu.memory().1, 0);
        refuse(2);
        assert_eq!(make(1 << 17).unwrap_err(), Error::out_of_memory(&wgpu, 4 << 17));
        assert_eq!(make(1 << 17).unwrap().sum(0).item().unwrap() + x.sum(0).item().unwrap(), 0.0);
    }

    #[test]
    fn adapters_are_chosen_by_number_or_name() {
        let names = ["NVIDIA H200".to_owned(), "llvmpipe (LLVM 15.0.6, 256 bits)".to_owned()];
        for (text, number) in
            [("0", Some(0)), (" 1 ", Some(1)), ("2", None), ("LLVMpipe", Some(1)), ("nvidia", Some(0)), ("intel", None), ("-1", None)]
        {
            assert_eq!(chosen(text, &names), number, "{text}");
        }
    }
}
