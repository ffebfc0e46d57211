//! Subscripts of `einsum`: the first line is the subscripts, the second one the lengths of the operands' axes, `23;34` for
//! shapes `(2, 3)` and `(3, 4)`. An error, or what a loop over all letters gives.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use xp::prelude::*;

type Operand = Array<Cpu, i64, Dyn>;

/// The sum over all letters that the output has not, when there are only letters and the lengths are the same.
fn naive(subscripts: &str, operands: &[Operand]) -> Option<(Vec<usize>, Vec<i64>)> {
    let text: String = subscripts.chars().filter(|c| *c != ' ').collect();
    let (inputs, output) = text.split_once("->").map_or((&text[..], None), |(i, o)| (i, Some(o.to_owned())));
    let inputs: Vec<&str> = inputs.split(',').collect();
    let letters = |s: &str| s.chars().all(|c| c.is_ascii_alphabetic());
    if inputs.len() != operands.len() || !inputs.iter().all(|s| letters(s)) || !output.as_deref().is_none_or(letters) {
        return None;
    }
    let mut lengths = BTreeMap::new();
    for (labels, x) in inputs.iter().zip(operands) {
        if labels.len() != x.ndim() {
            return None;
        }
        for (c, &n) in labels.chars().zip(x.dims()) {
            if *lengths.entry(c).or_insert(n) != n {
                return None;
            }
        }
    }
    let all: String = inputs.concat();
    let output = output.unwrap_or_else(|| lengths.keys().filter(|&&c| all.matches(c).count() == 1).collect());
    let shape: Vec<usize> = output.chars().map(|c| lengths.get(&c).copied()).collect::<Option<_>>()?;
    let place = |labels: &str, index: &BTreeMap<char, usize>| labels.chars().fold(0, |at, c| at * lengths[&c] + index[&c]);
    let values: Vec<Vec<i64>> = operands.iter().map(Array::to_vec).collect();
    let mut out = vec![0i64; shape.iter().product()];
    let count: usize = lengths.values().product();
    for k in 0..count {
        let mut rest = k;
        let index: BTreeMap<char, usize> = lengths
            .iter()
            .map(|(&c, &n)| {
                let i = rest % n;
                rest /= n;
                (c, i)
            })
            .collect();
        out[place(&output, &index)] += inputs.iter().zip(&values).map(|(labels, x)| x[place(labels, &index)]).product::<i64>();
    }
    Some((shape, out))
}

fuzz_target!(|text: &str| {
    let Some((subscripts, shapes)) = text.split_once('\n') else { return };
    // At most 3 operands of at most 4 axes: a result of at most 4^12 elements would be too slow, so short subscripts only.
    let shapes: Option<Vec<Vec<usize>>> = shapes.split(';').map(|s| s.chars().map(|c| c.to_digit(5).map(|n| n as usize)).collect()).collect();
    let Some(shapes) = shapes else { return };
    let size: usize = shapes.iter().flatten().map(|&n| n.max(1)).product();
    if shapes.len() > 4 || size > 1 << 12 || shapes.iter().any(|s| s.len() > 8) {
        return;
    }
    let operand = |shape: &Vec<usize>| {
        let n = shape.iter().product::<usize>() as i64;
        Operand::from_vec(&Cpu, (0..n).map(|k| k % 7 - 2).collect(), shape.clone()).expect("a small array")
    };
    let operands: Vec<Operand> = shapes.iter().map(operand).collect();
    let out = xp::extra::einsum(subscripts, &operands.iter().collect::<Vec<_>>());
    if let (Ok(out), Some((shape, values))) = (out, naive(subscripts, &operands)) {
        assert_eq!((out.dims(), out.to_vec()), (&shape[..], values));
    }
});
