//! Test bodies, generic over the backend. A file beside this folder runs them on one backend.

pub mod bad_input;
pub mod cluster;
pub mod golden;
pub mod hostile;
pub mod lda;
pub mod metrics;
pub mod moves;
pub mod pca;
pub mod ridge;
pub mod scaler;
pub mod scaling;
pub mod selection;
pub mod split;

/// The tests of every backend with linear algebra: a body per line, run on a device.
macro_rules! models_suite {
    ($device:expr) => {
        models_suite! { $device;
            lda_golden = lda::agrees_with_scikit_learn;
            lda_ill_conditioned = lda::ill_conditioned_data_are_fitted_as_by_an_svd;
            lda_many_classes = lda::many_classes;
            pca_golden = pca::agrees_with_scikit_learn;
            pca_ill_conditioned = pca::ill_conditioned_singular_values_are_accurate;
            pca_redundant_columns = pca::redundant_columns_have_no_variance;
            pca_extreme_scales = pca::extreme_scales_are_harmless;
            pca_auto = pca::auto_agrees_with_full;
            ridge_golden = ridge::agrees_with_scikit_learn;
            ridge_ill_conditioned = ridge::ill_conditioned_data_are_solved_as_by_an_svd;
            ridge_redundant_columns = ridge::redundant_columns_share_the_coefficient;
            ridge_scales = ridge::scales_of_columns_do_not_matter;
            scaler_golden = scaler::agrees_with_scikit_learn;
            scaler_blocks = scaler::many_blocks_are_merged;
            cluster_golden = cluster::agrees_with_scipy;
            cluster_starts = cluster::every_start_finds_separated_clusters;
            cluster_offsets = cluster::offsets_do_not_change_labels;
            cluster_too_many = cluster::too_many_centroids_are_refused;
            metrics_golden = metrics::agrees_with_scikit_learn;
            metrics_confusion = metrics::confusion_counts_pairs;
            split_partition = split::parts_are_a_partition;
            split_strata = split::strata_keep_their_shares;
            bad_input_nan = bad_input::nan_and_infinity_are_located;
            bad_input_lda = bad_input::lda_refuses;
            bad_input_others = bad_input::the_others_refuse;
        }
    };
    ($device:expr; $($name:ident = $suite:ident :: $body:ident $(::<$($T:ty),*>)?;)*) => {$(
        #[test]
        fn $name() {
            crate::suites::$suite::$body $(::<$($T),*>)?(&$device);
        }
    )*};
}

/// Tests of every backend with linear algebra for one dtype.
macro_rules! generic_suite {
    ($device:expr, $T:ty) => {
        models_suite! { $device;
            scaling_golden = scaling::agree_with_scikit_learn::<$T, _>;
            scaling_overflow = scaling::lengths_do_not_overflow::<$T, _>;
            selection_splits = selection::splits_are_those_of_scikit_learn;
            selection_random = selection::random_splits_are_partitions;
            selection_refuses = selection::splits_refuse;
            selection_validation = selection::validation_agrees_with_scikit_learn::<$T, _>;
            selection_search = selection::search_agrees_with_scikit_learn::<$T, _>;
            selection_pipelines = selection::pipelines_agree_with_scikit_learn::<$T, _>;
        }
    };
}
