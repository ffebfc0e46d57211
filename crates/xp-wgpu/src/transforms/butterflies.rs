//! Passes of Stockham's transform: each turns lanes of `n` numbers into transforms of a length that is `radix` times that of the pass before,
//! in order, without a permutation at the end (Van Loan, "Computational Frameworks for the Fast Fourier Transform", 1992, section 1.7).

use std::fmt::Write;

use crate::operations::ITEMS;

/// What lengths are made of.
pub(super) const RADICES: [usize; 6] = [8, 4, 2, 3, 5, 7];

/// The radices whose product a length is; `None` when a prime factor is larger.
pub(super) fn radices(mut n: usize) -> Option<Vec<usize>> {
    let mut all = vec![];
    for radix in RADICES {
        while n > 1 && n.is_multiple_of(radix) {
            all.push(radix);
            n /= radix;
        }
    }
    (n == 1).then_some(all)
}

/// The kernel of a pass. `p[1]` numbers are between those that a thread takes, transforms have had length `p[3]`, and the table `p[6]` times as
/// many numbers as the transforms that come out.
pub(super) fn pass(radix: usize) -> String {
    let mut text = format!(
        "{ITEMS}  if (item >= p[0]) {{ return; }}
  let sign = bitcast<f32>(p[4]);
  let column = item % p[2];
  let row = item / p[2];
  let j = row % p[1];
  let lane = row / p[1] * p[1] * {radix}u;
  let k = j % p[3];
"
    );
    for r in 0..radix {
        let _ = writeln!(text, "  var x{r} = number(lane + j + {r}u * p[1], column);");
    }
    text += "  if (p[3] > 1u) {\n";
    for r in 1..radix {
        let _ = writeln!(text, "    x{r} = product(x{r}, table(k * {r}u * p[6], sign));");
    }
    text += "  }\n";
    text += &match radix {
        2 => "  let y0 = x0 + x1;\n  let y1 = x0 - x1;\n".to_owned(),
        4 => four(["x0", "x1", "x2", "x3"], "y"),
        8 => eight(),
        _ => odd(radix),
    };
    text += "  let to = lane + (j - k) * ";
    let _ = writeln!(text, "{radix}u + k;");
    for r in 0..radix {
        let _ = writeln!(text, "  store(to + {r}u * p[3], column, y{r});");
    }
    // A product with the imaginary unit to the sign of the exponent.
    text + "}\nfn turned(x: vec2<f32>, sign: f32) -> vec2<f32> { return vec2<f32>(-x.y * sign, x.x * sign); }\n"
}

fn four([a, b, c, d]: [&str; 4], y: &str) -> String {
    format!(
        "  let {y}s = {a} + {c};\n  let {y}t = {a} - {c};\n  let {y}u = {b} + {d};\n  let {y}v = turned({b} - {d}, sign);\n  \
         let {y}0 = {y}s + {y}u;\n  let {y}1 = {y}t + {y}v;\n  let {y}2 = {y}s - {y}u;\n  let {y}3 = {y}t - {y}v;\n"
    )
}

fn eight() -> String {
    let half = std::f32::consts::FRAC_1_SQRT_2;
    let mut text = four(["x0", "x2", "x4", "x6"], "e") + &four(["x1", "x3", "x5", "x7"], "o");
    let _ = writeln!(text, "  let w0 = o0;\n  let w1 = (o1 + turned(o1, sign)) * {half:?};\n  let w2 = turned(o2, sign);");
    let _ = writeln!(text, "  let w3 = (turned(o3, sign) - o3) * {half:?};");
    for k in 0..4 {
        let _ = writeln!(text, "  let y{k} = e{k} + w{k};\n  let y{} = e{k} - w{k};", k + 4);
    }
    text
}

/// Pairs of numbers at equal distances from both ends have equal cosines and opposite sines.
fn odd(radix: usize) -> String {
    let half = radix / 2;
    let turns = |k: usize| std::f64::consts::TAU * (k % radix) as f64 / radix as f64;
    let mut text = String::new();
    for m in 1..=half {
        let _ = writeln!(text, "  let s{m} = x{m} + x{0};\n  let d{m} = x{m} - x{0};", radix - m);
    }
    let sum: String = (1..=half).map(|m| format!(" + s{m}")).collect();
    let _ = writeln!(text, "  let y0 = x0{sum};");
    for k in 1..=half {
        let cosines: String = (1..=half).map(|m| format!(" + s{m} * {:?}", turns(k * m).cos() as f32)).collect();
        let sines: Vec<String> = (1..=half).map(|m| format!("d{m} * {:?}", turns(k * m).sin() as f32)).collect();
        let _ = writeln!(text, "  let c{k} = x0{cosines};\n  let v{k} = turned({}, sign);", sines.join(" + "));
        let _ = writeln!(text, "  let y{k} = c{k} + v{k};\n  let y{} = c{k} - v{k};", radix - k);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_products_of_their_radices() {
        for n in 1..2000 {
            let smooth = [2, 3, 5, 7].iter().fold(n, |mut n, p| {
                while n % p == 0 {
                    n /= p;
                }
                n
            });
            match radices(n) {
                Some(all) => assert_eq!((all.iter().product::<usize>(), smooth), (n, 1)),
                None => assert!(smooth > 1, "{n}"),
            }
        }
        assert_eq!(radices(1), Some(vec![]));
        assert_eq!(radices(4096), Some(vec![8; 4]));
    }
}
