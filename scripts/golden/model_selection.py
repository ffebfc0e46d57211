"""Golden file of splits, cross validation, searches and pipelines: crates/xp-models/tests/golden/model_selection.json."""

import warnings

from common import MODELS, encode, load_dataset, np, rounded, write
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler


def main():
    rng = np.random.default_rng(41)
    x = rounded(rng.normal(size=(40, 3)) * [1, 4, 0.5] + [1, 0, 20])
    y = rounded(x @ [2.0, -0.5, 1.0] + rng.normal(size=40) * 0.3)
    labels = rng.integers(0, 4, 23) * 3 - 2
    groups = rng.integers(0, 6, 23)
    inputs = {"iris": {"dataset": "iris.csv"}, "targets": {"x": x, "y": y}, "labels": {"y": labels, "groups": groups}}
    iris = load_dataset("iris")
    cases = [*splits(labels, groups), *validation(iris, (x, y)), *searches((x, y)), *pipelines(iris)]
    write(MODELS / "model_selection.json", inputs=inputs, cases=cases, libraries=("numpy", "scikit-learn"))


def splits(labels, groups):
    n = len(labels)
    for splitter, kind in (
        *((KFold(k), "KFold") for k in (2, 5, 23)),
        *((StratifiedKFold(k), "StratifiedKFold") for k in (2, 3, 5)),
        *((GroupKFold(k), "GroupKFold") for k in (2, 4, 6)),
        *((TimeSeriesSplit(k), "TimeSeriesSplit") for k in (2, 5)),
        (TimeSeriesSplit(3, max_train_size=6), "TimeSeriesSplit"),
        (TimeSeriesSplit(3, test_size=4, gap=2), "TimeSeriesSplit"),
        (TimeSeriesSplit(4, test_size=2, gap=1, max_train_size=5), "TimeSeriesSplit"),
    ):
        given = (np.zeros((n, 1)), labels, groups) if kind == "GroupKFold" else (np.zeros((n, 1)), labels)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one class has fewer samples than folds
            folds = [{"train": train.tolist(), "test": test.tolist()} for train, test in splitter.split(*given)]
        names = ("max_train_size", "test_size", "gap") if kind == "TimeSeriesSplit" else ()
        params = {"n_splits": splitter.n_splits} | {name: getattr(splitter, name) for name in names}
        yield {"function": kind, "input": "labels", "params": params, "expected": folds}


def validation(iris, targets):
    lda, ridge = LinearDiscriminantAnalysis(), Ridge(alpha=0.7, solver="svd")
    for function, model, input, data, cv, folds in (
        ("lda_score", lda, "iris", iris, StratifiedKFold(5), 5),
        ("ridge_score", ridge, "targets", targets, KFold(4), 4),
    ):
        expected = cross_val_score(model, *data, cv=cv)
        yield {"function": function, "input": input, "params": {"n_splits": folds}, "expected": expected}
    yield {"function": "ridge_predict", "input": "targets", "params": {"n_splits": 4},
           "expected": cross_val_predict(ridge, *targets, cv=KFold(4))}  # fmt: skip
    yield {"function": "lda_predict", "input": "iris", "params": {"n_splits": 5},
           "expected": cross_val_predict(lda, *iris, cv=StratifiedKFold(5))}  # fmt: skip
    # Each model sees two of the three classes.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        proba = cross_val_predict(lda, *iris, cv=KFold(3), method="predict_proba")
    yield {"function": "lda_predict_proba", "input": "iris", "params": {"n_splits": 3}, "expected": proba}


def searches(targets):
    # Candidates in the order of their names, the last one fastest.
    grid = {"alpha": [0.01, 1.0, 100.0], "fit_intercept": [True, False]}
    search = GridSearchCV(Ridge(solver="svd"), grid).fit(*targets)
    names = ("mean_test_score", "std_test_score", "rank_test_score")
    expected = {name: search.cv_results_[name] for name in names}
    expected |= {f"split{i}_test_score": search.cv_results_[f"split{i}_test_score"] for i in range(5)}
    expected |= {"best_index": int(search.best_index_), "best_score": search.best_score_,
                 "coef": search.best_estimator_.coef_}  # fmt: skip
    yield {"function": "ridge_search", "input": "targets", "params": encode(grid), "expected": expected}


def pipelines(iris):
    x, y = iris
    pipeline = make_pipeline(StandardScaler(), PCA(2), LinearDiscriminantAnalysis())
    scores = cross_val_score(pipeline, x, y)
    pipeline.fit(x, y)
    expected = {"proba": pipeline.predict_proba(x[::10]), "score": pipeline.score(x, y), "cross_val_score": scores}
    yield {"function": "pipeline", "input": "iris", "params": {}, "expected": expected}
    union = FeatureUnion([("a", StandardScaler()), ("b", PCA(2))], transformer_weights={"a": 0.5, "b": 10.0}).fit(x)
    yield {"function": "union", "input": "iris", "params": {}, "expected": union.transform(x[::10])}


if __name__ == "__main__":
    main()
