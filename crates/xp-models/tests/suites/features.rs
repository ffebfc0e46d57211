//! LabelBinarizer, PolynomialFeatures, KernelCenterer and Nystroem.

use xp_core::random::Generator;
use xp_core::{Array, Float, Ix1, Ix2, Linalg, s};
use xp_models::kernel_approximation::Nystroem;
use xp_models::metrics::pairwise::{Kernel, rbf_kernel};
use xp_models::preprocessing::{KernelCenterer, LabelBinarizer, LabelEncoder, PolynomialFeatures};
use xp_models::utils::Resample;

use super::golden::*;

pub fn agree_with_scikit_learn<T: Float, B: Linalg<T>>(device: &B) {
    let golden = Golden::open("features");
    for case in golden.cases() {
        let (params, expected) = (&case["params"], &case["expected"]);
        let what = name(case);
        if case["name"] == "LabelBinarizer" {
            let y: Array<B, i32, Ix1> = golden.table(case, "y").array(device);
            let number = |key: &str| params[key].as_i64().unwrap();
            let model = LabelBinarizer::params().neg_label(number("neg_label")).pos_label(number("pos_label")).fit(&y).unwrap();
            let columns = model.transform(&y).unwrap();
            assert_matches(&columns.astype::<T>(), &expected["transform"], &what);
            assert_eq!(model.inverse_transform(&columns).unwrap().to_host().unwrap(), y.to_host().unwrap(), "{what}");
            assert_matches(&model.classes().astype::<T>(), &expected["classes"], &what);
            assert_eq!(LabelEncoder::fit(&y).unwrap().classes().to_host().unwrap(), model.classes().to_host().unwrap());
            continue;
        }
        let (x, query): (Array<B, T, Ix2>, Array<B, T, Ix2>) = (golden.table(case, "x").array(device), golden.table(case, "xq").array(device));
        let gamma = params["gamma"].as_f64();
        match case["name"].as_str().unwrap() {
            "PolynomialFeatures" => {
                let degree = |i: usize| params["degree"][i].as_u64().unwrap() as usize;
                let yes = |key: &str| params[key].as_bool().unwrap();
                let features = PolynomialFeatures::params().degrees(degree(0), degree(1));
                let features = features.interaction_only(yes("interaction_only")).include_bias(yes("include_bias"));
                let Ok(model) = features.fit(&x) else { panic!("{what}") };
                assert_matches(&model.transform(&x).unwrap(), &expected["transform"], &what);
                let powers: Vec<f64> = model.powers().concat().into_iter().map(|n| n as f64).collect();
                assert_eq!(powers, table(&expected["powers"]).data, "{what}");
                assert_eq!(model.powers().len(), model.n_output_features(), "{what}");
            }
            "KernelCenterer" => {
                let model = KernelCenterer::params().fit(&rbf_kernel(&x, None, gamma).unwrap()).unwrap();
                assert_matches(&model.transform(&rbf_kernel(&query, &x, gamma).unwrap()).unwrap(), &expected["transform"], &what);
                assert_matches(model.k_fit_rows(), &expected["rows"], &what);
                assert_close::<T>(&[model.k_fit_all()], &[number(&expected["all"])], &what);
            }
            _ => {
                let model = Nystroem::params().kernel(Kernel::Rbf { gamma }).n_components(10).fit(&x).unwrap();
                let z = model.transform(&query).unwrap();
                assert_matches(&z.matmul(&z.t()).unwrap(), &expected["products"], &what);
            }
        }
    }
    // Many rows go by blocks.
    let rows = 3000;
    let x: Array<B, T, Ix2> = Table { shape: vec![rows, 30], data: (0..rows * 30).map(|i| ((i * 7) % 13) as f64 - 6.0).collect() }.array(device);
    let out = PolynomialFeatures::params().fit(&x).unwrap().transform(&x).unwrap();
    assert_eq!(out.shape(), [rows, 496]);
    let (last, own) = (out.get([rows - 1, 495]).unwrap(), x.get([rows - 1, 29]).unwrap());
    assert_eq!(last.to_f64(), own.to_f64() * own.to_f64());
    let x: Array<B, T, Ix2> = Generator::new(5).normal(device, [rows, 30]).unwrap();
    let model = Nystroem::params().kernel(Kernel::Rbf { gamma: Some(0.01) }).n_components(20).fit(&x).unwrap();
    let z = model.transform(&x).unwrap();
    for row in [0, rows / 2, rows - 1] {
        let part = |of: &Array<B, T, Ix2>| of.slice(s![row..row + 1]).unwrap().contiguous().unwrap();
        let numbers = |of: &Array<B, T, Ix2>| of.to_host().unwrap().into_iter().map(T::to_f64).collect::<Vec<_>>();
        assert_close::<T>(&numbers(&part(&z)), &numbers(&model.transform(&part(&x)).unwrap()), "a row of many");
    }
    let mut bad = x;
    bad.set(s![rows - 1, 2], T::NAN).unwrap();
    let message = model.transform(&bad).unwrap_err().to_string();
    assert!(message.contains("row 2999") && message.contains("column 2"), "{message}");
    // Draws with replacement reach everything, and about evenly.
    let drawn = Resample::new().n_samples(6000).seed(3).rows(6).unwrap();
    let counts: Vec<usize> = (0..6).map(|k| drawn.iter().filter(|&&row| row == k).count()).collect();
    assert!(counts.iter().all(|&count| (850..1150).contains(&count)), "{counts:?}");
}
