//! Small datasets that ship with the crate, for examples and tests. Sources and licences stand in `data/README.md`.

use xp_core::{Array, Backend, Float, Ix1, Ix2};

use crate::error::Result;

/// Features and labels.
pub type Dataset<B, T> = (Array<B, T, Ix2>, Array<B, i64, Ix1>);

/// 1797 handwritten digits as 8x8 images: 64 features from 0 to 16, and the digit.
///
/// # Errors
/// When the device has no memory for them.
///
/// ```
/// use xp::prelude::*;
/// let (x, y) = xp::models::datasets::load_digits::<Cpu, f64>(&Cpu)?;
/// assert_eq!((x.shape(), y.shape()), ([1797, 64], [1797]));
/// assert_eq!((x.max(..).item().unwrap(), y.get([5]).unwrap()), (16.0, 5));
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn load_digits<B: Backend, T: Float>(device: &B) -> Result<Dataset<B, T>> {
    parse(device, include_str!("../data/digits.csv"))
}

/// 150 iris flowers: length and width of sepal and petal in cm, and the species (0 setosa, 1 versicolor, 2 virginica).
///
/// # Errors
/// When the device has no memory for them.
///
/// ```
/// use xp::prelude::*;
/// let (x, y) = xp::models::datasets::load_iris::<Cpu, f64>(&Cpu)?;
/// assert_eq!((x.shape(), x.get([0, 0]).unwrap(), y.get([149]).unwrap()), ([150, 4], 5.1, 2));
/// # Ok::<(), xp::models::Error>(())
/// ```
pub fn load_iris<B: Backend, T: Float>(device: &B) -> Result<Dataset<B, T>> {
    parse(device, include_str!("../data/iris.csv"))
}

/// Lines of numbers under one line of names; the last number is the label.
fn parse<B: Backend, T: Float>(device: &B, csv: &str) -> Result<Dataset<B, T>> {
    let (mut features, mut labels) = (vec![], vec![]);
    for line in csv.lines().skip(1) {
        let row: Vec<f64> = line.split(',').map(|field| field.parse().expect("the shipped files hold numbers")).collect();
        let (label, values) = row.split_last().expect("the shipped files have no empty line");
        features.extend(values.iter().map(|&v| T::from_f64(v)));
        labels.push(*label as i64);
    }
    let (n, p) = (labels.len(), features.len() / labels.len());
    Ok((Array::from_vec(device, features, [n, p])?, Array::from_vec(device, labels, [n])?))
}
