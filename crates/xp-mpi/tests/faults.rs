//! Faults that are injected into ranks that are threads: each is a typed error on all of them, and none waits for ever. What needs
//! processes is in `ranks.rs`.

use xp_core::functions::*;
use xp_core::{Array, Error, Ix1, Ix2, Linalg, Result, linalg, s};
use xp_cpu::Cpu;
use xp_mpi::{Layout, Mpi, simulate};

type Matrix = Array<Mpi<Cpu>, f64, Ix2>;

fn rows(device: &Mpi<Cpu>, n: usize) -> Matrix {
    device.from_rows([n, 3], |rows| (rows.start * 3..rows.end * 3).map(|i| (i * 7 % 11) as f64).collect()).unwrap()
}

/// Runs one program on three ranks, and takes the error of each.
fn errors<T: Send>(what: &str, program: impl Fn(&Mpi<Cpu>) -> Result<T> + Sync) -> Vec<Error> {
    let all = simulate(3, &Cpu, &program).unwrap();
    all.into_iter().enumerate().map(|(rank, found)| found.err().unwrap_or_else(|| panic!("{what}: no error on rank {rank}"))).collect()
}

/// Each rank believes in another number of rows.
#[test]
fn shapes_that_differ() {
    type Program = fn(&Matrix) -> Result<()>;
    let programs: [(&str, Program); 12] = [
        ("sum", |x| x.lazy().sum(0).try_eval().map(drop)),
        ("argmax", |x| x.lazy().argmax(0).try_eval().map(drop)),
        ("matmul", |x| x.t().matmul(x).map(drop)),
        ("gram", |x| linalg::gram(&x.lazy()).map(drop)),
        ("tall_r", |x| <Mpi<Cpu> as Linalg<f64>>::tall_r(&x.lazy()).map(drop)),
        ("qr", |x| linalg::qr(x, linalg::Thin).map(drop)),
        ("sort", |x| x.sort(0, Ascending).map(drop)),
        ("cumulative_sum", |x| x.cumulative_sum(0).map(drop)),
        ("unique", |x| unique_values(x).map(drop)),
        ("top_k", |x| xp_core::extra::top_k(x, 2, 0, Descending).map(drop)),
        ("take", |x| x.take(&Array::from_vec(x.device(), vec![1, 0], [2])?, 0).map(drop)),
        ("gather", |x| x.device().gather(x).map(drop)),
    ];
    for (name, program) in programs {
        let found = errors(name, |device| {
            let n = 20 + device.rank();
            let whole = Array::<_, f64, Ix2>::from_vec(device, (0..n * 3).map(|i| i as f64).collect(), [n, 3])?;
            program(&device.shard(&whole)?)
        });
        assert!(found.iter().any(|e| e.to_string().contains("shapes or dtypes of rank")), "{name}: {found:?}");
        assert!(found.iter().all(|e| matches!(e, Error::Backend { .. })), "{name}: {found:?}");
    }
}

/// What does not lie where it is needed is refused by each rank for itself, and the ranks go on together.
#[test]
fn layouts_that_do_not_align() {
    let all = simulate(3, &Cpu, |device| {
        let x = rows(device, 1000);
        let (later, earlier) = (x.slice(s![1..]).unwrap(), x.slice(s![..-1]).unwrap());
        let mut target = rows(device, 999);
        let found = [
            (earlier.lazy() + &later).try_eval().err(),
            (later.lazy() * 2.0).eval_into(&mut target).err(),
            later.t().matmul(&earlier).err(),
            <Mpi<Cpu> as Linalg<f64>>::cross(&earlier.lazy(), &later.lazy()).err(),
            concat(&[&earlier, &later], 1).err(),
        ];
        (found, x.sum(..).item())
    });
    for (found, sum) in all.unwrap() {
        for (k, e) in found.into_iter().enumerate() {
            let e = e.unwrap_or_else(|| panic!("{k} is not refused"));
            assert!(matches!(e, Error::Sharded { .. }) && e.to_string().contains("`reshard`"), "{k}: {e}");
        }
        assert_eq!(sum, Ok((0..3000).map(|i| (i * 7 % 11) as f64).sum()));
    }
}

/// A matrix that one rank alone has is singular.
#[test]
fn an_error_of_one_rank() {
    let found = errors("inv", |device| {
        let stack = device
            .from_rows::<f64, xp_core::Ix3>([64, 2, 2], |rows| rows.flat_map(|i| if i == 63 { [0.0; 4] } else { [1.0, 0.0, 0.0, 1.0] }).collect())?;
        linalg::inv(&stack)
    });
    assert!(matches!(found[2], Error::Linalg(_)), "{found:?}");
    assert!(found[..2].iter().all(|e| e.to_string().contains("rank 2")), "{found:?}");
    let found = errors("rows", |device| {
        device.try_from_rows::<f64, Ix1>(
            [9],
            |rows| if rows.contains(&4) { Err(Error::value("a file", "it is short")) } else { Ok(vec![0.0; rows.len()]) },
        )
    });
    assert!(found.iter().all(|e| e.to_string().contains("it is short")), "{found:?}");
}

/// A rank that comes to the end of its program is not waited for.
#[test]
fn a_rank_that_ends_early() {
    let all = simulate(3, &Cpu, |device| {
        let x = rows(device, 100);
        if device.rank() == 1 {
            return Ok(0.0);
        }
        x.lazy().sum(..).try_eval()?.item()
    });
    let all = all.unwrap();
    assert_eq!(all[1], Ok(0.0));
    for rank in [0, 2] {
        let e = all[rank].as_ref().unwrap_err().to_string();
        assert!(e.contains("`end`") || e.contains("gave up"), "{e}");
    }
}

/// Arrays outlive their session, and say so.
#[test]
fn use_after_the_end() {
    for (rank, x) in simulate(3, &Cpu, |device| rows(device, 100)).unwrap().into_iter().enumerate() {
        assert_eq!(x.shape(), [100, 3]);
        assert_eq!(x.device().local(&x).unwrap().dims()[0], x.device().rows(&x).len(), "rank {rank}");
        let e = x.lazy().sum(..).try_eval().unwrap_err();
        assert!(matches!(e, Error::Backend { .. }) && e.to_string().contains("the session has ended"), "rank {rank}: {e}");
    }
}

/// More elements than a 32-bit count holds, and than memory does.
#[test]
fn counts_beyond_32_bits() {
    let layout = Layout::even(5 << 32);
    assert_eq!((layout.rows(), layout.part(layout.parts() - 1).end), (5 << 32, 5 << 32));
    let found = errors("zeros", |device| zeros::<_, f64, _>(device, [1 << 52]));
    assert!(found.iter().all(|e| matches!(e, Error::OutOfMemory { .. } | Error::TooLarge { .. })), "{found:?}");
    let found = errors("file", |device| {
        device.try_from_rows::<u8, Ix1>([3 << 31], |rows| Err(Error::value("a file", format!("it ends before row {}", rows.end))))
    });
    assert!(found.iter().all(|e| e.to_string().contains("it ends before row")), "{found:?}");
}
