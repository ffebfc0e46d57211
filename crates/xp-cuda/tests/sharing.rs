//! What a program shares with a device beside arrays: events, page-locked memory, recorded work, names of ranges, memory of other
//! libraries.

mod common;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use common::{device_with, needs_simulation, options, upload};
use xp_core::dlpack::{Device as Place, IS_COPIED, Managed, READ_ONLY};
use xp_core::functions::{arange, full, ones, zeros};
use xp_core::{Array, DType, Dyn, Element, Ix1, Ix2, s};
use xp_cuda::{Cuda, dlpack};
use xp_cuda_sim::{stats, trace};

/// Held by tests that count what the device does.
static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn fresh() -> Cuda {
    if common::real().is_none() {
        common::simulate();
        let _ = xp_cuda::libraries::install(xp_cuda_sim::libraries::factories());
    }
    device_with(0, options()).expect("a C++ compiler (g++, or set CXX)").into()
}

fn twice(x: &Array<Cuda, f64, Ix1>) -> Array<Cuda, f64, Ix1> {
    (x.lazy() * 2.0).try_eval().unwrap()
}

#[test]
fn events_pass_with_the_work_before_them() {
    let _alone = ALONE.lock();
    let device = fresh();
    let x = arange(&device, 0.0, 1000.0, 1.0).unwrap();
    let begin = device.device().record_event().unwrap();
    let y = twice(&x);
    let end = device.device().record_event().unwrap();
    if common::real().is_none() {
        assert!(!begin.is_done().unwrap() && !end.is_done().unwrap(), "nothing has been waited for");
    }
    begin.wait().unwrap();
    assert!(begin.is_done().unwrap());
    assert!(end.milliseconds_since(&begin).unwrap() >= 0.0);
    assert!(end.is_done().unwrap());
    assert_eq!(y.to_vec()[999], 1998.0);
    let other: Cuda = if common::real().is_none() { device_with(1, options()).unwrap().into() } else { fresh() };
    other.device().wait_event(&end).unwrap();
    assert_eq!(twice(&ones(&other, [3]).unwrap()).to_vec(), [2.0; 3]);
}

#[test]
fn page_locked_memory_is_copied_beside_the_work_of_the_device() {
    let _alone = ALONE.lock();
    let device = fresh();
    for n in [0usize, 1, 5, 300_000] {
        let mut memory = device.pinned::<f64>(n).unwrap();
        assert!(memory.iter().all(|&x| x == 0.0) && memory.len() == n);
        memory.iter_mut().zip(0..).for_each(|(x, i)| *x = i as f64);
        let before = stats(0);
        let busy = twice(&full(&device, [4], 3.0).unwrap());
        let behind = device.device().record_event().unwrap();
        let (x, sent) = device.upload_async(memory, &[n]).unwrap();
        let x: Array<Cuda, f64, Ix1> = x.into_rank().unwrap();
        let y = twice(&x);
        let received = Cuda::download_async(&y, device.pinned(n).unwrap()).unwrap();
        if common::real().is_none() {
            let after = stats(0);
            assert_eq!(after.synchronisations, before.synchronisations, "{n}: nothing waits");
            assert_eq!((after.uploaded - before.uploaded, after.downloaded - before.downloaded), (8 * n, 8 * n));
            assert!(n == 0 || !sent.is_done().unwrap() && !received.is_done().unwrap(), "{n}");
        }
        let memory = sent.wait().unwrap();
        assert!(memory.iter().zip(0..).all(|(&x, i)| x == i as f64), "{n}: the memory comes back as it was");
        if common::real().is_none() {
            assert!(!behind.is_done().unwrap(), "{n}: the copy has not waited for what was queued before");
        }
        let mut y = y;
        y.set(s![..], 7.0).unwrap();
        let copied = received.wait().unwrap();
        assert!(copied.iter().zip(0..).all(|(&y, i)| y == 2.0 * i as f64), "{n}: what was written later is not copied");
        assert_eq!((busy.to_vec(), y.to_vec()), (vec![6.0; 4], vec![7.0; n]));
        // A transfer that nobody waits for, from memory that goes at once; the array stays.
        let (x, sent) = device.upload_async(copied, &[n, 1]).unwrap();
        drop(sent);
        assert_eq!(x.dims(), [n, 1]);
        assert!(x.to_vec().iter().zip(0..).all(|(&x, i)| x == 2.0 * i as f64));
        // Strides are those of the array, row-major order that of the memory.
        let turned = Cuda::download_async(&x.reshape([n]).unwrap().slice(s![..;-1]).unwrap(), memory).unwrap().wait().unwrap();
        assert!(turned.iter().rev().zip(0..).all(|(&x, i)| x == 2.0 * i as f64));
    }
    let error = device.upload_async(device.pinned::<i32>(5).unwrap(), &[2, 3]).map(drop).unwrap_err().to_string();
    assert_eq!(error, "upload_async: 5 elements given for shape [2, 3]");
    let x = zeros::<_, i32, _>(&device, [4]).unwrap();
    let error = Cuda::download_async(&x, device.pinned(5).unwrap()).map(drop).unwrap_err().to_string();
    assert_eq!(error, "download_async: memory for 5 elements given, the array has 4");
}

#[test]
fn no_more_memory_is_asked_for_than_is_allowed() {
    let _alone = ALONE.lock();
    let Some(device) = device_with(0, options().memory_limit(3 << 20).pool_limit(1 << 30)) else { return };
    let first = device.alloc(2 << 20, "first").unwrap();
    let error = device.alloc(2 << 20, "second").unwrap_err();
    let text = "second: out of memory on cuda:0: 2097152 bytes requested, 1048576 of 2147483648 bytes free after the cache gave back 0";
    assert_eq!(error.to_string(), text);
    let small = device.alloc(1000, "small").unwrap();
    drop(first);
    assert_eq!(device.pool_stats().cached, 2 << 20);
    // What is kept gives way.
    let other = device.alloc(5 << 19, "other").unwrap();
    assert_eq!((device.pool_stats().cached, device.pool_stats().live), (0, (5 << 19) + 1024));
    drop((small, other));
    // What arrays say: who asked for it, and what gave way before.
    let error = zeros::<_, f64, _>(&Cuda::from(device), [1 << 20]).unwrap_err().to_string();
    let text =
        "out of memory on cuda:0: 8388608 bytes were asked for (allocation); 3145728 of 2147483648 are free, after the cache gave back 2622464";
    assert_eq!(error, text);
}

/// A step of an iteration: a fused expression, a product, a reduction, a write in place.
fn step(a: &Array<Cuda, f64, Ix2>, x: &mut Array<Cuda, f64, Ix2>) -> xp_core::Result<Array<Cuda, f64, Ix1>> {
    let y = a.matmul(&*x)?;
    let scaled = (y.lazy() * 0.25 + x.lazy().sqrt()).try_eval()?;
    x.set(s![..], &scaled)?;
    scaled.lazy().sum(0).try_eval()
}

#[test]
fn recorded_work_runs_again_at_every_launch() {
    let _alone = ALONE.lock();
    let device = fresh();
    let a = (arange(&device, 0.0, 16.0, 1.0).unwrap().lazy() * 0.1).try_eval().unwrap().reshape([4, 4]).unwrap();
    let mut expected = ones::<_, f64, _>(&device, [4, 3]).unwrap();
    let sums: Vec<Vec<f64>> = (0..6).map(|_| step(&a, &mut expected).unwrap().to_vec()).collect();
    let mut x = ones::<_, f64, _>(&device, [4, 3]).unwrap();
    assert_eq!(step(&a, &mut x).unwrap().to_vec(), sums[0]);
    let (graph, sum) = device.capture(|| step(&a, &mut x)).unwrap();
    assert_eq!(sum.to_vec(), sums[1], "what is recorded runs once");
    let before = stats(0);
    // The graph has what it needs: nobody else gets the memory of `a`, nor that of temporaries.
    drop(a);
    let others: Vec<_> = (0..8).map(|k| full(&device, [4, 4], -f64::from(k)).unwrap()).collect();
    let launches = stats(0).launches;
    for sum_of_step in &sums[2..] {
        graph.launch().unwrap();
        assert_eq!(&sum.to_vec(), sum_of_step);
    }
    if common::real().is_none() {
        let after = stats(0);
        assert_eq!((after.launches, after.library_calls), (launches, before.library_calls), "no kernel and no product is asked for");
        assert_eq!(after.graph_launches - before.graph_launches, 4);
    }
    assert_eq!(x.to_vec(), expected.to_vec());
    assert!(others.iter().zip(0..).all(|(x, k)| x.to_vec() == [-f64::from(k); 16]));
    assert!(device.device().pool_stats().held > 0);
    drop(graph);
    assert_eq!(device.device().pool_stats().held, 0, "what was kept for the graph goes with it");
    // What the graph wrote stays.
    assert_eq!(sum.to_vec(), sums[5]);
    // Inputs that are written in place count at the next launch.
    let mut factor = full(&device, [1], 3.0).unwrap();
    let three = ones::<_, f64, _>(&device, [3]).unwrap();
    let (graph, product) = device.capture(|| (three.lazy() * &factor).try_eval()).unwrap();
    factor.set(s![..], 5.0).unwrap();
    assert_eq!(product.to_vec(), [3.0; 3]);
    graph.launch().unwrap();
    assert_eq!(product.to_vec(), [5.0; 3]);
}

#[test]
fn a_recording_takes_neither_waits_nor_copies_of_the_host() {
    let _alone = ALONE.lock();
    let device = fresh();
    let x = arange(&device, 0.0, 5.0, 1.0).unwrap();
    let refused = |f: &dyn Fn() -> xp_core::Result<()>| device.capture(f).map(drop).unwrap_err().to_string();
    let text = "not within a capture, which records what the device does alone";
    assert!(refused(&|| x.to_host().map(drop)).contains(text));
    assert!(refused(&|| Array::from_vec(&device, vec![1.0], [1]).map(drop)).contains(text));
    assert!(refused(&|| device.capture(|| Ok(())).map(drop)).contains(text));
    assert!(refused(&|| xp_core::Backend::synchronize(&device)).contains(text));
    assert_eq!(refused(&|| Err(xp_core::Error::value("step", "stops"))), "step: stops");
    // What a recording that failed leaves holds elements.
    let mut left = None;
    let _ = device.capture(|| {
        left = Some((x.lazy() + 1.0).try_eval()?);
        Err::<(), _>(xp_core::Error::value("step", "stops"))
    });
    assert_eq!(left.unwrap().to_vec(), [0.0; 5]);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| device.capture::<()>(|| panic!("a bug of the program"))));
    assert!(panic.is_err());
    assert_eq!(device.device().pool_stats().held, 0);
    assert_eq!((x.lazy() + 1.0).try_eval().unwrap().to_vec(), [1.0, 2.0, 3.0, 4.0, 5.0]);
}

#[test]
fn other_threads_wait_for_the_end_of_a_recording() {
    let _alone = ALONE.lock();
    let device = fresh();
    let x = arange(&device, 0.0, 5.0, 1.0).unwrap();
    let warm = (x.lazy() + 1.0).try_eval().unwrap();
    std::thread::scope(|scope| {
        let (tell, told) = std::sync::mpsc::channel();
        let other = scope.spawn({
            let x = &x;
            move || {
                told.recv().unwrap();
                (x.lazy() + 1.0).try_eval().unwrap().to_vec()
            }
        });
        let (graph, y) = device
            .capture(|| {
                tell.send(()).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(30));
                (warm.lazy() * 2.0).try_eval()
            })
            .unwrap();
        assert_eq!(other.join().unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0]);
        graph.launch().unwrap();
        assert_eq!(y.to_vec(), [2.0, 4.0, 6.0, 8.0, 10.0]);
    });
}

#[test]
fn operations_are_ranges_of_a_profile() {
    let _alone = ALONE.lock();
    if needs_simulation("a profiler that can be asked") {
        return;
    }
    let device: Cuda = device_with(0, options().ranges(true)).unwrap().into();
    assert!(xp_cuda::can_name_ranges());
    let x = arange(&device, 0.0, 5.0, 1.0).unwrap();
    trace::ranges();
    {
        let _fit = xp_cuda::range("fit");
        let _ = x.sort(0, xp_core::functions::Ascending).unwrap().to_vec();
    }
    let names = trace::ranges();
    assert!(names.contains(&"fit/sort".into()) && names.contains(&"fit/download".into()), "{names:?}");
    assert_eq!(names.last().unwrap(), "fit");
    let quiet = fresh();
    let _ = arange(&quiet, 0.0, 5.0, 1.0).unwrap().to_vec();
    assert_eq!(trace::ranges(), [""; 0]);
}

fn round_trip<T: Element + PartialEq>(device: &Cuda, code: u8, values: Vec<T>) {
    let expected = values.clone();
    for plain in [false, true] {
        let x: Array<Cuda, T, Ix1> = Array::from_vec(device, values.clone(), [values.len()]).unwrap();
        let from = Cuda::pointer(&x).unwrap();
        // SAFETY: the stream is that of the device.
        let tensor = unsafe {
            let stream = Some(dlpack::stream(device));
            if plain { dlpack::export_plain(x, stream) } else { dlpack::export(x, stream) }.unwrap()
        };
        let t = tensor.tensor();
        assert_eq!((t.device, t.dtype.code, usize::from(t.dtype.bits)), (Place::cuda(device.device().ordinal() as i32), code, 8 * size_of::<T>()));
        assert_eq!((t.data as u64, tensor.flags()), (from, 0));
        // SAFETY: the tensor is one of ours.
        let back: Array<Cuda, T, Ix1> = unsafe { dlpack::import(device, tensor) }.unwrap();
        assert_eq!(back.to_vec(), expected);
        assert_eq!(Cuda::pointer(&back).unwrap() == from, T::DTYPE != DType::Bool, "booleans are copied, nothing else is");
    }
}

#[test]
fn memory_goes_to_other_libraries_and_back() {
    let _alone = ALONE.lock();
    let device = fresh();
    round_trip(&device, 6, vec![true, false, true]);
    round_trip(&device, 0, vec![1i8, -2, 3]);
    round_trip(&device, 0, vec![1i64, -2, i64::MIN]);
    round_trip(&device, 1, vec![1u16, 2, u16::MAX]);
    round_trip(&device, 2, vec![1.5f32, -0.5, f32::INFINITY]);
    round_trip(&device, 2, vec![1.5f64, -0.5, f64::MIN_POSITIVE]);
    round_trip(&device, 5, [1.0f64, -2.0].map(|x| num_complex::Complex::new(x, -x)).to_vec());
    let x = arange(&device, 0.0, 12.0, 1.0).unwrap().reshape([3, 4]).unwrap();
    let views: [Array<Cuda, f64, Dyn>; 4] = [
        x.t().into_dyn(),
        x.slice(s![..;-1, 1..;2]).unwrap().into_dyn(),
        x.slice(s![1, ..]).unwrap().broadcast_to(vec![2, 4]).unwrap(),
        x.slice(s![..0, ..]).unwrap().into_dyn(),
    ];
    for view in views {
        let (dims, values) = (view.dims().to_vec(), view.to_vec());
        // SAFETY: the default stream; the tensor is one of ours.
        let (tensor, back): (_, Array<Cuda, f64, Dyn>) = unsafe {
            let tensor = dlpack::export(view, None).unwrap();
            let layout = tensor.layout().unwrap();
            assert_eq!(tensor.flags(), READ_ONLY, "somebody shares the memory");
            (layout, dlpack::import(&device, tensor).unwrap())
        };
        assert_eq!((tensor.0, back.to_vec()), (dims, values));
    }
    // A write does not reach the other side, and nobody copies for a read.
    // SAFETY: as above.
    let mut y: Array<Cuda, f64, Ix2> = unsafe { dlpack::import(&device, dlpack::export(x.clone(), Some(-1)).unwrap()) }.unwrap();
    assert_eq!(Cuda::pointer(&y).unwrap(), Cuda::pointer(&x).unwrap());
    y.set(s![0, ..], -1.0).unwrap();
    assert_eq!((x.to_vec()[0], y.to_vec()[0]), (0.0, -1.0));
    for number in [0, -2] {
        // SAFETY: no stream.
        let error = unsafe { dlpack::export(x.clone(), Some(number)) }.unwrap_err().to_string();
        assert_eq!(error, format!("DLPack: stream {number} given: a handle, 1, 2 or -1 expected"));
    }
    for number in [1, 2] {
        // SAFETY: the driver's default streams.
        unsafe { dlpack::export(x.clone(), Some(number)) }.unwrap();
    }
    if common::real().is_none() {
        // SAFETY: the simulated driver knows its streams.
        let error = unsafe { dlpack::export(x, Some(0x1000)) }.unwrap_err().to_string();
        assert!(error.contains("CUDA_ERROR_INVALID_HANDLE"), "{error}");
    }
}

/// Memory of another library, with a count of its ends.
fn foreign(device: &Cuda, flags: u64, ends: &Arc<AtomicUsize>) -> Managed {
    struct Memory(Option<xp_cuda::DeviceBuffer>, Arc<AtomicUsize>);
    impl Drop for Memory {
        fn drop(&mut self) {
            self.0 = None;
            self.1.fetch_add(1, SeqCst);
        }
    }
    let memory = upload(device.device(), &[1.0f64, 2.0, 3.0, 4.0]);
    let start = (Place::cuda(device.device().ordinal() as i32), memory.pointer() as usize as *mut _);
    // SAFETY: four elements that the owner keeps.
    unsafe { Managed::new(start, DType::F64, &[2, 2], &[1, 2], flags, Box::new(Memory(Some(memory), ends.clone()))) }
}

#[test]
fn foreign_memory_ends_with_the_last_array_over_it() {
    let _alone = ALONE.lock();
    let (device, ends) = (fresh(), Arc::new(AtomicUsize::new(0)));
    // SAFETY: the tensors describe memory of the device.
    let import = |flags| unsafe { dlpack::import::<f64, Ix2>(&device, foreign(&device, flags, &ends)) }.unwrap();
    let x = import(0);
    assert_eq!(x.to_vec(), [1.0, 3.0, 2.0, 4.0]);
    let view = x.slice(s![1, ..]).unwrap();
    drop(x);
    assert_eq!((ends.load(SeqCst), view.to_vec()), (0, vec![2.0, 4.0]));
    drop(view);
    assert_eq!(ends.load(SeqCst), 1);
    // Memory of its own is written in place.
    for (flags, in_place) in [(0, false), (READ_ONLY, false), (IS_COPIED, true)] {
        let x = import(flags);
        let mut y = x.t();
        drop(x);
        let before = Cuda::pointer(&y).unwrap();
        y.set(s![0, 0], 9.0).unwrap();
        assert_eq!((Cuda::pointer(&y).unwrap() == before, y.to_vec()), (in_place, vec![9.0, 2.0, 3.0, 4.0]));
    }
    assert_eq!(ends.load(SeqCst), 4);
    // A graph keeps it.
    let x = import(0);
    let warm = (x.lazy() + 1.0).try_eval().unwrap();
    let (graph, y) = device.capture(|| (x.lazy() + 1.0).try_eval()).unwrap();
    drop(x);
    assert_eq!(ends.load(SeqCst), 4);
    graph.launch().unwrap();
    assert_eq!(y.to_vec(), warm.to_vec());
    drop(graph);
    assert_eq!(ends.load(SeqCst), 5);
    // SAFETY: as above; the tensors are refused.
    let wrong = unsafe {
        [
            dlpack::import::<f32, Ix2>(&device, foreign(&device, 0, &ends)).unwrap_err().to_string(),
            dlpack::import::<f64, Ix1>(&device, foreign(&device, 0, &ends)).unwrap_err().to_string(),
            dlpack::import::<f64, Ix1>(&device, Managed::new((Place::CPU, std::ptr::null_mut()), DType::F64, &[1], &[1], 0, Box::new(())))
                .unwrap_err()
                .to_string(),
        ]
    };
    assert!(wrong[0].contains("a tensor of dtype (code 2, 64 bits, 1 lanes) given: float32 expected"), "{}", wrong[0]);
    assert!(wrong[1].contains("rank") || wrong[1].contains("axes"), "{}", wrong[1]);
    assert!(wrong[2].contains("cuda:0") && wrong[2].contains("expected"), "{}", wrong[2]);
    assert_eq!(ends.load(SeqCst), 7);
}

#[test]
fn the_array_interface_says_what_the_array_is() {
    let _alone = ALONE.lock();
    let device = fresh();
    let x = arange(&device, 0.0, 12.0, 1.0).unwrap().reshape([3, 4]).unwrap();
    let start = Cuda::pointer(&x).unwrap();
    let whole = dlpack::CudaArrayInterface::of(&x).unwrap();
    assert_eq!((whole.shape.as_slice(), whole.typestr, whole.data, &whole.strides), (&[3, 4][..], "<f8", (start, false), &None));
    assert_eq!((whole.stream, whole.version), (dlpack::stream(&device), 3));
    let part = x.slice(s![1.., ..;-2]).unwrap();
    let part = dlpack::CudaArrayInterface::of(&part).unwrap();
    assert_eq!((part.shape, part.data, part.strides), (vec![2, 2], (start + 8 * 7, true), Some(vec![32, -16])));
    let empty = dlpack::CudaArrayInterface::of(&zeros::<_, bool, _>(&device, [0, 2]).unwrap()).unwrap();
    assert_eq!((empty.typestr, empty.data.0), ("|b1", 0));
    let halves = zeros::<_, half::bf16, _>(&device, [2]).unwrap();
    assert!(dlpack::CudaArrayInterface::of(&halves).unwrap_err().to_string().contains("bfloat16"));
}
