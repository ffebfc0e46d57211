//! Printing as NumPy does: aligned columns, and large arrays summarised.

use core::fmt;

use super::Array;
use crate::backend::Backend;
use crate::dim::Dim;
use crate::dtype::{DType, Element, Kind};

/// Arrays with more elements are summarised.
const THRESHOLD: usize = 1000;
/// Items shown at each end of a summarised axis.
const EDGE: usize = 3;
/// Width of a line.
const LINE: usize = 75;
/// Digits after the point, unless the formatter asks for another number.
const PRECISION: usize = 8;

impl<B: Backend, T: Element, D: Dim> fmt::Display for Array<B, T, D> {
    /// As NumPy prints: `{:.3}` chooses the digits after the point.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let precision = f.precision().unwrap_or(PRECISION);
        match Grid::read(self, precision) {
            Ok(grid) => grid.write(f, 1),
            Err(e) => write!(f, "<{} array of shape {:?} on {}: {e}>", T::DTYPE, self.dims(), self.device()),
        }
    }
}

impl<B: Backend, T: Element, D: Dim> fmt::Debug for Array<B, T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Grid::read(self, f.precision().unwrap_or(PRECISION)) {
            Ok(grid) => {
                f.write_str("array(")?;
                grid.write(f, 7)?;
            }
            Err(e) => write!(f, "array(<{e}>")?,
        }
        write!(f, ", shape={:?}, dtype={}, device={})", self.dims(), T::DTYPE, self.device())
    }
}

/// The cells that are shown, as text, and which axes are cut.
struct Grid {
    dims: Vec<usize>,
    cut: bool,
    cells: Vec<String>,
    width: usize,
}

impl Grid {
    fn read<B: Backend, T: Element, D: Dim>(x: &Array<B, T, D>, precision: usize) -> crate::Result<Grid> {
        let cut = x.size() > THRESHOLD;
        let mut corner = x.clone();
        if cut {
            for k in 0..x.ndim() {
                let n = x.dims()[k];
                if n > 2 * EDGE {
                    let head = corner.slice_axis(k, ..EDGE)?;
                    let tail = corner.slice_axis(k, -(EDGE as isize)..)?;
                    corner = super::concat(&[head, tail], k)?;
                }
            }
        }
        let values = corner.to_host()?;
        let cells = format_cells(&values, T::DTYPE, precision);
        let width = cells.iter().map(|c| c.chars().count()).max().unwrap_or(0);
        Ok(Grid { dims: x.dims().to_vec(), cut, cells, width })
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, indent: usize) -> fmt::Result {
        if self.dims.contains(&0) {
            return f.write_str("[]");
        }
        let mut next = 0;
        self.level(f, 0, indent, &mut next)
    }

    fn level(&self, f: &mut fmt::Formatter<'_>, depth: usize, indent: usize, next: &mut usize) -> fmt::Result {
        let Some(&n) = self.dims.get(depth) else {
            *next += 1;
            return f.write_str(self.cells[*next - 1].trim_start());
        };
        let (shown, gap) = if self.cut && n > 2 * EDGE { (2 * EDGE, Some(EDGE)) } else { (n, None) };
        let last = depth + 1 == self.dims.len();
        f.write_str("[")?;
        let mut column = indent + depth;
        for i in 0..shown {
            if gap == Some(i) {
                self.separator(f, depth, indent, last, &mut column, 3)?;
                f.write_str("...")?;
            }
            if i > 0 || gap == Some(0) {
                self.separator(f, depth, indent, last, &mut column, self.width)?;
            }
            if last {
                write!(f, "{:>1$}", self.cells[*next], self.width)?;
                *next += 1;
                if i == 0 {
                    column += self.width;
                }
            } else {
                self.level(f, depth + 1, indent, next)?;
            }
        }
        f.write_str("]")
    }

    fn separator(&self, f: &mut fmt::Formatter<'_>, depth: usize, indent: usize, last: bool, column: &mut usize, width: usize) -> fmt::Result {
        if !last {
            // One newline per closed level, and the brackets of the next one aligned.
            for _ in depth + 1..self.dims.len() {
                f.write_str("\n")?;
            }
            return write!(f, "{:1$}", "", indent + depth);
        }
        *column += 1 + width;
        // The last column stays free for a bracket.
        if *column >= LINE {
            *column = indent + depth + width;
            write!(f, "\n{:1$}", "", indent + depth)
        } else {
            f.write_str(" ")
        }
    }
}

fn format_cells<T: Element>(values: &[T], dtype: DType, precision: usize) -> Vec<String> {
    let floats = |values: Vec<f64>| format_floats(&values, dtype, precision);
    match dtype.kind() {
        Kind::RealFloating => floats(values.iter().map(|x| x.cast()).collect()),
        Kind::ComplexFloating => {
            let parts: Vec<num_complex::Complex<f64>> = values.iter().map(|x| x.cast()).collect();
            let re = floats(parts.iter().map(|z| z.re).collect());
            let im = floats(parts.iter().map(|z| z.im.abs()).collect());
            let sign = |z: &num_complex::Complex<f64>| if z.im.is_sign_negative() { '-' } else { '+' };
            re.iter().zip(&im).zip(&parts).map(|((re, im), z)| format!("{re}{}{}j", sign(z), im.trim())).collect()
        }
        Kind::Bool => values.iter().map(|x| if x.is_truthy() { "True" } else { "False" }.to_string()).collect(),
        _ => values.iter().map(ToString::to_string).collect(),
    }
}

/// Floats aligned at the point, in scientific notation when their magnitudes ask for it; no more digits than tell the
/// number from its neighbours.
fn format_floats(values: &[f64], dtype: DType, precision: usize) -> Vec<String> {
    let finite = values.iter().map(|x| x.abs()).filter(|x| x.is_finite() && *x != 0.0);
    let (low, high) = finite.fold((f64::INFINITY, 0.0f64), |(l, h), x| (l.min(x), h.max(x)));
    let scientific = high > 0.0 && (high >= 1e8 || low < 1e-4 || high / low > 1e3);
    let special = |x: f64| if x.is_nan() { Some("nan") } else { x.is_infinite().then_some(if x < 0.0 { "-inf" } else { "inf" }) };
    // Digits before the exponent or at the end, and the exponent.
    let split = |x: f64| -> (String, String) {
        let (digits, exponent) = shortest(x, dtype);
        if scientific {
            let text = format!("{x:.0$e}", digits.min(precision));
            let (mantissa, e) = text.split_once('e').unwrap_or((&text, "0"));
            let e: i32 = e.parse().unwrap_or(0);
            (trimmed(mantissa), format!("e{}{:02}", if e < 0 { '-' } else { '+' }, e.abs()))
        } else {
            let digits = (digits as i32 - exponent).max(0) as usize;
            (trimmed(&format!("{x:.0$}", digits.min(precision))), String::new())
        }
    };
    let cells: Vec<_> = values.iter().map(|&x| special(x).map_or_else(|| split(x), |s| (s.into(), String::new()))).collect();
    // The points are aligned: shorter fractions are followed by spaces, or by zeros before an exponent, as in NumPy.
    let after = |c: &str| c.split_once('.').map_or(0, |(_, tail)| tail.len());
    let most = cells.iter().map(|(c, _)| after(c)).max().unwrap_or(0);
    let fill = if scientific { "0" } else { " " };
    let pad = |c: &str| if c.contains('.') { fill.repeat(most - after(c)) } else { String::new() };
    cells.iter().map(|(c, e)| format!("{c}{}{e}", pad(c))).collect()
}

/// The fewest digits after the first that tell `x` from the other numbers of its dtype, and its decimal exponent.
fn shortest(x: f64, dtype: DType) -> (usize, i32) {
    let text = match dtype {
        DType::F64 | DType::C128 => format!("{x:e}"),
        DType::F16 => fewest(x, |y| y.cast::<half::f16>().to_f64()),
        DType::BF16 => fewest(x, |y| y.cast::<half::bf16>().to_f64()),
        _ => format!("{:e}", x as f32),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.split_once('.').map_or(0, |(_, tail)| tail.len()), exponent.parse().unwrap_or(0))
}

/// The shortest text that `round` takes back to `x`.
fn fewest(x: f64, round: fn(f64) -> f64) -> String {
    let texts = (0..6).map(|digits| format!("{x:.digits$e}"));
    texts.into_iter().find(|t| t.parse::<f64>().is_ok_and(|y| round(y) == x)).unwrap_or_else(|| format!("{x:e}"))
}

/// Without zeros at the end of the fraction, and with a point.
fn trimmed(text: &str) -> String {
    if text.contains('.') { text.trim_end_matches('0').to_string() } else { format!("{text}.") }
}
