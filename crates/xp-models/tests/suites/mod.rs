//! Test bodies, generic over the backend. A file beside this folder runs them on one backend.

pub mod bad_input;
pub mod calibration;
pub mod cluster;
pub mod clusters;
pub mod decomposition;
pub mod estimators;
pub mod features;
pub mod gaussian_process;
pub mod golden;
pub mod hierarchy;
pub mod hostile;
pub mod lda;
pub mod linear_model;
pub mod merging;
pub mod metrics;
pub mod mixture;
pub mod moves;
pub mod naive_bayes;
pub mod neighbors;
pub mod optimize;
pub mod pca;
pub mod preprocessing;
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
            gaussian_gradients = gaussian_process::gradients_are_slopes;
            gaussian_known = gaussian_process::known_answers;
            bad_input_gaussian = gaussian_process::gaussian_processes_refuse;
            optimize_golden = optimize::agrees_with_scipy;
            linear_golden = linear_model::agrees_with_scikit_learn;
            linear_known = linear_model::known_answers;
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
            split_partition = split::parts_are_a_partition;
            split_strata = split::strata_keep_their_shares;
            selection_watched = selection::searches_are_watched;
            bad_input_nan = bad_input::nan_and_infinity_are_located;
            bad_input_lda = bad_input::lda_refuses;
            bad_input_linear = bad_input::linear_models_refuse;
            bad_input_preprocessing = bad_input::preprocessing_refuses;
            bad_input_decomposition = bad_input::decompositions_refuse;
            bad_input_calibration = calibration::calibration_refuses;
            bad_input_merging = merging::merging_refuses;
            bad_input_clusters = bad_input::clusters_refuse;
            bad_input_neighbors = bad_input::neighbors_refuse;
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
            linear_gradients = linear_model::gradients_vanish::<$T, _>;
            linear_weights = linear_model::weights_repeat_samples::<$T, _>;
            linear_stopped = linear_model::fits_can_be_stopped::<$T, _>;
            optimize_minima = optimize::minima_are_found::<$T, _>;
            optimize_callbacks = optimize::callbacks_watch_and_stop::<$T, _>;
            optimize_refuses = optimize::bad_functions_are_refused::<$T, _>;
            scaling_golden = scaling::agree_with_scikit_learn::<$T, _>;
            scaling_overflow = scaling::lengths_do_not_overflow::<$T, _>;
            features_golden = features::agree_with_scikit_learn::<$T, _>;
            preprocessing_golden = preprocessing::agree_with_scikit_learn::<$T, _>;
            preprocessing_shapes = preprocessing::shapes_and_columns_of_any_kind::<$T, _>;
            decomposition_golden = decomposition::agree_with_scikit_learn::<$T, _>;
            decomposition_merged = decomposition::parts_are_merged::<$T, _>;
            calibration_golden = calibration::agrees_with_scikit_learn::<$T, _>;
            gaussian_golden = gaussian_process::agrees_with_scikit_learn::<$T, _>;
            merging_parts = merging::parts_are_the_whole::<$T, _>;
            merging_statistics = merging::statistics_are_the_samples::<$T, _>;
            clusters_golden = clusters::agree_with_scikit_learn::<$T, _>;
            clusters_stopped = clusters::fits_can_be_stopped::<$T, _>;
            mixture_golden = mixture::agrees_with_scikit_learn::<$T, _>;
            mixture_bounds = mixture::bounds_rise_to_a_maximum::<$T, _>;
            mixture_offsets = mixture::offsets_move_the_means::<$T, _>;
            mixture_stopped = mixture::fits_can_be_stopped::<$T, _>;
            neighbors_golden = neighbors::agree_with_scikit_learn::<$T, _>;
            neighbors_ties = neighbors::ties_go_to_the_lowest_index::<$T, _>;
            naive_bayes_golden = naive_bayes::agrees_with_scikit_learn::<$T, _>;
            hierarchy_golden = hierarchy::agrees_with_scipy::<$T, _>;
            hierarchy_definitions = hierarchy::trees_are_those_of_the_definitions::<$T, _>;
            hierarchy_promises = hierarchy::trees_keep_their_promises::<$T, _>;
            hierarchy_refuses = hierarchy::bad_input_is_refused::<$T, _>;
            selection_splits = selection::splits_are_those_of_scikit_learn;
            selection_random = selection::random_splits_are_partitions;
            selection_refuses = selection::splits_refuse;
            selection_validation = selection::validation_agrees_with_scikit_learn::<$T, _>;
            selection_columns = selection::columns_are_transformed_apart::<$T, _>;
            selection_search = selection::search_agrees_with_scikit_learn::<$T, _>;
            selection_pipelines = selection::pipelines_agree_with_scikit_learn::<$T, _>;
        }
    };
}

/// The metrics for one dtype: many kernels, so only the backends that differ in what they can show run them.
#[allow(unused_macros)]
macro_rules! metrics_suite {
    ($device:expr, $T:ty) => {
        models_suite! { $device;
            metrics_labels = metrics::labels_agree_with_scikit_learn::<$T, _>;
            metrics_scores = metrics::scores_agree_with_scikit_learn::<$T, _>;
            metrics_targets = metrics::targets_agree_with_scikit_learn::<$T, _>;
            metrics_pairs = metrics::pairs_agree_with_scikit_learn::<$T, _>;
        }
    };
}
