//! DLPack: round trips of every dtype and layout, who frees what and when, and tensors that are wrong.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use half::{bf16, f16};
use num_complex::Complex;
use xp_core::functions::*;
use xp_core::{Array, Backend, DType, Dyn, Element, Error, Ix1, Ix2, s};
use xp_cpu::Cpu;
use xp_cpu::interop::dlpack::{
    DataType, Device, IS_COPIED, Managed, ManagedTensor, ManagedTensorVersioned, READ_ONLY, Tensor, VERSION, Version, export, export_plain, import,
};

fn start<T: Element, D: xp_core::Dim>(x: &Array<Cpu, T, D>) -> *const T {
    Cpu::address(x.buffer()).wrapping_add(x.offset())
}

fn round_trip<T: Element + PartialEq>(code: u8, bits: u8, values: Vec<T>) {
    let n = values.len();
    let x: Array<Cpu, T, Dyn> = Array::from_vec(&Cpu, values, vec![2, n / 2]).unwrap();
    let (address, expected) = (start(&x), x.to_vec());
    for plain in [false, true] {
        let y = x.copy().unwrap();
        let (from, y) = (start(&y), if plain { export_plain(y).unwrap() } else { export(y) });
        let t = y.tensor();
        assert_eq!((t.dtype, t.device, t.ndim), (DataType { code, bits, lanes: 1 }, Device::CPU, 2));
        assert_eq!((t.dtype.dtype(), y.flags()), (Some(T::DTYPE), 0));
        // SAFETY: the tensor is one of ours.
        let back: Array<Cpu, T, Dyn> = unsafe { import(y) }.unwrap();
        assert_eq!((back.to_vec(), back.dims()), (expected.clone(), x.dims()));
        assert_eq!(start(&back) == from, T::DTYPE != DType::Bool, "booleans are copied, nothing else is");
    }
    assert_eq!((start(&x), x.to_vec()), (address, expected));
}

#[test]
fn every_dtype_goes_there_and_back() {
    round_trip(6, 8, vec![true, false, false, true]);
    round_trip(0, 8, vec![1i8, -2, 3, i8::MIN]);
    round_trip(0, 16, vec![1i16, -2, 3, i16::MIN]);
    round_trip(0, 32, vec![1i32, -2, 3, i32::MIN]);
    round_trip(0, 64, vec![1i64, -2, 3, i64::MIN]);
    round_trip(1, 8, vec![1u8, 2, 3, u8::MAX]);
    round_trip(1, 16, vec![1u16, 2, 3, u16::MAX]);
    round_trip(1, 32, vec![1u32, 2, 3, u32::MAX]);
    round_trip(1, 64, vec![1u64, 2, 3, u64::MAX]);
    round_trip(2, 16, [1.0, -2.0, 0.5, 65504.0].map(f16::from_f32).to_vec());
    round_trip(4, 16, [1.0, -2.0, 0.5, 3e38].map(bf16::from_f32).to_vec());
    round_trip(2, 32, vec![1.0f32, -0.5, f32::INFINITY, f32::MIN_POSITIVE]);
    round_trip(2, 64, vec![1.0f64, -0.5, f64::INFINITY, f64::MIN_POSITIVE]);
    round_trip(5, 64, [1.0f32, 2.0, 3.0, -4.0].map(|x| Complex::new(x, -x)).to_vec());
    round_trip(5, 128, [1.0f64, 2.0, 3.0, -4.0].map(|x| Complex::new(x, -x)).to_vec());
}

#[test]
fn every_layout_goes_there_and_back() {
    let x = arange(&Cpu, 0.0, 20.0, 1.0).unwrap().reshape([4, 5]).unwrap();
    for y in [
        x.clone(),
        x.t(),
        x.slice(s![..;-1, ..]).unwrap(),
        x.slice(s![1..3, ..;-2]).unwrap(),
        x.slice(s![1..2]).unwrap().broadcast_to([3, 5]).unwrap(),
        x.slice(s![4..]).unwrap(),
        x.slice(s![2..3, 3..4]).unwrap(),
    ] {
        let tensor = export(y.clone());
        let (shape, strides) = tensor.layout().unwrap();
        assert_eq!((&shape[..], &strides[..]), (y.dims(), y.strides()));
        assert_eq!(tensor.flags(), READ_ONLY, "the memory is shared");
        // SAFETY: the tensor is one of ours.
        let back: Array<Cpu, f64, Ix2> = unsafe { import(tensor) }.unwrap();
        assert_eq!((back.dims(), back.to_vec()), (y.dims(), y.to_vec()));
        assert!(y.is_empty() || start(&back) == start(&y));
        // A consumer that cannot be told not to write gets a copy.
        let tensor = export_plain(y.clone()).unwrap();
        // SAFETY: as above.
        let back: Array<Cpu, f64, Ix2> = unsafe { import(tensor) }.unwrap();
        assert_eq!((back.to_vec(), y.is_empty() || start(&back) != start(&y)), (y.to_vec(), true));
    }
    let scalar: Array<Cpu, i32, Dyn> = Array::from_vec(&Cpu, vec![7], vec![]).unwrap();
    // SAFETY: as above.
    assert_eq!(unsafe { import::<i32, Dyn>(export(scalar)) }.unwrap().item().unwrap(), 7);
}

#[test]
fn writing_respects_whoever_shares() {
    let x: Array<Cpu, i32, Ix1> = Array::from_vec(&Cpu, vec![1, 2, 3], [3]).unwrap();
    // SAFETY: the tensors are ours.
    let (mut shared, alone) = unsafe { (import::<i32, Ix1>(export(x.clone())).unwrap(), export(x.copy().unwrap())) };
    shared += 1;
    assert_eq!((x.to_vec(), shared.to_vec()), (vec![1, 2, 3], vec![2, 3, 4]));
    assert_eq!(alone.flags(), 0);
}

/// A writable tensor over `memory`, for which the test answers.
unsafe fn over<T: Element>(memory: *mut T, n: usize, flags: u64) -> Array<Cpu, T, Ix1> {
    // SAFETY: passed on.
    unsafe { import(Managed::new((Device::CPU, memory.cast()), T::DTYPE, &[n], &[1], flags, Box::new(()))) }.unwrap()
}

#[test]
fn results_and_writes_leave_the_producers_memory_alone() {
    const N: usize = 40_000;
    // What produces a result in the memory of an operand that it is given, when nobody else has it.
    type Job = fn(Array<Cpu, f64, Ix1>) -> Array<Cpu, f64, Ix1>;
    let jobs: [(&str, Job); 11] = [
        ("a + 100", |a| a + 100.0),
        ("-a", |a| -a),
        ("a * a.clone()", |a| a.clone() * a),
        ("sqrt", |a| a.lazy().apply(xp_core::ops::Sqrt).eval()),
        ("dct", |a| xp_fft::dct(a).unwrap()),
        ("dst", |a| xp_fft::dst(a).unwrap()),
        ("+=", |mut a| {
            a += 1.0;
            a
        }),
        ("set", |mut a| {
            a.set(s![1..3], 7.0).unwrap();
            a
        }),
        ("set_where", |mut a| {
            a.set_where(&a.less(3.0), -1.0).unwrap();
            a
        }),
        ("eval_into", |mut a| {
            let values = a.copy().unwrap();
            (values.lazy() * 2.0).eval_into(&mut a).unwrap();
            a
        }),
        ("set_mask", |mut a| {
            let mask = a.less(2.0);
            a.set_rows(&mask, &full(&Cpu, [1], 9.0).unwrap()).unwrap();
            a
        }),
    ];
    let values: Vec<f64> = (0..N).map(|k| k as f64).collect();
    for (name, job) in jobs {
        let expected = job(Array::from_vec(&Cpu, values.clone(), [N]).unwrap()).to_vec();
        assert_ne!(expected, values, "{name}");
        let mut memory = values.clone();
        let at = memory.as_mut_ptr();
        // SAFETY: the memory outlives the arrays, and nobody else uses it while they work.
        unsafe {
            assert_eq!(job(over(at, N, 0)).to_vec(), expected, "{name}");
            assert_eq!(memory, values, "{name} wrote to the producer's memory");
            assert_eq!(job(over(at, N, READ_ONLY)).to_vec(), expected, "{name}");
            assert_eq!(memory, values, "{name} wrote to memory that is read-only");
        }
    }
}

#[test]
fn a_tensor_made_for_the_consumer_is_written_in_place() {
    let mut memory = [1.0, 2.0, 3.0];
    let at = memory.as_mut_ptr();
    // SAFETY: the memory outlives the arrays, and is theirs.
    unsafe {
        let mut x = over(at, 3, IS_COPIED);
        x += 1.0;
        let x = x * 2.0;
        assert_eq!((start(&x), x.to_vec()), (at.cast_const(), vec![4.0, 6.0, 8.0]));
        assert_eq!(over(at, 3, IS_COPIED | READ_ONLY).lazy().apply(xp_core::ops::Sqrt).eval().to_vec(), [2.0, 6f64.sqrt(), 8f64.sqrt()]);
    }
    assert_eq!(memory, [4.0, 6.0, 8.0]);
}

#[test]
fn a_producer_cannot_make_booleans_invalid_later() {
    let mut bytes = [1u8, 0, 1];
    let at = bytes.as_mut_ptr();
    // SAFETY: the memory outlives the array, and holds booleans now.
    let x: Array<Cpu, bool, Ix1> = unsafe { over(at.cast(), 3, 0) };
    bytes.fill(255);
    assert_eq!(x.to_vec(), [true, false, true]);
    assert_eq!(x.count_nonzero(..).item().unwrap(), 2);
    // Along a stride of 0 there is one byte to copy, however long the axis is.
    let one = [1u8];
    // SAFETY: the byte lives long enough, and is the only one.
    let long: Array<Cpu, bool, Ix1> =
        unsafe { import(Managed::new((Device::CPU, one.as_ptr().cast_mut().cast()), DType::Bool, &[1 << 45], &[0], READ_ONLY, Box::new(()))) }
            .unwrap();
    assert_eq!((long.dims(), long.get([1_isize << 44]).unwrap()), (&[1 << 45][..], true));
}

/// A producer of tensors that counts what it frees.
struct Producer {
    data: Vec<f64>,
    shape: Vec<i64>,
    strides: Vec<i64>,
    freed: Arc<AtomicUsize>,
}
impl Producer {
    fn new(shape: &[i64], strides: &[i64], freed: &Arc<AtomicUsize>) -> Box<Producer> {
        let data = (0..32).map(f64::from).collect();
        Box::new(Producer { data, shape: shape.to_vec(), strides: strides.to_vec(), freed: freed.clone() })
    }

    fn tensor(&mut self) -> Tensor {
        Tensor {
            data: self.data.as_mut_ptr().cast(),
            device: Device::CPU,
            ndim: self.shape.len() as i32,
            dtype: DType::F64.into(),
            shape: self.shape.as_mut_ptr(),
            strides: if self.strides.is_empty() { null_mut() } else { self.strides.as_mut_ptr() },
            byte_offset: 0,
        }
    }

    fn managed(mut self: Box<Self>, change: impl FnOnce(&mut ManagedTensorVersioned)) -> *mut ManagedTensorVersioned {
        unsafe extern "C" fn free(m: *mut ManagedTensorVersioned) {
            // SAFETY: called once, with what was leaked below.
            unsafe { drop(Box::from_raw(Box::from_raw(m).context.cast::<Producer>())) };
        }
        let tensor = self.tensor();
        let context: *mut c_void = Box::into_raw(self).cast();
        let mut managed = Box::new(ManagedTensorVersioned { version: VERSION, context, deleter: Some(free), flags: IS_COPIED, tensor });
        change(&mut managed);
        Box::into_raw(managed)
    }
}
impl Drop for Producer {
    fn drop(&mut self) {
        self.freed.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn foreign_memory_is_freed_once_by_its_producer() {
    let freed = Arc::new(AtomicUsize::new(0));
    let count = || freed.load(Ordering::Relaxed);
    // Row-major without strides, behind an offset.
    // SAFETY: the producers describe their own data.
    let x: Array<Cpu, f64, Ix2> = unsafe {
        let raw = Producer::new(&[2, 3], &[], &freed).managed(|m| m.tensor.byte_offset = 16);
        import(Managed::from_raw(raw).unwrap()).unwrap()
    };
    assert_eq!((x.to_vec(), count()), (vec![2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 0));
    let row = x.slice(s![1]).unwrap();
    drop(x);
    assert_eq!((row.to_vec(), count()), (vec![5.0, 6.0, 7.0], 0));
    std::thread::spawn(move || drop(row)).join().unwrap();
    assert_eq!(count(), 1);
    // Backwards, and never imported; then passed on as it came.
    // SAFETY: as above.
    unsafe {
        let raw = Producer::new(&[3], &[-2], &freed).managed(|m| m.tensor.byte_offset = 8 * 10);
        let Managed::Versioned(handle) = Managed::from_raw(raw).unwrap() else { panic!("of version 1") };
        assert_eq!(handle.into_raw(), raw);
        assert_eq!(count(), 1);
        let x: Array<Cpu, f64, Ix1> = import(Managed::from_raw(raw).unwrap()).unwrap();
        assert_eq!(x.to_vec(), [10.0, 8.0, 6.0]);
    }
    assert_eq!(count(), 2);
    // Without a deleter there is nothing to free.
    let mut producer = Producer::new(&[1], &[], &freed);
    let mut plain = ManagedTensor { tensor: producer.tensor(), context: null_mut(), deleter: None };
    // SAFETY: as above; the struct outlives the array.
    let x: Array<Cpu, f64, Ix1> = unsafe { import(Managed::from_raw_plain(&raw mut plain).unwrap()).unwrap() };
    assert_eq!(x.to_vec(), [0.0]);
    drop(x);
    assert_eq!(count(), 2);
}

#[test]
fn wrong_tensors_are_errors_and_freed() {
    let freed = Arc::new(AtomicUsize::new(0));
    type Change = fn(&mut ManagedTensorVersioned);
    let cases: [(&str, &[i64], Change); 10] = [
        ("version 2.0", &[3], |m| m.version = Version { major: 2, minor: 0 }),
        ("device", &[3], |m| m.tensor.device = Device { kind: 2, id: 0 }),
        ("code 2, 64 bits, 4 lanes", &[3], |m| m.tensor.dtype.lanes = 4),
        ("code 2, 8 bits", &[3], |m| m.tensor.dtype.bits = 8),
        ("code 0, 64 bits", &[3], |m| m.tensor.dtype.code = 0),
        ("negative length", &[-3], |_| {}),
        ("-1 axes", &[3], |m| m.tensor.ndim = -1),
        ("without a shape", &[3], |m| m.tensor.shape = null_mut()),
        ("without memory", &[3], |m| m.tensor.data = null_mut()),
        ("not aligned", &[3], |m| m.tensor.byte_offset = 3),
    ];
    for (k, (expected, shape, change)) in cases.into_iter().enumerate() {
        let raw = Producer::new(shape, &[], &freed).managed(change);
        // SAFETY: the tensor is refused before its memory is read.
        let e = unsafe { Managed::from_raw(raw).and_then(|m| import::<f64, Dyn>(m)) }.unwrap_err();
        assert!(e.to_string().contains(expected), "{expected}: {e}");
        assert_eq!(freed.load(Ordering::Relaxed), k + 1);
    }
    let refused = |shape: &[i64], strides: &[i64]| {
        // SAFETY: as above.
        unsafe { import::<f64, Ix1>(Managed::from_raw(Producer::new(shape, strides, &freed).managed(|_| {})).unwrap()) }.unwrap_err()
    };
    assert!(matches!(refused(&[2, 2], &[]), Error::Rank { expected: 1, given: 2 }));
    assert!(matches!(refused(&[1 << 40, 1 << 40], &[]), Error::TooLarge { .. }));
    assert!(matches!(refused(&[3], &[i64::MAX]), Error::TooLarge { .. }));
    assert!(matches!(refused(&[1; 33], &[]), Error::Rank { expected: 32, given: 33 }));
    // SAFETY: null pointers are looked at, and nothing else.
    let nulls = unsafe { [Managed::from_raw(null_mut()).unwrap_err(), Managed::from_raw_plain(null_mut()).unwrap_err()] };
    assert!(nulls.iter().all(|e| e.to_string().contains("null pointer")));
}

#[test]
fn bytes_that_are_no_booleans_are_refused() {
    let import_bytes = |bytes: &'static [u8], strides: &[isize]| {
        // SAFETY: the bytes live for ever, and shape and strides stay inside.
        unsafe {
            let managed = Managed::new((Device::CPU, bytes.as_ptr().cast_mut().cast()), DType::Bool, &[2, 2], strides, READ_ONLY, Box::new(()));
            import::<bool, Ix2>(managed)
        }
    };
    assert_eq!(import_bytes(&[1, 0, 0, 1], &[2, 1]).unwrap().to_vec(), [true, false, false, true]);
    assert_eq!(import_bytes(&[1, 0, 2, 2], &[0, 1]).unwrap().to_vec(), [true, false, true, false]);
    assert!(import_bytes(&[1, 0, 2, 1], &[2, 1]).unwrap_err().to_string().contains("byte 2"));
}
