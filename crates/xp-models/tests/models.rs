//! The models on the CPU backend, and what is generic over the dtype on memory that the host cannot read, with and without
//! `float64`.

#[macro_use]
mod suites;

mod cpu {
    use xp_cpu::Cpu;

    models_suite!(Cpu);
    generic_suite!(Cpu, f64);
    metrics_suite!(Cpu, f64);

    #[test]
    fn hostile_files() {
        crate::suites::hostile::files_give_errors::<f64, _>(&Cpu);
    }

    #[test]
    fn every_estimator() {
        crate::suites::estimators::every_estimator::<f64, _>(&Cpu, "Cpu");
        crate::suites::estimators::no_estimator_is_forgotten();
    }

    #[test]
    fn labels_out_of_order() {
        crate::suites::hostile::labels_out_of_order_are_refused::<f64, _>(&Cpu);
    }

    #[test]
    fn models_move() {
        crate::suites::moves::models_move(&Cpu, &Cpu);
    }

    #[test]
    fn columns_fitted_in_python_are_served() {
        crate::suites::selection::columns_fitted_in_python_are_served(&Cpu);
    }

    #[test]
    fn files_keep_every_bit() {
        crate::suites::moves::files_keep_every_bit(&Cpu);
    }
}

mod strict {
    generic_suite!(xp_strict::Strict::new(0), f64);

    #[test]
    fn every_estimator() {
        crate::suites::estimators::every_estimator::<f64, _>(&xp_strict::Strict::new(0), "Strict");
    }

    #[test]
    fn hostile_files() {
        crate::suites::hostile::files_give_errors::<f64, _>(&xp_strict::Strict::new(0));
    }

    #[test]
    fn pipelines_move_and_are_saved() {
        crate::suites::selection::pipelines_move_and_are_saved::<f64, _, _>(&xp_strict::Strict::new(0), &xp_cpu::Cpu);
        crate::suites::calibration::models_move_and_are_saved::<f64, _, _>(&xp_strict::Strict::new(0), &xp_cpu::Cpu);
    }
}

mod strict_f32 {
    generic_suite!(xp_strict::StrictF32::new(0), f32);
    metrics_suite!(xp_strict::StrictF32::new(0), f32);

    #[test]
    fn every_estimator() {
        crate::suites::estimators::every_estimator::<f32, _>(&xp_strict::StrictF32::new(0), "Strict without float64");
    }

    #[test]
    fn hostile_files() {
        crate::suites::hostile::files_give_errors::<f32, _>(&xp_strict::StrictF32::new(0));
    }

    #[test]
    fn pipelines_move_and_are_saved() {
        crate::suites::selection::pipelines_move_and_are_saved::<f32, _, _>(&xp_cpu::Cpu, &xp_strict::StrictF32::new(0));
    }
}
