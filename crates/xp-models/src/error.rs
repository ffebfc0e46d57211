//! What can go wrong when fitting and applying models.

/// The result of fitting or applying a model.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// Why a model could not be fitted, applied, saved or loaded.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter or argument has a value that is not allowed.
    #[error("{argument}: {given} given, {expected} expected")]
    Value {
        /// The parameter or argument.
        argument: &'static str,
        /// What was given.
        given: String,
        /// What is allowed.
        expected: String,
    },
    /// An argument has a shape that does not fit.
    #[error("{argument}: shape {given:?} given, {expected} expected")]
    Shape {
        /// The argument.
        argument: &'static str,
        /// Its shape.
        given: Vec<usize>,
        /// The shape that fits, in words or numbers.
        expected: String,
    },
    /// Two arguments have different numbers of samples.
    #[error("{argument} of shape {given:?} does not have one row for each of the {} rows of {other}, whose shape is {expected:?}", expected.first().unwrap_or(&0))]
    Samples {
        /// The argument with the wrong number.
        argument: &'static str,
        /// Its shape.
        given: Vec<usize>,
        /// The argument it must match.
        other: &'static str,
        /// The shape of that one.
        expected: Vec<usize>,
    },
    /// An array does not have the features that the model was fitted on.
    #[error("{argument} of shape {given:?} has {} columns, but the model was fitted on {fitted}", given.last().unwrap_or(&0))]
    Features {
        /// The argument.
        argument: &'static str,
        /// Its shape.
        given: Vec<usize>,
        /// The number of features of the model.
        fitted: usize,
    },
    /// An array holds NaN or infinity.
    #[error("{argument} holds {value} in row {row}, column {column}")]
    NonFinite {
        /// The argument.
        argument: &'static str,
        /// Row of the first such element.
        row: usize,
        /// Its column; 0 for a vector.
        column: usize,
        /// The element.
        value: f64,
    },
    /// All samples belong to one class.
    #[error("y holds only the class {label}: at least two classes are needed")]
    OneClass {
        /// The class.
        label: i128,
    },
    /// There are no more samples than classes.
    #[error("{samples} samples of {classes} classes given: there must be more samples than classes")]
    FewSamples {
        /// The number of samples.
        samples: usize,
        /// The number of classes.
        classes: usize,
    },
    /// More components were asked for than exist.
    #[error("n_components: {given} given, at most {most} expected for {why}")]
    Components {
        /// The number that was asked for.
        given: usize,
        /// The largest possible number.
        most: usize,
        /// Where the bound comes from.
        why: String,
    },
    /// The data leave nothing to fit.
    #[error("{0}")]
    Degenerate(String),
    /// A label is not among the known ones.
    #[error("{argument} holds the label {label} in row {row}, which is not among {known:?}")]
    UnknownLabel {
        /// The argument.
        argument: &'static str,
        /// The label.
        label: i128,
        /// Its row.
        row: usize,
        /// The known labels.
        known: Vec<i128>,
    },
    /// A cluster has lost all its observations.
    #[error("cluster {cluster} is empty after iteration {iteration}: start from other centroids")]
    EmptyCluster {
        /// The cluster.
        cluster: usize,
        /// The iteration, which starts at 1.
        iteration: usize,
    },
    /// A model file could not be written or read.
    #[error("{file}: {why}")]
    File {
        /// The path of the file, or "the stream".
        file: String,
        /// What is wrong.
        why: String,
    },
    /// An array operation failed.
    #[error(transparent)]
    Array(#[from] xp_core::Error),
}

impl Error {
    /// An [`Error::Value`] in one line.
    pub(crate) fn value(argument: &'static str, given: impl ToString, expected: impl Into<String>) -> Self {
        Error::Value { argument, given: given.to_string(), expected: expected.into() }
    }

    /// An [`Error::File`] in one line.
    pub(crate) fn file(file: &str, why: String) -> Self {
        Error::File { file: file.into(), why }
    }

    /// An [`Error::Shape`] in one line.
    pub(crate) fn shape(argument: &'static str, given: &[usize], expected: impl Into<String>) -> Self {
        Error::Shape { argument, given: given.to_vec(), expected: expected.into() }
    }
}
