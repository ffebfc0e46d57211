//! Golden files: reading them, and comparing with them.

use serde_json::Value;
use xp_core::{Array, Backend, Dim, Element, Float, IntoShape, Ix1};

/// A golden file.
pub struct Golden(Value);

/// An array of a golden file or a dataset.
#[derive(Clone, Debug)]
pub struct Table {
    pub shape: Vec<usize>,
    pub data: Vec<f64>,
}

fn read(path: &str) -> String {
    // The bodies run in the tests of other crates too.
    let path = format!("{}/../xp-models/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

impl Golden {
    pub fn open(name: &str) -> Self {
        Golden(serde_json::from_str(&read(&format!("tests/golden/{name}.json"))).expect("valid JSON"))
    }

    pub fn cases(&self) -> &[Value] {
        self.0["cases"].as_array().expect("cases")
    }

    /// The input that a case names.
    pub fn input(&self, case: &Value) -> &Value {
        &self.0["inputs"][case["input"].as_str().expect("input")]
    }

    /// A named array of the input of a case; the columns of a dataset for `x` and `y`.
    pub fn table(&self, case: &Value, key: &str) -> Table {
        let input = self.input(case);
        match (input.get(key), input["dataset"].as_str(), key) {
            (Some(array), ..) => table(array),
            (None, Some(dataset), "x") => self::dataset(dataset).0,
            (None, Some(dataset), "y") => self::dataset(dataset).1,
            (None, Some(dataset), "xq") => {
                let rows: Vec<usize> = input["xq_rows"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect();
                self::dataset(dataset).0.rows(&rows)
            }
            _ => panic!("{case:?} has no {key}"),
        }
    }
}

/// Features and labels of a dataset.
pub fn dataset(name: &str) -> (Table, Table) {
    let text = read(&format!("data/{name}"));
    let lines: Vec<Vec<f64>> = text.lines().skip(1).map(|line| line.split(',').map(|v| v.parse().unwrap()).collect()).collect();
    let p = lines[0].len() - 1;
    let x = lines.iter().flat_map(|line| line[..p].to_vec()).collect();
    (Table { shape: vec![lines.len(), p], data: x }, Table { shape: vec![lines.len()], data: lines.iter().map(|line| line[p]).collect() })
}

pub fn number(value: &Value) -> f64 {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_else(|| panic!("{value} is not a number"))
}

pub fn table(value: &Value) -> Table {
    let shape = value["shape"].as_array().expect("shape").iter().map(|n| n.as_u64().unwrap() as usize).collect();
    Table { shape, data: value["data"].as_array().expect("data").iter().map(number).collect() }
}

/// The name of a case, for messages.
pub fn name(case: &Value) -> String {
    let text = |key| case[key].as_str().unwrap_or("");
    format!("{} {} {} {} {}", text("name"), text("function"), text("input"), text("dtype"), case["params"])
}

impl Table {
    pub fn rows(&self, rows: &[usize]) -> Table {
        let p: usize = self.shape[1..].iter().product();
        let mut shape = self.shape.clone();
        shape[0] = rows.len();
        Table { shape, data: rows.iter().flat_map(|&i| self.data[i * p..(i + 1) * p].to_vec()).collect() }
    }

    pub fn array<B: Backend, T: Element, D: Dim>(&self, device: &B) -> Array<B, T, D> {
        Array::from_vec(device, self.data.iter().map(|v| v.cast()).collect(), self.shape.clone()).unwrap().into_rank().unwrap()
    }
}

pub fn array<B: Backend, T: Element, S: IntoShape>(device: &B, data: &[T], shape: S) -> Array<B, T, S::Dim> {
    Array::from_vec(device, data.to_vec(), shape).unwrap()
}

pub fn labels<B: Backend>(device: &B, data: &[i64]) -> Array<B, i64, Ix1> {
    array(device, data, [data.len()])
}

/// Within 1000 units of rounding of `T`, relative to the larger of the element and the largest element.
pub fn assert_close<T: Float>(actual: &[f64], expected: &[f64], what: &str) {
    assert_near::<T>(actual, expected, 1000.0, what);
}

/// Within `units` units of rounding of `T`, relative to the largest finite element.
pub fn assert_near<T: Float>(actual: &[f64], expected: &[f64], units: f64, what: &str) {
    assert_eq!(actual.len(), expected.len(), "{what}: length");
    let scale = expected.iter().filter(|v| v.is_finite()).fold(0.0f64, |m, v| m.max(v.abs()));
    for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
        let same = a == e || (a.is_nan() && e.is_nan());
        assert!(same || (a - e).abs() <= units * T::EPSILON.to_f64() * scale, "{what}: element {i} is {a}, expected {e}");
    }
}

/// An array's elements as numbers.
pub fn values<B: Backend, T: Float, D: Dim>(x: &Array<B, T, D>) -> Vec<f64> {
    x.to_vec().into_iter().map(|v| v.to_f64()).collect()
}

/// Compares an array with the golden one, shape included.
pub fn assert_matches<B: Backend, T: Float, D: Dim>(actual: &Array<B, T, D>, expected: &Value, what: &str) {
    let expected = table(expected);
    assert_eq!(actual.dims(), expected.shape, "{what}: shape");
    assert_close::<T>(&values(actual), &expected.data, what);
}

/// Compares the columns of two matrices up to their signs.
pub fn assert_columns_match<B: Backend, T: Float>(actual: &Array<B, T, xp_core::Ix2>, expected: &Value, what: &str) {
    let expected = table(expected);
    assert_eq!(actual.dims(), expected.shape, "{what}: shape");
    let (p, mut a) = (expected.shape[1], values(actual));
    for j in 0..p {
        let product: f64 = a.iter().zip(&expected.data).skip(j).step_by(p).map(|(x, y)| x * y).sum();
        a.iter_mut().skip(j).step_by(p).for_each(|x| *x *= product.signum());
    }
    assert_close::<T>(&a, &expected.data, what);
}
