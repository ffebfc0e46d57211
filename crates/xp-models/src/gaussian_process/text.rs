//! A kernel as the text that files hold: words in the order operator, operands.

use core::fmt::{self, Write};
use core::str::{FromStr, SplitWhitespace};

use super::kernels::{DEPTH, Hyperparameter, Kernel};
use crate::model::text_fields;

/// A kernel of a model.
#[derive(Clone, Debug)]
pub(super) struct Stored(pub Kernel);

text_fields!(Stored);

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_kernel(&self.0, f)
    }
}

fn write_kernel(kernel: &Kernel, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut operator = |name: &str, operands: &[&Kernel]| {
        f.write_str(name)?;
        operands.iter().try_for_each(|operand| {
            f.write_char(' ')?;
            write_kernel(operand, f)
        })
    };
    match kernel {
        Kernel::Sum(a, b) => operator("sum", &[a, b]),
        Kernel::Product(a, b) => operator("product", &[a, b]),
        Kernel::Exponentiation(kernel, exponent) => operator(&format!("power {exponent:?}"), &[kernel]),
        Kernel::Constant { constant_value } => write!(f, "constant {}", words(constant_value)),
        Kernel::White { noise_level } => write!(f, "white {}", words(noise_level)),
        Kernel::Rbf { length_scale } => write!(f, "rbf {}", words(length_scale)),
        Kernel::Matern { length_scale, nu } => write!(f, "matern {nu:?} {}", words(length_scale)),
        Kernel::RationalQuadratic { length_scale, alpha } => write!(f, "rational_quadratic {} {}", words(length_scale), words(alpha)),
        Kernel::ExpSineSquared { length_scale, periodicity } => write!(f, "exp_sine_squared {} {}", words(length_scale), words(periodicity)),
        Kernel::DotProduct { sigma_0 } => write!(f, "dot_product {}", words(sigma_0)),
    }
}

/// The numbers, and their bounds, each a list with commas.
fn words(parameter: &Hyperparameter) -> String {
    let list = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|number| format!("{number:?}")).collect::<Vec<_>>().join(",");
    let bounds = match &parameter.bounds[..] {
        [] => "fixed".to_owned(),
        bounds => list(&mut bounds.iter().flat_map(|&(low, high)| [low, high])),
    };
    format!("{} {bounds}", list(&mut parameter.values.iter().copied()))
}

/// That a text is no kernel.
#[derive(Debug)]
pub(super) struct NoKernel;

impl FromStr for Stored {
    type Err = NoKernel;

    fn from_str(text: &str) -> Result<Self, NoKernel> {
        let mut words = text.split_whitespace();
        let kernel = read_kernel(&mut words, DEPTH)?;
        if words.next().is_some() { Err(NoKernel) } else { Ok(Stored(kernel)) }
    }
}

fn read_kernel(words: &mut SplitWhitespace<'_>, depth: usize) -> Result<Kernel, NoKernel> {
    let depth = depth.checked_sub(1).ok_or(NoKernel)?;
    Ok(match words.next() {
        Some("sum") => read_kernel(words, depth)? + read_kernel(words, depth)?,
        Some("product") => read_kernel(words, depth)? * read_kernel(words, depth)?,
        Some("power") => {
            let exponent = number(words.next())?;
            read_kernel(words, depth)?.pow(exponent)
        }
        Some("constant") => Kernel::constant(hyperparameter(words)?),
        Some("white") => Kernel::white(hyperparameter(words)?),
        Some("rbf") => Kernel::rbf(hyperparameter(words)?),
        Some("matern") => {
            let nu = number(words.next())?;
            Kernel::matern(hyperparameter(words)?, nu)
        }
        Some("rational_quadratic") => Kernel::rational_quadratic(hyperparameter(words)?, hyperparameter(words)?),
        Some("exp_sine_squared") => Kernel::exp_sine_squared(hyperparameter(words)?, hyperparameter(words)?),
        Some("dot_product") => Kernel::dot_product(hyperparameter(words)?),
        _ => return Err(NoKernel),
    })
}

fn number(word: Option<&str>) -> Result<f64, NoKernel> {
    word.ok_or(NoKernel)?.parse().map_err(|_| NoKernel)
}

fn hyperparameter(words: &mut SplitWhitespace<'_>) -> Result<Hyperparameter, NoKernel> {
    let list = |word: Option<&str>| word.ok_or(NoKernel)?.split(',').map(|part| number(Some(part))).collect::<Result<Vec<f64>, _>>();
    let parameter = Hyperparameter::from(list(words.next())?);
    match words.next() {
        Some("fixed") => Ok(parameter.fixed()),
        word => {
            let ends = list(word)?;
            let pairs: Vec<(f64, f64)> = ends.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
            if ends.len() % 2 == 1 { Err(NoKernel) } else { Ok(parameter.bounds_each(&pairs)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let scale = Hyperparameter::from([0.1, 1e-7]).bounds_each(&[(1e-9, 1.0 / 3.0), (1e-300, f64::INFINITY)]);
        let kernel = 2.0 * Kernel::rbf(scale) + Kernel::white(Hyperparameter::from(0.25).fixed()) * Kernel::matern(3.0, f64::INFINITY).pow(-1.5);
        let kernel = kernel + Kernel::rational_quadratic(1.0, 2.0) * Kernel::exp_sine_squared(3.0, 4.0) + Kernel::dot_product(0.3);
        let text = Stored(kernel.clone()).to_string();
        assert_eq!(text.parse::<Stored>().unwrap().0, kernel, "{text}");
    }

    #[test]
    fn damage_is_an_error() {
        let deep = "sum ".repeat(100_000);
        for text in ["", "sum", "rbf", "rbf 1", "rbf 1 1", "rbf 1 1,2 3", "rbf a 1,2", "matern 1,2", "power rbf 1 fixed", "sum rbf 1 fixed", &deep] {
            assert!(text.parse::<Stored>().is_err(), "{}", &text[..text.len().min(40)]);
        }
    }
}
