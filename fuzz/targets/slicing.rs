//! Slices, written as in Python: the first line has the lengths of the axes, the second one the key. An error where Python has
//! one, and otherwise the elements that a loop finds; what is assigned to the slice lands there and nowhere else.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xp::indexing::SliceItem;
use xp::prelude::*;

fn parse(key: &str) -> Option<Vec<SliceItem>> {
    let bound = |s: &str| if s.is_empty() { Some(None) } else { s.parse::<isize>().ok().map(Some) };
    key.split(',')
        .map(|item| match item.trim() {
            "..." => Some(SliceItem::Ellipsis),
            "None" => Some(SliceItem::NewAxis),
            item if item.contains(':') => {
                let mut parts = item.splitn(3, ':');
                let (start, stop, step) = (parts.next()?, parts.next()?, parts.next().unwrap_or("1"));
                Some(SliceItem::Range { start: bound(start)?, stop: bound(stop)?, step: step.parse().ok()? })
            }
            item => item.parse().ok().map(SliceItem::At),
        })
        .collect()
}

/// The positions that Python's slice has along an axis of length `n`.
fn positions(start: Option<isize>, stop: Option<isize>, step: isize, n: usize) -> Vec<usize> {
    let (n, step) = (n as i128, step as i128);
    let (low, high) = if step > 0 { (0, n) } else { (-1, n - 1) };
    let clamp = |bound: isize| if bound < 0 { (bound as i128 + n).max(low) } else { (bound as i128).min(high) };
    let mut at = start.map_or(if step > 0 { low } else { high }, clamp);
    let stop = stop.map_or(if step > 0 { high } else { low }, clamp);
    let mut out = vec![];
    while if step > 0 { at < stop } else { at > stop } {
        out.push(at as usize);
        at += step;
    }
    out
}

/// The shape of the slice and the places of its elements in the whole; `None` where Python has an error.
fn naive(shape: &[usize], key: &[SliceItem]) -> Option<(Vec<usize>, Vec<usize>)> {
    let used = key.iter().filter(|i| matches!(i, SliceItem::At(_) | SliceItem::Range { .. })).count();
    let ellipses = key.iter().filter(|i| matches!(i, SliceItem::Ellipsis)).count();
    if used > shape.len() || ellipses > 1 {
        return None;
    }
    let whole = SliceItem::Range { start: None, stop: None, step: 1 };
    let fill = vec![whole; shape.len() - used];
    let mut items = vec![];
    for item in key {
        if matches!(item, SliceItem::Ellipsis) { items.extend(&fill) } else { items.push(*item) }
    }
    if ellipses == 0 {
        items.extend(&fill);
    }
    let (mut out, mut places, mut axis) = (vec![], vec![0], 0);
    for item in items {
        let n = *shape.get(axis).unwrap_or(&1);
        let found = match item {
            SliceItem::NewAxis => {
                out.push(1);
                continue;
            }
            SliceItem::At(i) => vec![usize::try_from(if i < 0 { i + n as isize } else { i }).ok().filter(|&i| i < n)?],
            SliceItem::Range { step: 0, .. } => return None,
            SliceItem::Range { start, stop, step } => {
                let found = positions(start, stop, step, n);
                out.push(found.len());
                found
            }
            _ => unreachable!("replaced"),
        };
        axis += 1;
        places = places.iter().flat_map(|p| found.iter().map(move |i| p * n + i)).collect();
    }
    Some((out, places))
}

fuzz_target!(|text: &str| {
    let Some((shape, key)) = text.split_once('\n') else { return };
    let shape: Option<Vec<usize>> = shape.chars().map(|c| c.to_digit(6).map(|n| n as usize)).collect();
    let (Some(shape), Some(key)) = (shape, parse(key)) else { return };
    if shape.len() > 4 || key.len() > 12 {
        return;
    }
    let size = shape.iter().product::<usize>();
    let x = Array::<Cpu, i64, Dyn>::from_vec(&Cpu, (0..size as i64).collect(), shape.clone()).expect("a small array");
    match (x.slice(key.clone()), naive(&shape, &key)) {
        (Ok(out), Some((dims, places))) => {
            assert_eq!((out.dims(), out.to_vec()), (&dims[..], places.iter().map(|&p| p as i64).collect()));
            let mut changed = x.clone();
            changed.set(key, -1i64).expect("a scalar can be assigned");
            let expected: Vec<i64> = (0..size).map(|k| if places.contains(&k) { -1 } else { k as i64 }).collect();
            assert_eq!(changed.to_vec(), expected);
            assert_eq!(x.to_vec(), (0..size as i64).collect::<Vec<_>>());
        }
        (Err(_), None) => (),
        (given, expected) => panic!("{given:?} given, {expected:?} expected"),
    }
});
