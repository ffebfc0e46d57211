//! Operations on sharded arrays: the same bits for any number of ranks, and what the inner backend gives for the whole, up to
//! rounding. The ranks are threads.

#[path = "sharded/suite.rs"]
mod suite;

use suite::{Make, N, P, compare, noise};
use xp_core::functions::{arange, zeros};
use xp_core::linalg;
use xp_core::{Array, Backend, Error, Ix1, Ix2, Result, s};
use xp_cpu::Cpu;
use xp_mpi::{Mpi, simulate};

/// Numbers of ranks: one, few, more than divide the parts evenly.
const RANKS: [usize; 5] = [1, 2, 3, 4, 7];

/// Sums over rows, whose blocks are others than those of the inner backend.
fn is_sum(name: &str) -> bool {
    let sums = ["sum", "mean", "var", "std", "pass", "several", "axis", "axes", "product", "added", "transposed", "kept"];
    sums.iter().any(|word| name.contains(word)) && !name.contains("integers")
}

macro_rules! compared {
    ($($exact:expr => $($name:ident)*;)*) => {$($(
        #[test]
        fn $name() {
            compare(&RANKS, $exact, |_| Ok(Cpu), suite::$name::<Cpu>, suite::$name::<Mpi<Cpu>>);
        }
    )*)*};
}
compared! {
    |_| true => elementwise;
    |name| !is_sum(name) => reductions sorting gathering;
    |_| false => products columns made passes transforms small;
}

/// What a pass over the rows of one rank does not do is an error of all.
#[test]
fn passes_exchange_nothing() {
    let errors = simulate(3, &Cpu, |device| {
        let x = device.make::<f64, Ix2>([N, P], noise);
        let all = |_: std::ops::Range<usize>| x.lazy().sum(0).try_eval();
        let gathered = |rows: std::ops::Range<usize>| device.gather(&x)?.slice(s![rows])?.lazy().sum(0).try_eval();
        let last = |rows: std::ops::Range<usize>| {
            if rows.end == N { Err(Error::value("test", "the last part")) } else { x.slice(s![rows])?.lazy().sum(0).try_eval() }
        };
        let join = |a: Array<Mpi<Cpu>, f64, Ix1>, b| Ok(a + b);
        let fold =
            |part: &(dyn Fn(std::ops::Range<usize>) -> Result<Array<Mpi<Cpu>, f64, Ix1>> + Sync)| device.fold_rows(x.buffer(), N, part, join).err();
        [(fold(&all), "rows of another rank"), (fold(&gathered), "exchange nothing"), (fold(&last), "the last part")]
    });
    for (rank, errors) in errors.unwrap().into_iter().enumerate() {
        for (e, words) in errors {
            let e = e.unwrap_or_else(|| panic!("rank {rank}: no error: {words}"));
            assert!(e.to_string().contains(words), "rank {rank}: {e} for {words}");
        }
    }
}

/// What is refused says which operation, why, and what to do instead, on all ranks.
#[test]
fn refusals() {
    let errors = simulate(3, &Cpu, |device| {
        let x = device.make::<f64, Ix2>([N, P], noise);
        let large = device.make::<f64, Ix1>([1 << 18], noise);
        let chosen = x.select(&x.greater(0.0)).unwrap();
        let odd = x.slice(s![1..]).unwrap();
        vec![
            (x.flip(0).unwrap().lazy() + 1.0).try_eval().err(),
            (x.slice(s![..-1]).unwrap().lazy() + &odd).try_eval().err(),
            linalg::gram(&x.t().contiguous().unwrap().lazy()).err(),
            x.matmul(&x.t()).err(),
            large.to_host().err(),
            linalg::svd(&x, linalg::Full).err(),
            (chosen.lazy() + device.make::<f64, Ix1>([chosen.size()], noise)).try_eval().err(),
        ]
    })
    .unwrap();
    for errors in errors {
        for (e, words) in errors.into_iter().zip(["reverse order", "different ranks", "first axis", "every row", "`gather`", "`gram`", "`reshard`"]) {
            let e = e.unwrap_or_else(|| panic!("not refused: {words}"));
            assert!(matches!(e, Error::Sharded { .. }) && e.to_string().contains(words), "{e} for {words}");
        }
    }
}

/// A rank makes what it needs of zeros and positions: nobody has memory for all of these.
#[test]
fn nothing_is_made_whole() {
    for size in [1, 3] {
        let all = simulate(size, &Cpu, |device| -> Result<()> {
            let x = device.make::<f64, Ix2>([N, P], noise);
            let (zero, i) = (zeros::<_, f64, _>(device, [1 << 40])?, arange(device, 0, 1_i64 << 40, 1)?);
            assert_eq!((x.lazy() + zero.slice(s![..N])?.expand_dims(1)?).sum(0).try_eval()?.to_host()?, x.sum(0).to_host()?);
            let late = i.slice(s![-(N as isize)..])?;
            assert_eq!((x.slice(s![.., 0])?.lazy() * 0.0 + late.lazy().astype::<f64>()).max(..).try_eval()?.item()?, ((1_i64 << 40) - 1) as f64);
            let own = device.shard(&i.slice(s![..1 << 20])?.copy()?)?;
            assert_eq!(device.local(&own)?.to_vec(), device.rows(&own).map(|i| i as i64).collect::<Vec<_>>());
            assert_eq!(device.local(&device.shard(&zeros::<_, u8, _>(device, [1 << 20])?)?)?.size(), device.rows(&own).len());
            // What is written by columns is sharded.
            let mut y = zeros::<_, f64, _>(device, [1 << 15, P])?;
            y.set(s![.., 2], device.make::<f64, Ix1>([1 << 15], noise))?;
            assert!(device.layout(&y).is_some());
            Ok(())
        });
        all.unwrap().into_iter().collect::<Result<Vec<()>>>().unwrap();
    }
}

/// Into the ranks, out of them, and between layouts.
#[test]
fn moves() {
    for size in RANKS {
        let all = simulate(size, &Cpu, |device| -> Result<()> {
            let host: Vec<f64> = (0..N * P).map(noise).collect();
            let whole = Array::<Mpi<Cpu>, f64, Ix2>::from_vec(device, host.clone(), [N, P])?;
            let x = device.shard(&whole)?;
            assert!(device.layout(&x).is_some() && device.layout(&whole).is_none());
            let rows = device.make::<f64, Ix2>([N, P], noise);
            assert_eq!(device.local(&x)?.to_vec(), device.local(&rows)?.to_vec());
            assert_eq!(device.local(&x)?.to_vec(), host[device.rows(&x).start * P..device.rows(&x).end * P]);
            assert_eq!(device.gather(&x)?.to_host()?, host);
            let chosen = x.select_rows(&x.slice(s![.., 0])?.greater(0.0))?.into_rank::<Ix2>()?;
            let even = device.reshard(&chosen)?;
            assert_eq!(device.gather(&even)?.to_host()?, device.gather(&chosen)?.to_host()?);
            assert_eq!((even.lazy() + device.make::<f64, Ix2>(even.shape(), noise)).try_eval()?.shape(), chosen.shape());
            // Rows that the ranks have: as many as their numbers.
            let mine = Array::<Cpu, f64, Ix2>::from_vec(&Cpu, vec![device.rank() as f64; device.rank() * 2], [device.rank(), 2])?;
            let together = device.from_local(&mine)?;
            assert_eq!(together.shape(), [size * (size - 1) / 2, 2]);
            assert_eq!(together.sum(..).item()?, (0..size).map(|r| (r * r * 2) as f64).sum::<f64>());
            let own = Array::<Cpu, f64, Ix1>::from_vec(&Cpu, vec![device.rank() as f64; 3], [3])?;
            assert_eq!(device.replicate(size - 1, &own)?.to_host()?, vec![(size - 1) as f64; 3]);
            // A view of this rank's memory is a value of its own.
            let view = device.local(&x)?;
            let mut y = x.clone();
            y += 1.0;
            drop(x);
            let mut z = y.clone();
            z *= 2.0;
            assert_eq!(view.to_vec(), device.local(&rows)?.to_vec());
            Ok(())
        });
        all.unwrap().into_iter().collect::<Result<Vec<()>>>().unwrap();
    }
}
