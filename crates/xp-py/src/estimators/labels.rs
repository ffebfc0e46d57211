//! Labels as numbers and as columns. They are integers here: Python's classes number those that are not.

use std::any;

use pyo3::PyResult;
use xp_any::AnyDevice;
use xp_core::{Array, DType, Dyn, Ix1};
use xp_models::preprocessing::{LabelBinarizer, LabelEncoder};
use xp_models::{Error, Result};

use super::table::{matrix, vector};
use super::value::Params;
use super::{Attribute, Estimator, Fitted, Numbers, Samples, Stage, raised};
use crate::any::Any;
use crate::threads::detached;

fn labels(y: &Any) -> Result<Array<AnyDevice, i64, Ix1>> {
    vector::<i64>("y", Some(y))
}

fn found<T: crate::any::Typed, D: xp_core::Dim>(out: Array<AnyDevice, T, D>) -> Any {
    let out: Array<AnyDevice, T, Dyn> = out.into_dyn();
    out.into()
}

impl Fitted for LabelEncoder<AnyDevice, i64> {
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("classes", self.classes().into())]
    }

    fn call(&self, method: &str, y: &Any) -> Option<Result<Any>> {
        match method {
            "transform" => Some(labels(y).and_then(|y| Ok(found(self.transform(&y)?)))),
            "inverse_transform" => Some(labels(y).and_then(|y| Ok(found(self.inverse_transform(&y)?)))),
            _ => None,
        }
    }

    fn answer(&self, _: &str, _: Option<&Any>, _: Numbers<'_>) -> Option<Result<Vec<Any>>> {
        None
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        let mut out = vec![];
        self.write_to(&mut out)?;
        Ok(out)
    }

    fn dtype(&self) -> DType {
        DType::I64
    }

    fn dtype_of_samples(&self) -> DType {
        DType::I64
    }

    fn as_any(&self) -> &dyn any::Any {
        self
    }
}

impl Fitted for LabelBinarizer<AnyDevice, i64> {
    fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        vec![("classes", self.classes().into())]
    }

    fn call(&self, method: &str, y: &Any) -> Option<Result<Any>> {
        (method == "transform").then(|| labels(y).and_then(|y| Ok(found(self.transform(&y)?))))
    }

    /// The labels of columns of scores, with the threshold of two classes.
    fn answer(&self, question: &str, x: Option<&Any>, numbers: Numbers<'_>) -> Option<Result<Vec<Any>>> {
        (question == "inverse_transform").then(|| {
            let x = x.ok_or_else(|| Error::Degenerate("columns are needed".into()))?;
            Ok(vec![found(self.inverse_transform_at(&matrix::<f64>(x)?, numbers.float(0))?)])
        })
    }

    fn bytes(&self) -> Result<Vec<u8>> {
        let mut out = vec![];
        self.write_to(&mut out)?;
        Ok(out)
    }

    /// That of the columns.
    fn dtype(&self) -> DType {
        DType::F64
    }

    fn dtype_of_samples(&self) -> DType {
        DType::I64
    }

    fn as_any(&self) -> &dyn any::Any {
        self
    }
}

fn fit_encoder(given: &Params<'_, '_>, samples: Samples<'_>, _: Stage) -> PyResult<Box<dyn Fitted>> {
    given.each(|name, _| Err(given.unknown(name)))?;
    let fitted = detached(&samples.arrays(), || LabelEncoder::fit(&labels(samples.x)?));
    Ok(Box::new(fitted.map_err(|e| raised(given.estimator, e))?))
}

fn fit_binarizer(given: &Params<'_, '_>, samples: Samples<'_>, _: Stage) -> PyResult<Box<dyn Fitted>> {
    let mut params = LabelBinarizer::params();
    given.each(|name, value| {
        params = match name {
            "neg_label" => params.clone().neg_label(value.extract("an integer")?),
            "pos_label" => params.clone().pos_label(value.extract("an integer")?),
            "sparse_output" => return Ok(()),
            _ => return Err(given.unknown(name)),
        };
        Ok(())
    })?;
    let fitted = detached(&samples.arrays(), || params.fit(&labels(samples.x)?));
    Ok(Box::new(fitted.map_err(|e| raised(given.estimator, e))?))
}

/// The estimators of this file.
pub const ALL: &[Estimator] = &[
    Estimator {
        name: "LabelEncoder",
        params: &[],
        y: "alone",
        weighted: false,
        partial: false,
        merges: false,
        methods: &["transform", "inverse_transform"],
        fit: fit_encoder,
        read: |mut bytes, _, device| Ok(Box::new(LabelEncoder::read_from(&mut bytes, device).map_err(|e| raised("LabelEncoder", e))?)),
    },
    Estimator {
        name: "LabelBinarizer",
        params: &[&["neg_label", "pos_label", "sparse_output"]],
        y: "alone",
        weighted: false,
        partial: false,
        merges: false,
        methods: &["transform"],
        fit: fit_binarizer,
        read: |mut bytes, _, device| Ok(Box::new(LabelBinarizer::read_from(&mut bytes, device).map_err(|e| raised("LabelBinarizer", e))?)),
    },
];
