//! cluster::hierarchy, spatial, cluster::kmeans.

use serde_json::Value;
use xp_core::{Array, Dim, Dyn, Float, Ix1, Ix2, Linalg, s};
use xp_models::cluster::hierarchy::{
    Criterion, Cut, DendrogramParams, Method, SortBy, Truncate, cophenet, cophenet_correlation, cut_tree, dendrogram, fcluster, fclusterdata,
    inconsistent, is_isomorphic, is_monotonic, is_valid_im, is_valid_linkage, leaders, leaves_list, linkage, max_rstat, maxdists, maxinconsts,
    optimal_leaf_ordering,
};
use xp_models::cluster::{KmeansParams, Start, kmeans};
use xp_models::spatial::{Metric, cdist, condensed, pdist, squareform};

use super::golden::*;

pub fn agrees_with_scipy<T: Float, B: Linalg<T>>(device: &B) {
    let golden = Golden::open("hierarchy");
    for case in golden.cases() {
        match case["function"].as_str().unwrap() {
            "tree" => check_tree::<T, B>(device, &golden, case),
            "distance" => check_distances::<T, B>(device, &golden, case),
            "dendrogram" => check_dendrogram::<T, B>(device, &golden, case),
            _ => check_kmeans::<T, B>(device, &golden, case),
        }
    }
}

fn same<B: Linalg<T>, T: Float, D: Dim>(labels: &Array<B, i64, D>, expected: &Value, what: &str) {
    let expected = table(expected);
    assert_eq!(labels.dims(), expected.shape, "{what}");
    assert_eq!(labels.to_vec().into_iter().map(|v| v as f64).collect::<Vec<_>>(), expected.data, "{what}");
}

fn check_tree<T: Float, B: Linalg<T>>(device: &B, golden: &Golden, case: &Value) {
    let what = format!("{} {}", case["input"], case["method"]);
    let (y, expected) = (golden.table(case, "y").array::<B, T, Dyn>(device), &case["expected"]);
    let method: Method = case["method"].as_str().unwrap().parse().unwrap();
    let z = linkage(&y, method, &Metric::Euclidean).unwrap();
    assert_matches(&z, &expected["z"], &what);
    assert!(is_valid_linkage(&z), "{what}");
    assert_eq!(is_monotonic(&z).unwrap(), expected["monotonic"].as_bool().unwrap(), "{what}");
    // From here on everything starts from SciPy's tree, so that thresholds meet the same numbers.
    let z = table(&expected["z"]).array::<B, T, Ix2>(device);
    let r = inconsistent(&z, 3).unwrap();
    assert!(is_valid_im(&r));
    if case["input"] != "grid" {
        assert_matches(&r, &expected["inconsistent"], &what); // elsewhere a deviation may be a few roundings
    }
    assert_matches(&cophenet(&z).unwrap(), &expected["cophenet"], &what);
    assert_matches(&maxdists(&z).unwrap(), &expected["maxdists"], &what);
    assert_matches(&max_rstat(&z, &table(&expected["inconsistent"]).array::<B, T, Ix2>(device), 1).unwrap(), &expected["max_deviations"], &what);
    same::<B, T, _>(&leaves_list(&z).unwrap(), &expected["leaves"], &what);
    same::<B, T, _>(&cut_tree(&z, Cut::All).unwrap(), &expected["cut_all"], &what);
    let heights: Vec<f64> = case["heights"].as_array().unwrap().iter().map(number).collect();
    same::<B, T, _>(&cut_tree(&z, Cut::Heights(&heights)).unwrap(), &expected["cut_heights"], &what);
    let labels = table(&expected["leaders_of"]).array::<B, i64, Ix1>(device);
    let (nodes, of_nodes) = leaders(&z, &labels).unwrap();
    same::<B, T, _>(&nodes, &expected["leaders"][0], &what);
    same::<B, T, _>(&of_nodes, &expected["leaders"][1], &what);
    check_flat(&z, &r, &heights, &expected["flat"], &what);
    if case["input"] != "grid" {
        let ordered = optimal_leaf_ordering(&z, &y, &Metric::Euclidean).unwrap();
        let distances = if y.ndim() == 1 { y.into_rank().unwrap() } else { pdist(&y.into_rank().unwrap(), &Metric::Euclidean).unwrap() };
        let leaves = leaves_list(&ordered).unwrap().to_vec();
        let table = squareform(&distances).unwrap();
        let length: f64 = leaves.windows(2).map(|pair| table.get([pair[0] as usize, pair[1] as usize]).unwrap().to_f64()).sum();
        assert!(length <= number(&expected["ordered"]) * (1.0 + 100.0 * T::EPSILON.to_f64()), "{what}: {length}"); // SciPy's is not always the shortest
        let (c, _) = cophenet_correlation(&z, &distances).unwrap();
        assert_close::<T>(&[c], &[number(&expected["correlation"])], &what);
    }
}

fn check_flat<T: Float, B: Linalg<T>>(z: &Array<B, T, Ix2>, r: &Array<B, T, Ix2>, heights: &[f64], expected: &Value, what: &str) {
    let same = |criterion: Criterion<'_, B, T>, expected: &Value| {
        same::<B, T, _>(&fcluster(z, &criterion).unwrap(), expected, &format!("{what} {criterion:?}"))
    };
    for (i, &height) in heights.iter().enumerate() {
        same(Criterion::Distance(height), &expected["distance"][i]);
    }
    if expected["inconsistent"].is_array() {
        same(Criterion::Inconsistent { t: 0.75, depth: 2 }, &expected["inconsistent"][0]);
        same(Criterion::Inconsistent { t: 1.1, depth: 2 }, &expected["inconsistent"][1]);
        same(Criterion::Monocrit { t: 0.9, values: &maxinconsts(z, r).unwrap() }, &expected["monocrit"]);
    }
    if expected["maxclust"].is_array() {
        let n = z.dims()[0] + 1;
        for (i, most) in [1, 2, 3, n - 1, n].into_iter().enumerate() {
            same(Criterion::MaxClust(most), &expected["maxclust"][i]);
        }
        same(Criterion::MaxClustMonocrit { t: 4, values: &maxdists(z).unwrap() }, &expected["maxclust_monocrit"]);
    }
}

fn check_distances<T: Float, B: Linalg<T>>(device: &B, golden: &Golden, case: &Value) {
    let (what, options) = (format!("{} {} {}", case["input"], case["metric"], case["options"]), &case["options"]);
    let x = golden.table(case, "x").array::<B, T, Ix2>(device);
    let metric = match case["metric"].as_str().unwrap() {
        "braycurtis" => Metric::BrayCurtis,
        "canberra" => Metric::Canberra,
        "chebyshev" => Metric::Chebyshev,
        "cityblock" => Metric::CityBlock,
        "correlation" => Metric::Correlation,
        "cosine" => Metric::Cosine,
        "dice" => Metric::Dice,
        "euclidean" => Metric::Euclidean,
        "hamming" => Metric::Hamming,
        "jaccard" => Metric::Jaccard,
        "jensenshannon" => Metric::JensenShannon(options["base"].as_f64()),
        "mahalanobis" => Metric::Mahalanobis(options.get("VI").map(|v| table(v).array(device))),
        "minkowski" => Metric::Minkowski(number(&options["p"])),
        "rogerstanimoto" => Metric::RogersTanimoto,
        "russellrao" => Metric::RussellRao,
        "seuclidean" => Metric::SEuclidean(options.get("V").map(|v| table(v).array(device))),
        "sokalsneath" => Metric::SokalSneath,
        "sqeuclidean" => Metric::SqEuclidean,
        "yule" => Metric::Yule,
        other => panic!("{other}"),
    };
    let pairs = pdist(&x, &metric).unwrap();
    assert_matches(&pairs, &case["expected"]["pdist"], &what);
    let (a, b) = (x.slice(s![..3]).unwrap(), x.slice(s![3..]).unwrap());
    assert_matches(&cdist(&a, &b, &metric).unwrap(), &case["expected"]["cdist"], &what);
    let square = squareform(&pairs).unwrap();
    assert_close::<T>(&values(&square.slice(s![..3, 3..]).unwrap()), &values(&cdist(&a, &b, &metric).unwrap()), &what);
    if square.lazy().isfinite().all(..).try_eval().unwrap().item().unwrap() {
        assert_eq!(values(&condensed(&square).unwrap()), values(&pairs), "{what}");
    }
}

fn check_dendrogram<T: Float, B: Linalg<T>>(device: &B, golden: &Golden, case: &Value) {
    let what = format!("{}", case["params"]);
    let y = golden.table(case, "y").array::<B, T, Ix2>(device);
    let z = linkage(&y, Method::Average, &Metric::Euclidean).unwrap();
    let mut params = DendrogramParams::new();
    let p = case["params"]["p"].as_u64().unwrap_or(30) as usize;
    let given = |key: &str| case["params"][key].as_str().unwrap_or("").to_string();
    params = match (given("truncate_mode").as_str(), given("count_sort").as_str(), given("distance_sort").as_str()) {
        ("lastp", ..) => params.truncate(Truncate::LastP(p)),
        ("level", ..) => params.truncate(Truncate::Level(p)),
        (_, "ascending", _) => params.sort(SortBy::CountAscending),
        (_, "descending", _) => params.sort(SortBy::CountDescending),
        (_, _, "ascending") => params.sort(SortBy::DistanceAscending),
        (_, _, "descending") => params.sort(SortBy::DistanceDescending),
        _ => params,
    };
    if let Some(threshold) = case["params"]["color_threshold"].as_f64() {
        params = params.color_threshold(threshold);
    }
    if case["params"]["above_threshold_color"].is_string() {
        params = params.above_threshold_color(given("above_threshold_color"));
    }
    params = params.show_leaf_counts(case["params"]["show_leaf_counts"].as_bool().unwrap_or(true));
    let found = dendrogram(&z, &params).unwrap();
    let expected = &case["expected"];
    let texts = |key: &str| expected[key].as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_string()).collect::<Vec<_>>();
    assert_eq!((found.ivl, found.color_list, found.leaves_color_list), (texts("ivl"), texts("color_list"), texts("leaves_color_list")), "{what}");
    let leaves: Vec<u64> = found.leaves.iter().map(|&v| v as u64).collect();
    assert_eq!(leaves, expected["leaves"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap()).collect::<Vec<_>>(), "{what}");
    for (found, key) in [(found.icoord, "icoord"), (found.dcoord, "dcoord")] {
        let wanted: Vec<f64> = expected[key].as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap()).map(number).collect();
        assert_close::<T>(found.as_flattened(), &wanted, &what);
    }
    let drawn = expected["icoord"].as_array().unwrap().len();
    assert_eq!(drawn + found.contraction_marks.len() + found.leaves.iter().filter(|&&leaf| leaf >= y.dims()[0]).count(), y.dims()[0] - 1, "{what}");
}

fn check_kmeans<T: Float, B: Linalg<T>>(device: &B, golden: &Golden, case: &Value) {
    let start = Start::Matrix(golden.table(case, "code_book").array::<B, T, Ix2>(device));
    let params = KmeansParams::new().thresh(number(&case["thresh"]));
    let found = kmeans(&golden.table(case, "x").array(device), &start, &params).unwrap();
    assert_matches(&found.code_book, &case["expected"]["code_book"], "kmeans");
    assert_close::<T>(&[found.distortion], &[number(&case["expected"]["distortion"])], "kmeans");
}

/// Points without equal distances.
fn scattered(n: usize, k: usize) -> Vec<f64> {
    (0..n * k).map(|i| ((i * i * 7 + 13 * i) as f64).sin() * 3.0 + (i % 5) as f64).collect()
}

/// Every method against its definition: the distance of all pairs of clusters from their observations, at every step.
pub fn trees_are_those_of_the_definitions<T: Float, B: Linalg<T>>(device: &B) {
    let (n, k) = (17, 3);
    let points = scattered(n, k);
    let x = array(device, &points.iter().map(|&v| T::from_f64(v)).collect::<Vec<_>>(), [n, k]);
    let distance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
    let point = |i: usize| &points[i * k..(i + 1) * k];
    let mean = |c: &[usize]| (0..k).map(|j| c.iter().map(|&i| point(i)[j]).sum::<f64>() / c.len() as f64).collect::<Vec<_>>();
    let between = |method: Method, a: &[usize], b: &[usize]| {
        let pairs: Vec<f64> = a.iter().flat_map(|&i| b.iter().map(move |&j| (i, j))).map(|(i, j)| distance(point(i), point(j))).collect();
        let (na, nb) = (a.len() as f64, b.len() as f64);
        match method {
            Method::Single => pairs.into_iter().fold(f64::INFINITY, f64::min),
            Method::Complete => pairs.into_iter().fold(0.0, f64::max),
            Method::Average => pairs.iter().sum::<f64>() / (na * nb),
            Method::Centroid => distance(&mean(a), &mean(b)),
            _ => (2.0 * na * nb / (na + nb)).sqrt() * distance(&mean(a), &mean(b)),
        }
    };
    for method in [Method::Single, Method::Complete, Method::Average, Method::Centroid, Method::Ward] {
        let mut clusters: Vec<(usize, Vec<usize>)> = (0..n).map(|i| (i, vec![i])).collect();
        let mut rows = vec![];
        for number in n..2 * n - 1 {
            let mut best = (f64::INFINITY, 0, 0);
            for b in 0..clusters.len() {
                for a in 0..b {
                    let d = between(method, &clusters[a].1, &clusters[b].1);
                    if d < best.0 {
                        best = (d, a, b);
                    }
                }
            }
            let (second, first) = (clusters.remove(best.2), clusters.remove(best.1));
            let joined = [first.1, second.1].concat();
            rows.extend([first.0.min(second.0) as f64, first.0.max(second.0) as f64, best.0, joined.len() as f64]);
            clusters.push((number, joined));
        }
        assert_close::<T>(&values(&linkage(&x, method, &Metric::Euclidean).unwrap()), &rows, &method.to_string());
    }
    // Scales change nothing but the distances, not even where squares overflow.
    for method in [Method::Ward, Method::Median, Method::Centroid] {
        let pairs = pdist(&x, &Metric::Euclidean).unwrap();
        let z = values(&linkage(&pairs, method, &Metric::Euclidean).unwrap());
        let factor = T::MAX.to_f64() * 2f64.powi(-12);
        let far = values(&linkage(&(&pairs * T::from_f64(factor)), method, &Metric::Euclidean).unwrap());
        for (i, (z, far)) in z.iter().zip(far).enumerate() {
            let expected = if i % 4 == 2 { z * factor } else { *z };
            assert!((far - expected).abs() <= 1e-12 * expected.abs() + 10.0 * T::EPSILON.to_f64() * expected.abs(), "{method} {i}");
        }
    }
}

/// Flat clusters are what cophenetic distances say; every order of the tree is at least as long as the best; labels are consistent.
pub fn trees_keep_their_promises<T: Float, B: Linalg<T>>(device: &B) {
    let (n, k) = (9, 2);
    let x = array(device, &scattered(n, k).into_iter().map(T::from_f64).collect::<Vec<_>>(), [n, k]);
    for method in [Method::Single, Method::Average, Method::Ward, Method::Centroid] {
        let z = linkage(&x, method, &Metric::Euclidean).unwrap();
        let together = squareform(&cophenet(&z).unwrap()).unwrap();
        let most = values(&maxdists(&z).unwrap());
        for t in [most[2], most[5] * 1.01] {
            let labels = fcluster(&z, &Criterion::Distance(t)).unwrap().to_vec();
            for i in 0..n {
                for j in 0..n {
                    let near = together.get([i, j]).unwrap().to_f64() <= t;
                    // Where distances of merges fall, a cluster also needs all merges below to be near.
                    assert!(labels[i] != labels[j] || near, "{method} {t} {i} {j}");
                    assert!(!is_monotonic(&z).unwrap() || labels[i] == labels[j] || !near, "{method} {t} {i} {j}");
                }
            }
        }
        let ordered = optimal_leaf_ordering(&z, &x, &Metric::Euclidean).unwrap();
        let distances = values(&cdist(&x, &x, &Metric::Euclidean).unwrap());
        let length =
            |z: &Array<B, T, Ix2>| leaves_list(z).unwrap().to_vec().windows(2).map(|w| distances[w[0] as usize * n + w[1] as usize]).sum::<f64>();
        let rows = z.to_vec();
        let all = (0..1usize << (n - 1)).map(|turned| {
            let mut rows = rows.clone();
            (0..n - 1).filter(|row| turned >> row & 1 == 1).for_each(|row| rows.swap(4 * row, 4 * row + 1));
            length(&array(device, &rows, [n - 1, 4]))
        });
        let best = all.fold(f64::INFINITY, f64::min);
        assert!((length(&ordered) - best).abs() <= 1e-5 * best, "{method}");
    }
    let chain: Vec<T> = (0..3000).map(|i| T::from_usize(i * i % 7) + T::from_usize(10 * i)).collect();
    let z = linkage(&array(device, &chain, [3000, 1]), Method::Single, &Metric::Euclidean).unwrap();
    assert_eq!(leaves_list(&z).unwrap().size(), 3000); // a deep tree
    assert_eq!(dendrogram(&z, &DendrogramParams::new()).unwrap().leaves.len(), 3000);
    let t1 = fcluster(&z, &Criterion::MaxClust(40)).unwrap();
    assert!(is_isomorphic(&t1, &(&t1 * -3)).unwrap());
    assert!(!is_isomorphic(&array(device, &[0_i64, 0, 1, 1, 2, 2], [6]), &array(device, &[5_i64, 5, 7, 7, 5, 5], [6])).unwrap());
}

/// What is wrong is said, with what was given.
pub fn bad_input_is_refused<T: Float, B: Linalg<T>>(device: &B) {
    let t = |v: &[f64]| v.iter().map(|&v| T::from_f64(v)).collect::<Vec<T>>();
    let matrix = |v: &[f64], shape: [usize; 2]| array(device, &t(v), shape);
    let x = matrix(&[0.0, 1.0, 3.0], [3, 1]);
    let refused = |result: Result<Array<B, T, Ix2>, xp_models::Error>, words: &[&str]| {
        let error = result.unwrap_err().to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{error}: {words:?}");
    };
    refused(linkage(&x, Method::Ward, &Metric::CityBlock), &["metric", "cityblock", "euclidean"]);
    refused(linkage(&matrix(&[1.0], [1, 1]), Method::Single, &Metric::Euclidean), &["y", "[1, 1]", "two observations"]);
    refused(linkage(&matrix(&[], [0, 3]), Method::Single, &Metric::Euclidean), &["y", "[0, 3]"]);
    refused(linkage(&array(device, &t(&[]), [0]), Method::Single, &Metric::Euclidean), &["y", "[0]"]);
    refused(linkage(&array(device, &t(&[1.0, 2.0]), [2]), Method::Single, &Metric::Euclidean), &["y", "[2]", "n (n - 1) / 2"]);
    refused(linkage(&array(device, &t(&[1.0, -2.0, 1.0]), [3]), Method::Single, &Metric::Euclidean), &["negative"]);
    refused(linkage(&matrix(&[0.0, f64::NAN], [2, 1]), Method::Single, &Metric::Euclidean), &["y holds NaN in row 1"]);
    refused(linkage(&x, Method::Single, &Metric::Minkowski(-1.0)), &["metric", "-1", "positive"]);
    refused(linkage(&x, Method::Single, &Metric::SEuclidean(Some(array(device, &t(&[1.0, 2.0]), [2])))), &["metric", "[2]", "1 variances"]);
    let single = |rows: &[f64]| cut_tree(&matrix(rows, [rows.len() / 4, 4]), Cut::All).map(|_| x.clone());
    refused(single(&[0.0, 2.0, 1.0, 2.0]), &["z", "cluster 2", "row 0"]);
    refused(single(&[0.0, 1.0, 1.0, 2.0, 0.0, 3.0, 1.0, 3.0]), &["cluster 0", "merged before", "row 1"]);
    refused(single(&[0.0, 1.0, -1.0, 2.0]), &["distance -1", "row 0"]);
    refused(single(&[0.0, 0.5, 1.0, 2.0]), &["row 0", "exist"]);
    refused(single(&[]), &["z", "[0, 4]"]);
    let z = linkage(&x, Method::Single, &Metric::Euclidean).unwrap();
    for (cut, words) in [(Cut::Clusters(&[0]), "1 to 3"), (Cut::Clusters(&[4]), "4 clusters")] {
        let error = cut_tree(&z, cut).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    assert!(fcluster(&z, &Criterion::MaxClust(0)).is_err() && fcluster(&z, &Criterion::Distance(f64::NAN)).is_err());
    assert!(fclusterdata(&x, &Criterion::Monocrit { t: 1.0, values: &array(device, &t(&[1.0]), [1]) }, Method::Single, &Metric::Euclidean).is_err());
    assert!(leaders(&z, &array(device, &[1_i64, 2, 1], [3])).unwrap_err().to_string().contains("the label 1"));
    assert!(leaders(&z, &array(device, &[1_i64, 2], [2])).is_err());
    assert!(condensed(&matrix(&[0.0, 1.0, 2.0, 0.0], [2, 2])).is_err() && condensed(&matrix(&[1.0, 0.0, 0.0, 0.0], [2, 2])).is_err());
    assert_eq!(squareform(&array(device, &t(&[]), [0])).unwrap().dims(), [1, 1]);
    assert_eq!(pdist(&matrix(&[], [0, 2]), &Metric::Euclidean).unwrap().dims(), [0]);
    assert!(kmeans(&x, &Start::Points(2), &KmeansParams::new().iter(0)).is_err());
}
