//! Einstein summation, as sums, transposes and matrix products.

use crate::array::Array;
use crate::backend::Backend;
use crate::dim::{Dyn, MAX_NDIM};
use crate::dtype::Num;
use crate::error::{Error, Result};

type Operand<B, T> = Array<B, T, Dyn>;

/// One axis of an operand: a letter, or an axis of the ellipsis counted from the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    Hidden(usize),
    Letter(char),
}

impl core::fmt::Display for Label {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Label::Hidden(k) => write!(f, "axis -{} of the ellipsis", k + 1),
            Label::Letter(c) => write!(f, "'{c}'"),
        }
    }
}

/// The sum of products that `subscripts` describe: a letter per axis and operand, `->` and the letters of the result.
///
/// Letters that the result lacks are summed over. Without `->` the result has the letters that occur once, in alphabetical
/// order. A letter twice in one operand takes its diagonal. `...` stands for axes that broadcast. Operands are contracted in
/// pairs, those first whose product is smallest, each by one (stacked) matrix product. Nothing is conjugated.
///
/// # Errors
/// [`Error::Value`] for subscripts that are not understood or do not fit the operands, [`Error::Shape`] when axes of one
/// letter differ in length, [`Error::Device`].
///
/// ```
/// use xp::prelude::*;
/// use xp::extra::einsum;
/// let a = array![[1, 2], [3, 4]].into_dyn();
/// assert_eq!(einsum("ij,jk->ik", &[&a, &a])?.to_vec(), [7, 10, 15, 22]);
/// assert_eq!(einsum("ii", &[&a])?.item()?, 5);
/// assert_eq!(einsum("...j->...", &[&a])?.to_vec(), [3, 7]);
/// # Ok::<(), xp::Error>(())
/// ```
pub fn einsum<B: Backend, T: Num>(subscripts: &str, operands: &[&Operand<B, T>]) -> Result<Operand<B, T>> {
    let (inputs, output) = parse(subscripts, operands)?;
    let mut terms: Vec<(Operand<B, T>, Vec<Label>)> = vec![];
    for (x, labels) in operands.iter().zip(inputs) {
        crate::expr::check_devices(Some(operands[0].device()), Some(x.device()))?;
        terms.push(diagonals(x, labels)?);
    }
    let lengths = lengths(&terms)?;
    let len = |l: &Label| lengths.iter().find(|(m, _)| m == l).map_or(1, |(_, n)| *n);
    // A length of 1 broadcasts, for letters as for the ellipsis: the axis is dropped where the common length is another.
    for (x, labels) in &mut terms {
        for k in (0..labels.len()).rev() {
            if x.dims()[k] == 1 && len(&labels[k]) != 1 {
                *x = x.squeeze(k)?;
                labels.remove(k);
            }
        }
    }
    while terms.len() > 1 {
        let (i, j) = best_pair(&terms, &output, &len);
        let (b, a) = (terms.remove(j), terms.remove(i));
        let wanted = |l: &Label| output.contains(l) || terms.iter().any(|(_, t)| t.contains(l));
        let joined = contract(a, b, &wanted)?;
        terms.push(joined);
    }
    let Some((x, labels)) = terms.pop() else {
        return Err(Error::value("einsum", "no operands given"));
    };
    let (x, labels) = sum_out(x, labels, &|l| output.contains(l))?;
    // Labels of the result that every operand had dropped, by broadcasting, cannot exist: each has a common length.
    let order: Vec<isize> = output.iter().map(|l| labels.iter().position(|m| m == l).map_or(0, |k| k as isize)).collect();
    x.permute_dims(&order)
}

/// The labels of every operand and of the result.
fn parse<B: Backend, T: Num>(subscripts: &str, operands: &[&Operand<B, T>]) -> Result<(Vec<Vec<Label>>, Vec<Label>)> {
    let wrong = |why: String| Error::value("einsum: subscripts", format!("{subscripts:?} given: {why}"));
    let text: String = subscripts.chars().filter(|c| !c.is_whitespace()).collect();
    let (left, right) = match text.split_once("->") {
        Some((l, r)) => (l, Some(r)),
        None => (&text[..], None),
    };
    let parts: Vec<&str> = left.split(',').collect();
    if parts.len() != operands.len() || operands.is_empty() {
        return Err(wrong(format!("they describe {} operands, and there are {}", parts.len(), operands.len())));
    }
    let mut widest = 0;
    let mut inputs = vec![];
    for (part, x) in parts.iter().zip(operands) {
        let letters = part.replacen("...", "", 1).chars().count();
        let hidden = match part.contains("...") {
            true => x.ndim().checked_sub(letters),
            false => (x.ndim() == letters).then_some(0),
        };
        let hidden = hidden.ok_or_else(|| wrong(format!("{part:?} does not fit an array of rank {}", x.ndim())))?;
        widest = widest.max(hidden);
        inputs.push(labels(part, hidden).map_err(&wrong)?);
    }
    let output = match right {
        Some(r) => {
            let out = labels(r, if r.contains("...") { widest } else { 0 }).map_err(&wrong)?;
            for (k, l) in out.iter().enumerate() {
                if out[..k].contains(l) || (matches!(l, Label::Letter(_)) && !inputs.iter().any(|i| i.contains(l))) {
                    return Err(wrong(format!("{l} of the result is named twice, or by no operand")));
                }
            }
            out
        }
        None => {
            let all: Vec<Label> = inputs.concat();
            let mut once: Vec<Label> =
                all.iter().filter(|l| matches!(l, Label::Letter(_)) && all.iter().filter(|m| m == l).count() == 1).copied().collect();
            once.sort_unstable();
            (0..widest).rev().map(Label::Hidden).chain(once).collect()
        }
    };
    if output.len() > MAX_NDIM {
        return Err(wrong(format!("the result has {} axes, and an array at most {MAX_NDIM}", output.len())));
    }
    Ok((inputs, output))
}

/// The labels of one term, with `hidden` axes in place of its ellipsis.
fn labels(part: &str, hidden: usize) -> core::result::Result<Vec<Label>, String> {
    let mut out = vec![];
    let mut rest = part;
    let mut ellipsis = false;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("...") {
            if ellipsis {
                return Err(format!("{part:?} has two ellipses"));
            }
            ellipsis = true;
            out.extend((0..hidden).rev().map(Label::Hidden));
            rest = after;
        } else if c.is_ascii_alphabetic() {
            out.push(Label::Letter(c));
            rest = &rest[1..];
        } else {
            return Err(format!("{c:?} is not a letter"));
        }
    }
    Ok(out)
}

/// The operand with repeated letters replaced by diagonals.
fn diagonals<B: Backend, T: Num>(x: &Operand<B, T>, mut labels: Vec<Label>) -> Result<(Operand<B, T>, Vec<Label>)> {
    let mut x = x.clone();
    while let Some((i, j)) = (0..labels.len()).flat_map(|i| (i + 1..labels.len()).map(move |j| (i, j))).find(|&(i, j)| labels[i] == labels[j]) {
        if x.dims()[i] != x.dims()[j] {
            return Err(Error::shape("einsum", x.dims(), format!("equal lengths along axes {i} and {j}")));
        }
        let label = labels[i];
        x = x.moveaxis(&[i, j], &[-2, -1])?.diagonal(0)?;
        labels.remove(j);
        labels.remove(i);
        labels.push(label);
    }
    Ok((x, labels))
}

/// The length of every label.
fn lengths<B: Backend, T: Num>(terms: &[(Operand<B, T>, Vec<Label>)]) -> Result<Vec<(Label, usize)>> {
    let mut out: Vec<(Label, usize)> = vec![];
    for (x, labels) in terms {
        for (&l, &n) in labels.iter().zip(x.dims()) {
            match out.iter_mut().find(|(m, _)| *m == l) {
                None => out.push((l, n)),
                Some((_, m)) if *m == n || n == 1 => {}
                Some((_, m)) if *m == 1 => *m = n,
                Some((_, m)) => return Err(Error::shape("einsum", x.dims(), format!("length {m} along {l}"))),
            }
        }
    }
    Ok(out)
}

/// The pair whose product has the fewest elements.
fn best_pair<B: Backend, T: Num>(terms: &[(Operand<B, T>, Vec<Label>)], output: &[Label], len: &impl Fn(&Label) -> usize) -> (usize, usize) {
    let mut best = (f64::INFINITY, (0, 1));
    for i in 0..terms.len() {
        for j in i + 1..terms.len() {
            let others = |l: &Label| terms.iter().enumerate().any(|(k, (_, t))| k != i && k != j && t.contains(l));
            let mut seen: Vec<Label> = [&terms[i].1[..], &terms[j].1[..]].concat();
            seen.sort_unstable();
            seen.dedup();
            let size: f64 = seen.iter().filter(|l| output.contains(l) || others(l)).map(|l| len(l) as f64).product();
            if size < best.0 {
                best = (size, (i, j));
            }
        }
    }
    best.1
}

/// The product of two operands, summed over the labels that are not wanted any more.
fn contract<B: Backend, T: Num>(
    a: (Operand<B, T>, Vec<Label>),
    b: (Operand<B, T>, Vec<Label>),
    wanted: &impl Fn(&Label) -> bool,
) -> Result<(Operand<B, T>, Vec<Label>)> {
    let (a, la) = sum_out(a.0, a.1, &|l| wanted(l) || b.1.contains(l))?;
    let (b, lb) = sum_out(b.0, b.1, &|l| wanted(l) || la.contains(l))?;
    let pick = |from: &[Label], keep: &dyn Fn(&Label) -> bool| from.iter().filter(|l| keep(l)).copied().collect::<Vec<_>>();
    let batch = pick(&la, &|l| lb.contains(l) && wanted(l));
    let inner = pick(&la, &|l| lb.contains(l) && !wanted(l));
    let left = pick(&la, &|l| !lb.contains(l));
    let right = pick(&lb, &|l| !la.contains(l));
    let (x, shape_a) = arrange(&a, &la, [&batch, &left, &inner])?;
    let (y, shape_b) = arrange(&b, &lb, [&batch, &inner, &right])?;
    let shape = [&shape_a[0][..], &shape_a[1], &shape_b[2]].concat();
    let product = if inner.is_empty() {
        (x.lazy() * &y).try_eval()?
    } else if left.is_empty() && right.is_empty() {
        // Many scalar products: one pass instead of a stack of products of vectors.
        (x.lazy() * &y.matrix_transpose()?).sum(-1).try_eval()?.into_lazy().astype::<T>().try_eval()?
    } else {
        x.matmul(&y)?
    };
    Ok((product.reshape(shape)?, [batch, left, right].concat()))
}

/// The operand as a stack of matrices, with the axes of the groups in their order and those of the last two merged; and the
/// lengths of the groups.
fn arrange<B: Backend, T: Num>(x: &Operand<B, T>, labels: &[Label], groups: [&[Label]; 3]) -> Result<(Operand<B, T>, Vec<Vec<usize>>)> {
    let axis = |l: &Label| labels.iter().position(|m| m == l).map_or(0, |k| k as isize);
    let order: Vec<isize> = groups.concat().iter().map(axis).collect();
    let dims: Vec<Vec<usize>> = groups.iter().map(|g| g.iter().map(|l| x.dims()[axis(l) as usize]).collect()).collect();
    let mut shape = dims[0].clone();
    shape.extend([dims[1].iter().product::<usize>(), dims[2].iter().product()]);
    Ok((x.permute_dims(&order)?.reshape(shape)?, dims))
}

/// The operand summed over the labels that are not kept.
fn sum_out<B: Backend, T: Num>(x: Operand<B, T>, labels: Vec<Label>, keep: &dyn Fn(&Label) -> bool) -> Result<(Operand<B, T>, Vec<Label>)> {
    let over: Vec<isize> = (0..labels.len()).filter(|&k| !keep(&labels[k])).map(|k| k as isize).collect();
    if over.is_empty() {
        return Ok((x, labels));
    }
    let sums = x.lazy().sum(&over).try_eval()?.into_lazy().astype::<T>().try_eval()?;
    Ok((sums, labels.into_iter().filter(|l| keep(l)).collect()))
}
