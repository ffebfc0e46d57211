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
                    let head = corner.slice_axis(k as isize, None, Some(EDGE as isize), 1)?;
                    let tail = corner.slice_axis(k as isize, Some(-(EDGE as isize)), None, 1)?;
                    corner = super::concat(&[&head, &tail], k as isize)?;
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
        if *column > LINE {
            *column = indent + depth + width;
            write!(f, "\n{:1$}", "", indent + depth)
        } else {
            f.write_str(" ")
        }
    }
}

fn format_cells<T: Element>(values: &[T], dtype: DType, precision: usize) -> Vec<String> {
    match dtype.kind() {
        Kind::RealFloating => format_floats(&values.iter().map(|x| x.cast::<f64>()).collect::<Vec<_>>(), digits(dtype, precision)),
        Kind::ComplexFloating => {
            let parts: Vec<num_complex::Complex<f64>> = values.iter().map(|x| x.cast()).collect();
            let re = format_floats(&parts.iter().map(|z| z.re).collect::<Vec<_>>(), digits(dtype, precision));
            let im = format_floats(&parts.iter().map(|z| z.im.abs()).collect::<Vec<_>>(), digits(dtype, precision));
            let sign = |z: &num_complex::Complex<f64>| if z.im.is_sign_negative() { '-' } else { '+' };
            re.iter().zip(&im).zip(&parts).map(|((re, im), z)| format!("{re}{}{}j", sign(z), im.trim_start())).collect()
        }
        Kind::Bool => values.iter().map(|x| if x.is_truthy() { "True" } else { "False" }.to_string()).collect(),
        _ => values.iter().map(ToString::to_string).collect(),
    }
}

/// Digits that the dtype can show.
fn digits(dtype: DType, precision: usize) -> usize {
    match dtype {
        DType::F16 => precision.min(4),
        DType::BF16 => precision.min(3),
        _ => precision,
    }
}

/// Floats aligned at the point, in scientific notation when their magnitudes ask for it.
fn format_floats(values: &[f64], precision: usize) -> Vec<String> {
    let finite = values.iter().map(|x| x.abs()).filter(|x| x.is_finite() && *x != 0.0);
    let (low, high) = finite.fold((f64::INFINITY, 0.0f64), |(l, h), x| (l.min(x), h.max(x)));
    let scientific = high >= 1e8 || (high > 0.0 && (low < 1e-4 || high / low > 1e3 && low < 1e-3 && high > 1e3));
    let text = |x: f64| -> String {
        if x.is_nan() {
            "nan".into()
        } else if x.is_infinite() {
            if x < 0.0 { "-inf".into() } else { "inf".into() }
        } else if scientific {
            let s = format!("{x:.precision$e}");
            let (mantissa, exponent) = s.split_once('e').unwrap_or((&s, "0"));
            let e: i32 = exponent.parse().unwrap_or(0);
            format!("{mantissa}e{}{:02}", if e < 0 { '-' } else { '+' }, e.abs())
        } else {
            let s = format!("{x:.precision$}");
            if s.contains('.') { s.trim_end_matches('0').to_string() } else { format!("{s}.") }
        }
    };
    let cells: Vec<String> = values.iter().map(|&x| text(x)).collect();
    if scientific {
        return cells;
    }
    // The points are aligned: shorter fractions are followed by spaces, as in NumPy.
    let after = |c: &str| c.split_once('.').map_or(0, |(_, tail)| tail.len());
    let most = cells.iter().map(|c| after(c)).max().unwrap_or(0);
    cells.into_iter().map(|c| if c.contains('.') { format!("{c}{}", " ".repeat(most - after(&c))) } else { c }).collect()
}
