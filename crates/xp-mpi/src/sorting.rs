//! Cumulative sums, sorting and distinct elements.

use std::cmp::Ordering;

use xp_core::backend::{Distinct, Lanes, Scan};
use xp_core::functions::concat;
use xp_core::math::Baseline;
use xp_core::ops::{Add, BinaryOp, Multiply};
use xp_core::{Array, Backend, Element, Error, Ix2, Num, Real, Result};

use crate::backend::Mpi;
use crate::lanes::Where;
use crate::layout::{GATHER, Shard, refused};
use crate::memory::{MpiBuffer, State, bytes, values};
use crate::world::signature;

/// Along the sharded axis every part is cumulated alone, and begins where the one before it ends.
pub(crate) fn scan<B: Backend, T: Num>(mpi: &Mpi<B>, op: Scan, x: &MpiBuffer<B, T>, lanes: Lanes) -> Result<MpiBuffer<B, T>> {
    lanes.check(x.len(), "scan")?;
    let name = match op {
        Scan::Sum => "cumulative_sum",
        Scan::Prod => "cumulative_prod",
    };
    let (local, shard) = match mpi.lanes(name, x, lanes)? {
        Where::Here(local, lanes, shard) => return mpi.keep(mpi.device.scan(op, &local, lanes)?, shard),
        Where::Across(local, shard) => (local, shard),
    };
    let join = |a: T, b: T| match op {
        Scan::Sum => <Add as BinaryOp<T>>::apply::<Baseline>(Add, a, b),
        Scan::Prod => <Multiply as BinaryOp<T>>::apply::<Baseline>(Multiply, a, b),
    };
    let inner = shard.inner;
    let parts = || -> Result<Vec<(B::Buffer<T>, usize)>> {
        let one = |part: std::ops::Range<usize>| {
            let rows = (part.start - shard.mine.start) * inner..(part.end - shard.mine.start) * inner;
            Ok((mpi.device.scan(op, &mpi.cut(&local, rows)?, Lanes { outer: 1, len: part.len(), inner })?, part.len()))
        };
        shard.layout.my_parts(&mpi.world).map(one).collect()
    };
    let parts = parts();
    let ends = match &parts {
        Ok(parts) => parts.iter().map(|(part, len)| mpi.device.download(part, (len - 1) * inner, inner)).collect::<Result<Vec<_>>>(),
        Err(e) => Err(e.clone()),
    };
    let ends = mpi.world.gather(name, signature(&[shard.layout.rows(), inner, size_of::<T>()]), ends.map(|ends| bytes(&ends.concat())))?;
    // Totals of the parts before those of this rank, one after the other whatever the ranks.
    let before: Vec<T> = values(&ends[..mpi.world.rank].concat());
    let mut total: Option<Vec<T>> = None;
    let mut pass = |end: &[T]| {
        total = Some(match total.take() {
            None => end.to_vec(),
            Some(total) => total.iter().zip(end).map(|(&a, &b)| join(a, b)).collect(),
        });
        total.clone()
    };
    let mut start = before.chunks_exact(inner).map(&mut pass).last().flatten();
    let ours: Vec<T> = values(&ends[mpi.world.rank]);
    let mut done = vec![];
    for ((part, len), end) in parts?.into_iter().zip(ours.chunks_exact(inner)) {
        let part: Array<B, T, Ix2> = mpi.view(&part, &[len, inner])?;
        done.push(match start {
            None => part,
            Some(start) => {
                let start: Array<B, T, Ix2> = Array::from_vec(&mpi.device, start, [1, inner])?;
                match op {
                    Scan::Sum => start.lazy().add(&part).try_eval()?,
                    Scan::Prod => start.lazy().multiply(&part).try_eval()?,
                }
            }
        });
        start = pass(end);
    }
    let whole = if done.is_empty() { mpi.device.upload(vec![])? } else { concat(&done, 0)?.buffer().clone() };
    mpi.keep(whole, Some(shard))
}

pub(crate) fn sort<B: Backend, T: Real>(mpi: &Mpi<B>, x: &MpiBuffer<B, T>, lanes: Lanes, descending: bool) -> Result<MpiBuffer<B, T>> {
    match mpi.lanes("sort", x, lanes)? {
        Where::Here(local, lanes, shard) => mpi.keep(mpi.device.sort(&local, lanes, descending)?, shard),
        Where::Across(local, shard) if shard.inner == 1 => {
            let sorted = sample_sort(mpi, "sort", &local, &shard, descending)?;
            mpi.keep(mpi.device.upload(sorted.into_iter().map(|(x, _)| x).collect())?, Some(shard))
        }
        Where::Across(local, shard) => mpi.by_columns("sort", &local, &shard, shard.layout.rows(), |x, lanes| mpi.device.sort(x, lanes, descending)),
    }
}

pub(crate) fn argsort<B: Backend, T: Real>(mpi: &Mpi<B>, x: &MpiBuffer<B, T>, lanes: Lanes, descending: bool) -> Result<MpiBuffer<B, i64>> {
    match mpi.lanes("argsort", x, lanes)? {
        Where::Here(local, lanes, shard) => mpi.keep(mpi.device.argsort(&local, lanes, descending)?, shard),
        Where::Across(local, shard) if shard.inner == 1 => {
            let sorted = sample_sort(mpi, "argsort", &local, &shard, descending)?;
            mpi.keep(mpi.device.upload(sorted.into_iter().map(|(_, i)| i).collect())?, Some(shard))
        }
        Where::Across(local, shard) => {
            mpi.by_columns("argsort", &local, &shard, shard.layout.rows(), |x, lanes| mpi.device.argsort(x, lanes, descending))
        }
    }
}

/// The order of sorted lanes: NaNs last, or first if `descending`.
fn order<T: Real>(a: T, b: T, descending: bool) -> Ordering {
    let ascending = a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()));
    if descending { ascending.reverse() } else { ascending }
}

/// Sorts a sharded vector: this rank's rows of the sorted one, and where they came from.
///
/// Parallel sorting by regular sampling (X. Li et al., "On the versatility of parallel sorting by regular sampling", Parallel
/// Computing 19, 1993): each rank sorts what it has, samples of all choose bounds, and what lies between two of them goes to
/// one rank. Equal elements are ordered by their positions, so that the result does not depend on the ranks.
fn sample_sort<B: Backend, T: Real>(
    mpi: &Mpi<B>,
    operation: &'static str,
    x: &B::Buffer<T>,
    shard: &Shard,
    descending: bool,
) -> Result<Vec<(T, i64)>> {
    let size = mpi.world.size;
    let sign = signature(&[shard.layout.rows(), size_of::<T>()]);
    let before = |a: &(T, i64), b: &(T, i64)| order(a.0, b.0, descending).then(a.1.cmp(&b.1));
    let sorted = || -> Result<Vec<(T, i64)>> {
        let at = mpi.device.argsort(x, Lanes { outer: 1, len: shard.len(), inner: 1 }, descending)?;
        let (x, at) = (mpi.device.download(x, 0, shard.len())?, mpi.device.download(&at, 0, shard.len())?);
        Ok(at.into_iter().map(|i| (x[i as usize], i + shard.mine.start as i64)).collect())
    };
    let sorted = sorted();
    let samples = sorted.as_ref().map(|sorted| {
        let some: Vec<(T, i64)> = (0..size).filter(|_| !sorted.is_empty()).map(|k| sorted[k * sorted.len() / size]).collect();
        pack(&some)
    });
    let samples = mpi.world.gather(operation, sign, samples.map_err(Clone::clone))?;
    let mut samples: Vec<(T, i64)> = samples.iter().flat_map(|bytes| unpack(bytes)).collect();
    samples.sort_by(before);
    let bounds: Vec<(T, i64)> = (1..size).filter(|_| !samples.is_empty()).map(|k| samples[k * samples.len() / size]).collect();
    let pieces = sorted.map(|sorted| {
        let ends: Vec<usize> = bounds.iter().map(|bound| sorted.partition_point(|x| before(x, bound).is_lt())).collect();
        let starts: Vec<usize> = std::iter::once(0).chain(ends.iter().copied()).collect();
        let ends = ends.into_iter().chain([sorted.len()]);
        let mut pieces: Vec<Vec<u8>> = starts.into_iter().zip(ends).map(|(a, b)| pack(&sorted[a..b])).collect();
        pieces.resize(size, vec![]);
        pieces
    });
    let mut run: Vec<(T, i64)> = mpi.world.swap(operation, sign, pieces)?.iter().flat_map(|bytes| unpack(bytes)).collect();
    run.sort_by(before);
    // To the ranks whose rows these are.
    let lens = mpi.world.gather(operation, sign, Ok((run.len() as u64).to_le_bytes().to_vec()))?;
    let first: usize = lens[..mpi.world.rank].iter().map(|len| values::<u64>(len)[0] as usize).sum();
    let to = |rank| {
        let rows = shard.layout.of(&mpi.world, rank);
        let at = |row: usize| row.clamp(first, first + run.len()) - first;
        pack(&run[at(rows.start)..at(rows.end)])
    };
    let back = mpi.world.swap(operation, sign, Ok((0..size).map(to).collect()))?;
    Ok(back.iter().flat_map(|bytes| unpack(bytes)).collect())
}

fn pack<T: Element>(pairs: &[(T, i64)]) -> Vec<u8> {
    let (x, at): (Vec<T>, Vec<i64>) = pairs.iter().copied().unzip();
    [bytes(&at), bytes(&x)].concat()
}
fn unpack<T: Element>(packed: &[u8]) -> Vec<(T, i64)> {
    let (at, x) = packed.split_at(packed.len() / (8 + size_of::<T>()) * 8);
    values(x).into_iter().zip(values(at)).collect()
}

/// Along the sharded axis the best of every rank are compared.
pub(crate) fn top_k<B: Backend, T: Real>(mpi: &Mpi<B>, x: &MpiBuffer<B, T>, lanes: Lanes, k: usize, descending: bool) -> Result<MpiBuffer<B, i64>> {
    lanes.first(k, "top_k")?;
    let (local, shard) = match mpi.lanes("top_k", x, lanes)? {
        Where::Here(local, here, shard) => {
            return mpi.keep(mpi.device.top_k(&local, here, k, descending)?, shard.map(|shard| shard.with_lanes(lanes, k)));
        }
        Where::Across(local, shard) => (local, shard),
    };
    let inner = shard.inner;
    let best = || -> Result<Vec<u8>> {
        let few = k.min(shard.mine.len());
        let mine = Lanes { outer: 1, len: shard.mine.len(), inner };
        let at = mpi.device.top_k(&local, mine, few, descending)?;
        let best = mpi.device.take(&local, mine, &at, Some(few))?;
        let at: Vec<i64> = mpi.device.download(&at, 0, few * inner)?.iter().map(|i| i + shard.mine.start as i64).collect();
        Ok([bytes(&at), bytes(&mpi.device.download(&best, 0, few * inner)?)].concat())
    };
    let all = mpi.world.gather("top_k", signature(&[shard.layout.rows(), inner, k, size_of::<T>()]), best())?;
    let (x, at): (Vec<T>, Vec<i64>) = all.iter().flat_map(|bytes| unpack::<T>(bytes)).unzip();
    let candidates = Lanes { outer: 1, len: x.len() / inner, inner };
    let chosen = mpi.device.top_k(&mpi.device.upload(x)?, candidates, k, descending)?;
    mpi.keep(mpi.device.take(&mpi.device.upload(at)?, candidates, &chosen, Some(k))?, None)
}

/// In a sorted vector that is sharded, the place of a query is the sum of its places among the rows of each rank.
pub(crate) fn searchsorted<B: Backend, T: Real>(
    mpi: &Mpi<B>,
    x: &MpiBuffer<B, T>,
    queries: &MpiBuffer<B, T>,
    right: bool,
) -> Result<MpiBuffer<B, i64>> {
    match (x.settled(&mpi.device)?, queries.settled(&mpi.device)?) {
        (State::Replicated(x), State::Replicated(q)) => mpi.keep(mpi.device.searchsorted(&x, &q, right)?, None),
        (State::Replicated(x), State::Sharded(q, shard)) => mpi.keep(mpi.device.searchsorted(&x, &q, right)?, Some(shard)),
        (State::Sharded(x, shard), State::Replicated(q)) if shard.inner == 1 && shard.outer == 1 => {
            let places = mpi.device.searchsorted(&x, &q, right).and_then(|places| mpi.device.download(&places, 0, queries.len()));
            let sign = signature(&[shard.layout.rows(), queries.len(), size_of::<T>(), usize::from(right)]);
            let all = mpi.world.gather("searchsorted", sign, places.map(|places| bytes(&places)))?;
            let mut sums = vec![0i64; queries.len()];
            for places in &all {
                sums.iter_mut().zip(values::<i64>(places)).for_each(|(sum, place)| *sum += place);
            }
            mpi.upload(sums)
        }
        (State::Sharded(x, shard), State::Sharded(q, list)) if shard.inner == 1 && shard.outer == 1 => {
            asked_of_owners(mpi, &x, &shard, &q, list, right)
        }
        _ => Err(refused("searchsorted", "a vector that is a part of its rows", GATHER)),
    }
}

/// The places of sharded queries in a sorted vector that is sharded too: each query goes to the last rank whose first element lies before it.
fn asked_of_owners<B: Backend, T: Real>(
    mpi: &Mpi<B>,
    x: &B::Buffer<T>,
    shard: &Shard,
    queries: &B::Buffer<T>,
    list: Shard,
    right: bool,
) -> Result<MpiBuffer<B, i64>> {
    let (name, world) = ("searchsorted", &mpi.world);
    let sign = signature(&[shard.layout.rows(), list.layout.rows(), list.inner, size_of::<T>(), usize::from(right)]);
    let first = mpi.device.download(x, 0, shard.len().min(1)).map(|first| bytes(&first));
    let firsts: Vec<Vec<T>> = world.gather(name, sign, first)?.iter().map(|first| values(first)).collect();
    // Ranks that have rows, in the order of their first elements.
    let owners: Vec<(usize, T)> = firsts.iter().enumerate().filter_map(|(rank, first)| Some((rank, *first.first()?))).collect();
    let before = |element: T, query: T| if right { order(element, query, false).is_le() } else { order(element, query, false).is_lt() };
    let owner = |query: T| owners[owners.partition_point(|&(_, first)| before(first, query)).saturating_sub(1)].0;
    let asking = mpi.device.download(queries, 0, list.len());
    let asked = asking.as_ref().map(|queries| {
        let mut asked = vec![vec![]; world.size];
        queries.iter().for_each(|&query| asked[owner(query)].push(query));
        asked.iter().map(|queries| bytes(queries)).collect()
    });
    let asked = world.swap(name, sign, asked.map_err(Clone::clone))?;
    let answer = |asked: &Vec<u8>| {
        let asked: Vec<T> = values(asked);
        let count = asked.len();
        let places = mpi.device.searchsorted(x, &mpi.device.upload(asked)?, right)?;
        let places = mpi.device.download(&places, 0, count)?;
        Ok(bytes(&places.iter().map(|place| place + shard.mine.start as i64).collect::<Vec<i64>>()))
    };
    let answers: Vec<Vec<i64>> = world.swap(name, sign, asked.iter().map(answer).collect())?.iter().map(|part| values(part)).collect();
    let mut next = vec![0; world.size];
    let mut places = vec![];
    for query in asking? {
        let rank = owner(query);
        places.push(answers[rank][next[rank]]);
        next[rank] += 1;
    }
    mpi.keep(mpi.device.upload(places)?, Some(list))
}

/// Every rank finds those of its own rows; the lists are merged on every rank. Where the inner backend has no method of its own,
/// the elements of this rank's rows are looked through on the host.
pub(crate) fn unique<B: Backend, T: Real>(mpi: &Mpi<B>, x: &MpiBuffer<B, T>, places: bool) -> Result<Option<Distinct<Mpi<B>, T>>> {
    let (local, shard) = match x.settled(&mpi.device)? {
        State::Replicated(local) => {
            let Some(found) = mpi.device.unique(&local, places)? else { return Ok(None) };
            let replicated = MpiBuffer::replicated;
            let places = found.places.map(|places| places.map(replicated));
            return Ok(Some(Distinct {
                len: found.len,
                values: MpiBuffer::replicated(found.values),
                counts: MpiBuffer::replicated(found.counts),
                places,
            }));
        }
        State::Sharded(local, shard) => (local, shard.first_axis("unique")?),
    };
    let offset = (shard.mine.start * shard.inner) as i64;
    let mine = distinct(mpi, &local, shard.len(), places);
    let packed = mine.as_ref().map(|mine| {
        let first: Vec<i64> = mine.first.iter().map(|i| i + offset).collect();
        [bytes(&first), bytes(&mine.counts), bytes(&mine.values)].concat()
    });
    let all = mpi.world.gather("unique", signature(&[x.len(), size_of::<T>(), usize::from(places)]), packed.map_err(Clone::clone))?;
    let mine = mine?;
    let mut lists: Vec<(T, i64, i64)> = vec![];
    for bytes in &all {
        let n = bytes.len() / (16 + size_of::<T>());
        let (first, rest) = bytes.split_at(8 * n);
        let (counts, x) = rest.split_at(8 * n);
        lists.extend(values::<T>(x).into_iter().zip(values(counts)).zip(values(first)).map(|((x, count), first)| (x, count, first)));
    }
    // Stable: the elements of earlier rows come first.
    lists.sort_by(|a, b| order(a.0, b.0, false));
    let mut found: Vec<(T, i64, i64)> = vec![];
    for (x, count, first) in lists {
        match found.last_mut() {
            // A NaN equals nothing, itself included.
            Some(last) if last.0 == x => (last.1, last.2) = (last.1 + count, last.2.min(first)),
            _ => found.push((x, count, first)),
        }
    }
    let places = if let Some(inverse) = &mine.inverse {
        let numbers: Vec<i64> = mine.values.iter().zip(&mine.first).map(|(&x, &first)| number(&found, x, first + offset)).collect();
        let lanes = Lanes { outer: 1, len: numbers.len(), inner: 1 };
        let inverse = mpi.device.take(&mpi.device.upload(numbers)?, lanes, inverse, None)?;
        let first = mpi.upload(found.iter().map(|x| x.2).collect())?;
        Some([first, mpi.keep(inverse, Some(shard))?])
    } else {
        None
    };
    let len = found.len();
    let (x, counts) = (found.iter().map(|x| x.0).collect(), found.iter().map(|x| x.1).collect());
    Ok(Some(Distinct { len, values: mpi.upload(x)?, counts: mpi.upload(counts)?, places }))
}

/// The number of an element among the distinct ones; of a NaN, which has a place of its own, by its position.
fn number<T: Real>(found: &[(T, i64, i64)], x: T, first: i64) -> i64 {
    let at = found.partition_point(|y| order(y.0, x, false).is_lt());
    let nth = if x.is_nan() { found[at..].iter().position(|y| y.2 == first).unwrap_or(0) } else { 0 };
    (at + nth) as i64
}

/// Distinct elements of this rank, on the host, and the position of its value for each element.
struct Mine<B: Backend, T> {
    values: Vec<T>,
    counts: Vec<i64>,
    first: Vec<i64>,
    inverse: Option<B::Buffer<i64>>,
}

fn distinct<B: Backend, T: Real>(mpi: &Mpi<B>, x: &B::Buffer<T>, len: usize, places: bool) -> Result<Mine<B, T>> {
    let down = |b: &B::Buffer<i64>, n: usize| mpi.device.download(b, 0, n);
    if let Some(found) = mpi.device.unique(x, places)? {
        let (values, counts) = (mpi.device.download(&found.values, 0, found.len)?, down(&found.counts, found.len)?);
        let (first, inverse) = match found.places {
            Some([first, inverse]) => (down(&first, found.len)?, Some(inverse)),
            None => (vec![0; found.len], None),
        };
        return Ok(Mine { values, counts, first, inverse });
    }
    let order = mpi.device.argsort(x, Lanes { outer: 1, len, inner: 1 }, false)?;
    let (x, order) = (mpi.device.download(x, 0, len)?, down(&order, len)?);
    let (mut mine, mut inverse) = (Mine { values: vec![], counts: vec![], first: vec![], inverse: None }, vec![0; len]);
    for i in order {
        let value = *x.get(i as usize).ok_or_else(|| Error::value("unique", "a position outside the array"))?;
        if mine.values.last() != Some(&value) {
            mine.values.push(value);
            mine.counts.push(0);
            mine.first.push(i);
        }
        if let Some(count) = mine.counts.last_mut() {
            *count += 1;
        }
        inverse[i as usize] = mine.values.len() as i64 - 1;
    }
    if places {
        mine.inverse = Some(mpi.device.upload(inverse)?);
    }
    Ok(mine)
}
