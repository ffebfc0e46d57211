//! Compiling and launching kernels.

mod common;

use common::{device, device_with, download, kernel, launch, needs_simulation, options, upload};
use xp_cuda::{Arguments, Error, ModuleSource, ModuleStats, Shape, kernel::compile_ahead};

const SAXPY: &str = r#"
extern "C" __global__ void saxpy(long long n, float a, const float* __restrict__ x, float* y) {
  for (long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x; i < n; i += (long long)gridDim.x * blockDim.x)
    y[i] = a * x[i] + y[i];
}"#;

#[test]
fn a_kernel_computes() {
    let Some(device) = device() else { return };
    let saxpy = kernel(&device, SAXPY, "saxpy");
    for n in [1usize, 255, 256, 257, 100_000] {
        let x: Vec<f32> = (0..n).map(|i| i as f32).collect();
        let (dx, dy) = (upload(&device, &x), upload(&device, &vec![1f32; n]));
        let arguments = Arguments::new().with(n as i64).with(2f32).with(dx.pointer()).with(dy.pointer());
        launch(&saxpy, saxpy.shape_for(n, 256).unwrap(), &arguments).unwrap();
        assert!(download::<f32>(&dy).iter().zip(&x).all(|(y, x)| *y == 2.0 * x + 1.0), "{n}");
    }
}

/// Launches fill the device, and no more: what runs at once is asked of the driver, once for a geometry.
#[test]
fn launches_are_as_large_as_what_runs_at_once() {
    let Some(device) = device() else { return };
    let (saxpy, multiprocessors) = (kernel(&device, SAXPY, "saxpy"), device.limits().multiprocessors);
    let most = saxpy.resident_blocks(256, 0).unwrap();
    assert!(most >= multiprocessors && most.is_multiple_of(multiprocessors), "{most}");
    if device.is_simulated() {
        let per_multiprocessor = |threads, shared| saxpy.resident_blocks(threads, shared).unwrap() / multiprocessors;
        assert_eq!([per_multiprocessor(256, 0), per_multiprocessor(1024, 0), per_multiprocessor(256, 100 << 10)], [8, 2, 2]);
        assert_eq!(per_multiprocessor(256, 0), 8, "after another geometry");
    }
    let grid = |items| saxpy.shape_for(items, 256).unwrap();
    assert_eq!([grid(0), grid(1), grid(257), grid(1 << 40)], [1, 1, 2, most].map(|blocks| Shape::linear(blocks, 256)));
}

#[test]
fn work_runs_when_the_host_waits_not_before() {
    let Some(device) = device() else { return };
    let saxpy = kernel(&device, SAXPY, "saxpy");
    let buffer = upload(&device, &[1f32; 4]);
    let arguments = Arguments::new().with(4i64).with(1f32).with(buffer.pointer()).with(buffer.pointer());
    launch(&saxpy, Shape::linear(1, 32), &arguments).unwrap();
    assert_eq!(download::<f32>(&buffer), [2f32; 4]);
}

const COOPERATING: &str = r#"
struct complex { double re, im; };
extern "C" __global__ void early(int n, int* out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (threadIdx.x >= 40) return;
  __shared__ int staged[64];
  staged[threadIdx.x] = i;
  __syncthreads();
  int v = __shfl_xor_sync(threadIdx.x < 32 ? 0xffffffffu : 0xffu, staged[39 - threadIdx.x], 1);
  if (i < n) out[i] = v;
}
extern "C" __global__ void grid2(int nx, int ny, complex a, complex* o) {
  int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x < nx && y < ny) { o[y * nx + x].re = a.re * x; o[y * nx + x].im = a.im * y; }
}
extern "C" __global__ void __launch_bounds__(256) reversed(const double* x, double* y) {
  extern __shared__ double tmp[];
  tmp[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  y[threadIdx.x] = tmp[blockDim.x - 1 - threadIdx.x];
}
extern "C" __global__ void votes(unsigned* out) {
  unsigned lane = threadIdx.x & 31;
  unsigned odd = __ballot_sync(0xffffffffu, lane & 1);
  unsigned same = __match_any_sync(0xffffffffu, lane / 8);
  int any = __syncthreads_or(threadIdx.x == 63), count = __syncthreads_count(threadIdx.x < 10);
  out[threadIdx.x] = (odd == 0xaaaaaaaau) + 2 * (same == 0xffu << (lane / 8 * 8)) + 4 * any + 8 * (count == 10);
}"#;

#[test]
fn threads_of_a_block_cooperate() {
    let Some(device) = device() else { return };
    let early = kernel(&device, COOPERATING, "early");
    let out = upload(&device, &[-1i32; 128]);
    launch(&early, Shape::linear(2, 64), &Arguments::new().with(128i32).with(out.pointer())).unwrap();
    for (i, v) in download::<i32>(&out).into_iter().enumerate() {
        let (block, thread) = (i as i32 / 64, i as i32 % 64);
        assert_eq!(v, if thread >= 40 { -1 } else { block * 64 + 39 - (thread ^ 1) }, "{i}");
    }

    let reversed = kernel(&device, COOPERATING, "reversed");
    let x: Vec<f64> = (0..256).map(f64::from).collect();
    let (dx, dy) = (upload(&device, &x), upload(&device, &x));
    launch(&reversed, Shape::linear(1, 256).shared(2048), &Arguments::new().with(dx.pointer()).with(dy.pointer())).unwrap();
    assert!(download::<f64>(&dy).iter().eq(x.iter().rev()));

    let votes = kernel(&device, COOPERATING, "votes");
    let out = upload(&device, &[0u32; 64]);
    launch(&votes, Shape::linear(1, 64), &Arguments::new().with(out.pointer())).unwrap();
    assert_eq!(download::<u32>(&out), [15; 64]);
}

#[test]
fn structs_are_passed_by_value_and_grids_have_two_dimensions() {
    let Some(device) = device() else { return };
    let grid2 = kernel(&device, COOPERATING, "grid2");
    let (nx, ny) = (33i32, 17i32);
    let out = device.alloc((nx * ny * 16) as usize, "out").unwrap();
    let a = num_complex::Complex::new(2f64, 3f64);
    let shape = Shape { grid: [3, 3, 1], block: [16, 8, 1], shared: 0 };
    launch(&grid2, shape, &Arguments::new().with(nx).with(ny).with(a).with(out.pointer())).unwrap();
    for (i, v) in download::<num_complex::Complex<f64>>(&out).into_iter().enumerate() {
        let (x, y) = ((i % 33) as f64, (i / 33) as f64);
        assert_eq!(v, num_complex::Complex::new(2. * x, 3. * y));
    }
}

#[test]
fn errors_name_the_kernel() {
    let Some(device) = device() else { return };
    let broken = ModuleSource { name: "broken", source: "extern \"C\" __global__ void k() { int x = ; }", options: &[] };
    let Err(Error::Compile { kernel: culprit, log, .. }) = device.kernel(&broken, "k") else { panic!("it compiled") };
    assert!(culprit == "broken" && log.contains("error"), "{log}");

    let source = ModuleSource { name: "axpy", source: SAXPY, options: &["--fmad=false"] };
    let missing = device.kernel(&source, "nope").unwrap_err().to_string();
    assert_eq!(missing, "look-up of kernel `nope` in module `axpy`: CUDA_ERROR_NOT_FOUND (500)");

    let saxpy = kernel(&device, SAXPY, "saxpy");
    for (shape, reason) in [
        (Shape::linear(0, 32), "0 blocks in x"),
        (Shape::linear(1, 2048), "2048 threads in x"),
        (Shape { grid: [1; 3], block: [1024, 2, 1], shared: 0 }, "2048 threads per block"),
        (Shape { grid: [1, 70_000, 1], block: [1; 3], shared: 0 }, "70000 blocks in y"),
        (Shape::linear(1, 32).shared(1 << 20), "1048576 bytes of shared memory"),
    ] {
        let error = launch(&saxpy, shape, &Arguments::new()).unwrap_err().to_string();
        assert!(error.starts_with("launch of `saxpy`: ") && error.contains(reason), "{error}");
    }
    if device.is_simulated() {
        let error = launch(&saxpy, Shape::linear(1, 32), &Arguments::new().with(1i64)).unwrap_err().to_string();
        assert_eq!(error, "launch of `saxpy`: CUDA_ERROR_INVALID_VALUE (1)", "missing arguments are found");
    }
    launch(&saxpy, Shape::linear(1, 32).shared(100 << 10), &Arguments::new().with(0i64).with(1f32).with(0u64).with(0u64)).unwrap();
    device.synchronize("end").unwrap();
}

#[test]
fn a_second_start_compiles_nothing() {
    let folder = common::cache_folder().with_file_name("second-start");
    let _ = std::fs::remove_dir_all(&folder);
    let fresh = || device_with(0, options().cache_folder(Some(folder.clone())));
    let Some(first) = fresh() else { return };
    kernel(&first, SAXPY, "saxpy");
    kernel(&first, SAXPY, "saxpy");
    assert_eq!(first.module_stats(), ModuleStats { compiled: 1, from_disk: 0 });
    let second = fresh().unwrap();
    kernel(&second, SAXPY, "saxpy");
    assert_eq!(second.module_stats(), ModuleStats { compiled: 0, from_disk: 1 });
    // Another option is another module; a damaged file is compiled again.
    second.kernel(&ModuleSource { name: "axpy", source: SAXPY, options: &["-DX=1"] }, "saxpy").unwrap();
    assert_eq!(second.module_stats(), ModuleStats { compiled: 1, from_disk: 1 });
    for entry in std::fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap().path();
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0xff;
        std::fs::write(&file, bytes).unwrap();
    }
    let third = fresh().unwrap();
    kernel(&third, SAXPY, "saxpy");
    assert_eq!(third.module_stats(), ModuleStats { compiled: 1, from_disk: 0 });
}

/// What one device has compiled is compiled ahead for another one, which then compiles nothing.
#[test]
fn kernels_that_were_compiled_ahead_are_found() {
    if common::needs_simulation("a compiler for the device's architecture") {
        return;
    }
    let [made, ahead, none] = ["made", "ahead", "none"].map(|name| common::cache_folder().with_file_name(format!("ahead-{name}")));
    for folder in [&made, &ahead, &none] {
        let _ = std::fs::remove_dir_all(folder);
    }
    let Some(first) = device_with(0, options().cache_folder(Some(made.clone()))) else { return };
    kernel(&first, SAXPY, "saxpy");
    let (major, minor) = first.limits().compute_capability;
    assert_eq!(compile_ahead(&made, &ahead, 10 * major + minor).unwrap(), 1);
    let second = device_with(0, options().cache_folder(Some(none.clone())).kernels(Some(ahead.clone()))).unwrap();
    kernel(&second, SAXPY, "saxpy");
    assert_eq!(second.module_stats(), ModuleStats { compiled: 0, from_disk: 1 });
    assert!(!none.exists(), "nothing was compiled");
    let unknown = compile_ahead(&made, &ahead, 42).unwrap_err().to_string();
    assert!(unknown.contains("does not compile for sm_42"), "{unknown}");
    let empty = compile_ahead(&none, &ahead, 90).unwrap_err().to_string();
    assert!(empty.contains("the folder holds no modules of this version"), "{empty}");
}

#[test]
fn threads_that_want_the_same_kernel_compile_it_once() {
    let Some(device) = device_with(0, options().cache_folder(None)) else {
        return;
    };
    let source = format!("{SAXPY}\n// threads");
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| kernel(&device, &source, "saxpy"));
        }
    });
    assert_eq!(device.module_stats(), ModuleStats { compiled: 1, from_disk: 0 });
}

#[test]
fn kernels_keep_their_device() {
    let Some(device) = device() else { return };
    let saxpy = kernel(&device, SAXPY, "saxpy");
    drop(device);
    let y = upload(saxpy.device(), &[1f32]);
    launch(&saxpy, Shape::linear(1, 1), &Arguments::new().with(1i64).with(3f32).with(y.pointer()).with(y.pointer())).unwrap();
    assert_eq!(download::<f32>(&y), [4f32]);
}

/// Kernels that are right when blocks run one after the other, and wrong on a device.
const BROKEN: &str = r#"
extern "C" __global__ void count_wrong(int n, int* total) { for (int k = 0; k < n; k++) { volatile int* t = total; *t = *t + 1; } }
extern "C" __global__ void count_right(int n, int* total) { for (int k = 0; k < n; k++) atomicAdd(total, 1); }
extern "C" __global__ void order_wrong(int n, int* x) { x[blockIdx.x] = blockIdx.x ? x[blockIdx.x - 1] + n : n; }
"#;

#[test]
fn blocks_run_at_the_same_time_in_any_order() {
    if needs_simulation("kernels that are wrong by chance") {
        return;
    }
    let Some(device) = device() else { return };
    let kernel = |name| device.kernel(&ModuleSource { name: "broken", source: BROKEN, options: &[] }, name).unwrap();
    let run = |name, n: i32, blocks: u32| {
        let x = upload(&device, &vec![0i32; blocks as usize]);
        launch(&kernel(name), Shape::linear(blocks, 1), &Arguments::new().with(n).with(x.pointer())).unwrap();
        download::<i32>(&x)
    };
    let times = 20_000;
    for _ in 0..5 {
        assert_eq!(run("count_right", times, 64)[0], 64 * times, "no update is lost");
    }
    assert!((0..200).any(|_| run("count_wrong", times, 64)[0] != 64 * times), "updates of several blocks are never lost");
    let in_order: Vec<i32> = (1..=16).collect();
    assert!((0..20).any(|_| run("order_wrong", 1, 16) != in_order), "blocks always run in order");
}
