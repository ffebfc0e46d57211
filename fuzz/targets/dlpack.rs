//! Tensors of DLPack: an error, or an array with the elements that a loop over shape and strides finds, which is freed once. A
//! tensor that reaches outside its memory breaks the contract of `import`, so only its description is looked at.
#![no_main]

use std::ffi::c_void;
use std::sync::Arc;

use libfuzzer_sys::{arbitrary, fuzz_target};
use xp::cpu::interop::dlpack::{DataType, Device, IS_COPIED, Managed, ManagedTensorVersioned, READ_ONLY, Tensor, Version, export, import};
use xp::indexing::SliceItem;
use xp::prelude::*;
use xp::{Dyn, Element};

#[derive(arbitrary::Arbitrary, Debug)]
struct Input {
    memory: Vec<u8>,
    dtype: u8,
    odd: Option<(u8, u8, u16)>,
    shape: Vec<i8>,
    strides: Option<Vec<i8>>,
    wild: Option<(u8, i64, i64)>,
    offset: u16,
    flags: u8,
    major: u8,
}

struct Producer {
    memory: Vec<u64>,
    shape: Vec<i64>,
    strides: Option<Vec<i64>>,
    alive: Arc<()>,
}

unsafe extern "C" fn free(m: *mut ManagedTensorVersioned) {
    // SAFETY: called once, with what was leaked below.
    unsafe { drop(Box::from_raw(Box::from_raw(m).context.cast::<Producer>())) };
}

/// The places of the elements, in bytes; `None` when one is outside `bytes`.
fn places(shape: &[i64], strides: &[i64], item: i128, offset: i128, bytes: i128) -> Option<Vec<usize>> {
    let mut out = vec![offset];
    for (&n, &s) in shape.iter().zip(strides) {
        if n < 0 || out.len() as i128 * n as i128 > 4096 {
            return None;
        }
        out = out.iter().flat_map(|&p| (0..n as i128).map(move |i| p + i * s as i128 * item)).collect();
    }
    let inside = out.iter().all(|&p| p >= 0 && p + item <= bytes);
    inside.then(|| out.into_iter().map(|p| p as usize).collect())
}

fn check<T: Element>(managed: Managed, expected: Option<Vec<T>>) {
    // SAFETY: the caller has seen that all elements are inside the memory, which nobody else writes.
    let Ok(x) = (unsafe { import::<T, Dyn>(managed) }) else { return };
    let expected = expected.expect("a tensor with elements");
    // As text, so that NaN equals NaN.
    let text = |x: &Array<Cpu, T, Dyn>| format!("{:?}", x.to_vec());
    assert_eq!(text(&x), format!("{expected:?}"));
    let mut written = x.clone();
    written.set(vec![SliceItem::Ellipsis], &x).expect("an array can be assigned to itself");
    assert_eq!(text(&written), text(&x));
    // SAFETY: the tensor is one of ours.
    let back = unsafe { import::<T, Dyn>(export(x.clone())) }.expect("what was exported can be imported");
    assert_eq!(text(&back), text(&x));
}

fuzz_target!(|input: Input| {
    let types: [(u8, u8); 8] = [(6, 8), (0, 8), (1, 16), (0, 32), (2, 32), (0, 64), (2, 64), (5, 128)];
    let (code, bits) = types[input.dtype as usize % 8];
    let (code, bits, lanes) = input.odd.unwrap_or((code, bits, 1));
    let mut shape: Vec<i64> = input.shape.iter().map(|&n| n.into()).collect();
    let mut strides: Option<Vec<i64>> = input.strides.as_ref().map(|s| (0..shape.len()).map(|k| s.get(k).copied().unwrap_or(1).into()).collect());
    if let (Some((k, n, s)), true) = (input.wild, !shape.is_empty()) {
        let k = k as usize % shape.len();
        shape[k] = n;
        strides.iter_mut().for_each(|strides| strides[k] = s);
    }
    let memory: Vec<u64> = input.memory.chunks(8).map(|c| c.iter().fold(0, |word, &b| word << 8 | u64::from(b))).collect();
    let bytes = memory.len() as i128 * 8;
    let row_major: Vec<i64> = (0..shape.len()).map(|k| shape[k + 1..].iter().fold(1i64, |p, &n| p.saturating_mul(n.max(1)))).collect();
    let item = i128::from(bits / 8);
    let places = places(&shape, strides.as_ref().unwrap_or(&row_major), item, input.offset.into(), bytes);

    let (alive, flags) = (Arc::new(()), u64::from(input.flags) & (READ_ONLY | IS_COPIED));
    let mut producer = Box::new(Producer { memory, shape, strides, alive: alive.clone() });
    let tensor = Tensor {
        data: producer.memory.as_mut_ptr().cast(),
        device: Device::CPU,
        ndim: producer.shape.len() as i32,
        dtype: DataType { code, bits, lanes },
        shape: producer.shape.as_mut_ptr(),
        strides: producer.strides.as_mut().map_or(std::ptr::null_mut(), Vec::as_mut_ptr),
        byte_offset: input.offset.into(),
    };
    let start: *const u8 = tensor.data.cast();
    let context: *mut c_void = Box::into_raw(producer).cast();
    let version = Version { major: if input.major < 250 { 1 } else { input.major.into() }, minor: 0 };
    let raw = Box::into_raw(Box::new(ManagedTensorVersioned { version, context, deleter: Some(free), flags, tensor }));
    // SAFETY: the tensor is given away.
    if let Ok(managed) = unsafe { Managed::from_raw(raw) } {
        let layout = managed.layout();
        if let (Ok(_), Some(places), 1) = (&layout, &places, lanes) {
            macro_rules! check {
                ($t:ty) => {{
                    // SAFETY: the places are inside the memory, which the tensor keeps.
                    let values = places.iter().map(|&p| unsafe { start.add(p).cast::<$t>().read_unaligned() }).collect();
                    check::<$t>(managed, Some(values))
                }};
            }
            match (code, bits) {
                (6, 8) => {
                    // SAFETY: as above.
                    let bytes: Vec<u8> = places.iter().map(|&p| unsafe { start.add(p).read() }).collect();
                    let values = bytes.iter().all(|&b| b < 2).then(|| bytes.iter().map(|&b| b == 1).collect());
                    check::<bool>(managed, values);
                }
                (0, 8) => check!(i8),
                (1, 16) => check!(u16),
                (0, 32) => check!(i32),
                (2, 32) => check!(f32),
                (0, 64) => check!(i64),
                (2, 64) => check!(f64),
                (5, 128) => check!(Complex<f64>),
                _ => check::<f64>(managed, None),
            }
        }
    }
    assert_eq!(Arc::strong_count(&alive), 1, "the producer is dropped once");
});
