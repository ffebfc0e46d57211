use super::{Random, filled};
use num_complex::Complex;
use xp_engine::kernels::transpose::{copy_from_strided, copy_strided, transpose};

fn check_transpose<T: Copy + Send + Sync + PartialEq + std::fmt::Debug>(value: impl Fn(usize) -> T) {
    let shapes = [
        (0, 5),
        (5, 0),
        (1, 1),
        (1, 100),
        (100, 1),
        (2, 3),
        (3, 1000),
        (1000, 3),
        (8, 8),
        (15, 17),
        (16, 16),
        (63, 65),
        (64, 64),
        (65, 129),
        (257, 255),
        (1000, 999),
        (513, 1024),
        (1024, 520),
        (1500, 1501),
    ];
    for (rows, cols) in shapes {
        // Also at every offset from a cache line.
        for shift in 0..3 {
            let src: Vec<T> = (0..rows * cols + shift).map(&value).collect();
            let src = &src[shift..];
            let out = filled(rows * cols + shift, |out| {
                out[..shift].fill(std::mem::MaybeUninit::new(value(0)));
                transpose(src, rows, cols, &mut out[shift..]);
            });
            let out = &out[shift..];
            for r in 0..rows {
                for c in 0..cols {
                    assert!(out[c * rows + r] == src[r * cols + c], "{rows}x{cols} shift {shift} at ({r}, {c})");
                }
            }
        }
    }
}

#[test]
fn transposes_every_element_size() {
    check_transpose(|i| i % 251 == 3);
    check_transpose(|i| i as u8);
    check_transpose(|i| i as u16);
    check_transpose(|i| i as u32);
    check_transpose(|i| i as f64);
    check_transpose(|i| Complex::new(i as f32, -(i as f32)));
    check_transpose(|i| Complex::new(i as f64, -(i as f64)));
}

/// Every index of a shape in row-major order.
fn indices(shape: &[usize]) -> Vec<Vec<usize>> {
    shape.iter().fold(vec![vec![]], |all, &n| all.iter().flat_map(|index| (0..n).map(move |i| [&index[..], &[i]].concat())).collect())
}

fn offset(index: &[usize], strides: &[isize]) -> isize {
    index.iter().zip(strides).map(|(&i, &s)| i as isize * s).sum()
}

#[test]
fn random_strided_layouts() {
    let mut random = Random::new(7);
    for round in 0..600 {
        let rank = random.below(6);
        let limit = [1, 3000, 120, 30, 12, 6][rank];
        let shape: Vec<usize> = (0..rank).map(|_| 1 + random.below(limit)).collect();
        // A permuted layout, each axis possibly reversed, stepped or broadcast.
        let mut layout = |allow_zero: bool| -> (Vec<isize>, isize, usize) {
            let mut order: Vec<usize> = (0..rank).collect();
            (1..rank).for_each(|k| order.swap(k, random.below(k + 1)));
            let (mut strides, mut base, mut size) = (vec![0isize; rank], 0isize, 1usize);
            for &k in &order {
                let step = 1 + (random.below(4) == 0) as usize;
                match random.below(6) {
                    0 if allow_zero => strides[k] = 0,
                    1 => {
                        strides[k] = -((size * step) as isize);
                        base += (shape[k] as isize - 1) * (size * step) as isize;
                        size *= shape[k] * step;
                    }
                    _ => {
                        strides[k] = (size * step) as isize;
                        size *= shape[k] * step;
                    }
                }
            }
            (strides, base, size)
        };
        let (src_strides, src_base, src_size) = layout(true);
        let (dst_strides, dst_base, dst_size) = layout(false);
        let src: Vec<u32> = (0..src_size as u32).collect();
        let n = shape.iter().product();
        let fresh = filled(n, |out| {
            // SAFETY: the layout fits the source.
            unsafe { copy_from_strided(src.as_ptr().offset(src_base), &shape, &src_strides, out) }
        });
        let mut dst = vec![u32::MAX; dst_size];
        // SAFETY: both layouts fit; only the source has strides of zero.
        unsafe {
            let (from, to) = (src.as_ptr().offset(src_base), dst.as_mut_ptr().offset(dst_base));
            copy_strided(from, &src_strides, to, &dst_strides, &shape);
        }
        let mut untouched = dst.clone();
        for (k, index) in indices(&shape).into_iter().enumerate() {
            let want = src[(src_base + offset(&index, &src_strides)) as usize];
            let at = (dst_base + offset(&index, &dst_strides)) as usize;
            assert_eq!(fresh[k], want, "round {round}: {shape:?} {src_strides:?} at {index:?}");
            assert_eq!(dst[at], want, "round {round}: {shape:?} {src_strides:?} {dst_strides:?} at {index:?}");
            untouched[at] = u32::MAX;
        }
        assert!(untouched.iter().all(|&x| x == u32::MAX), "round {round}: wrote beside the destination");
    }
}

#[test]
fn large_batches_of_matrices() {
    let (batch, rows, cols) = (5, 700, 300);
    let src: Vec<f64> = (0..batch * rows * cols).map(|i| i as f64).collect();
    // SAFETY: the strides are those of the last two axes exchanged.
    let out =
        filled(src.len(), |out| unsafe { copy_from_strided(src.as_ptr(), &[batch, cols, rows], &[(rows * cols) as isize, 1, cols as isize], out) });
    for b in 0..batch {
        for r in 0..rows {
            for c in 0..cols {
                assert_eq!(out[(b * cols + c) * rows + r], src[(b * rows + r) * cols + c]);
            }
        }
    }
}
