"""Real problems that are small: scikit-learn's models on scikit-learn's data sets, each a finite space.

Each function trains one candidate and returns its cross-validated loss after each epoch. They are tabulated once
(``python -m benchmarks.search.tabulate``), so that a search of thousands of trials costs look-ups alone.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingRegressor
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier

from benchmarks.search.problem import Candidate, Json, choice, real, under, whole

Data = tuple[np.ndarray, np.ndarray]
Parts = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
FOLDS = 3
WORST_LOG_LOSS = 10.0
"""What a network gets that has diverged."""


@dataclass(frozen=True)
class Model:
    parameters: Sequence[Json]
    curve: Callable[[Candidate], Sequence[float]]


def digits(samples: int) -> Data:
    images, labels = load_digits(return_X_y=True)
    return images[:samples] / 16, labels[:samples]


def folds(data: Data, classes: bool) -> Iterator[Parts]:
    """Training inputs, training targets, and the same for validation."""
    inputs, targets = data
    kind = StratifiedKFold if classes else KFold
    for train, test in kind(FOLDS, shuffle=True, random_state=0).split(inputs, targets):
        yield inputs[train], targets[train], inputs[test], targets[test]


def svc_digits(candidate: Candidate) -> list[float]:
    """The error rate of a support vector machine on 1,000 digits."""
    model = SVC(
        kernel=candidate["kernel"],
        C=10.0 ** float(candidate["log10_C"]),
        gamma=10.0 ** float(candidate.get("log10_gamma", 0)),
        degree=candidate.get("degree", 3),
        coef0=candidate.get("coef0", 0.0),
        max_iter=20_000,
    )
    wrong = [
        float(np.mean(model.fit(x, y).predict(test_x) != test_y))
        for x, y, test_x, test_y in folds(digits(1000), classes=True)
    ]
    return [float(np.mean(wrong))]


SVC_DIGITS = [
    choice("kernel", "linear", "rbf", "poly", "sigmoid"),
    real("log10_C", -2.0, 3.0, step=0.5),
    real("log10_gamma", -5.0, 0.0, step=0.5, **under("kernel", "rbf", "poly", "sigmoid")),
    whole("degree", 2, 5, **under("kernel", "poly")),
    real("coef0", 0.0, 1.0, step=0.5, **under("kernel", "poly", "sigmoid")),
]


def models_diabetes(candidate: Candidate) -> list[float]:
    """The root of the mean squared error of one of five regressors, with its own parameters."""
    model = _regressor(candidate)
    squares = [
        (model.fit(x, y).predict(test_x) - test_y) ** 2
        for x, y, test_x, test_y in folds(load_diabetes(return_X_y=True), classes=False)
    ]
    return [float(np.sqrt(np.mean(np.concatenate(squares))))]


def _regressor(candidate: Candidate) -> BaseEstimator:
    strength = 10.0 ** float(candidate.get("log10_strength", 0))
    match candidate["model"]:
        case "ridge":
            return make_pipeline(StandardScaler(), Ridge(strength))
        case "lasso":
            return make_pipeline(StandardScaler(), Lasso(strength, max_iter=10_000))
        case "neighbours":
            near = KNeighborsRegressor(
                candidate["neighbours"], weights=candidate["weights"], p=candidate["power"]
            )
            return make_pipeline(StandardScaler(), near)
        case "trees":
            return ExtraTreesRegressor(
                50,
                max_depth=candidate["depth"],
                min_samples_leaf=candidate["leaf"],
                max_features=candidate["features"],
                random_state=0,
            )
        case _:
            machine = SVR(
                C=10.0 ** float(candidate["log10_C"]),
                gamma=10.0 ** float(candidate["log10_gamma"]),
                epsilon=10.0 ** float(candidate["log10_epsilon"]),
            )
            return make_pipeline(StandardScaler(), machine)


MODELS_DIABETES = [
    choice("model", "neighbours", "lasso", "trees", "vectors", "ridge"),
    real("log10_strength", -3.0, 3.0, step=0.25, **under("model", "ridge", "lasso")),
    whole("neighbours", 1, 40, step=3, **under("model", "neighbours")),
    choice("weights", "uniform", "distance", **under("model", "neighbours")),
    whole("power", 1, 3, **under("model", "neighbours")),
    whole("depth", 2, 14, step=3, **under("model", "trees")),
    whole("leaf", 1, 16, step=3, **under("model", "trees")),
    real("features", 0.2, 1.0, step=0.2, **under("model", "trees")),
    real("log10_C", -1.0, 4.0, step=0.5, **under("model", "vectors")),
    real("log10_gamma", -5.0, 0.0, step=0.5, **under("model", "vectors")),
    real("log10_epsilon", -1.0, 2.0, step=0.5, **under("model", "vectors")),
]


def models_breast_cancer(candidate: Candidate) -> list[float]:
    """The log loss of one of three classifiers, scaled or not, with its own parameters."""
    losses = []
    model = _classifier(candidate)
    if candidate["scaled"]:
        model = make_pipeline(StandardScaler(), model)
    for x, y, test_x, test_y in folds(load_breast_cancer(return_X_y=True), classes=True):
        likely = model.fit(x, y).predict_proba(test_x)
        losses.append(log_loss(test_y, np.clip(likely, 1e-3, 1 - 1e-3)))
    return [float(np.mean(losses))]


def _classifier(candidate: Candidate) -> BaseEstimator:
    match candidate["model"]:
        case "logistic":
            return LogisticRegression(
                C=10.0 ** float(candidate["log10_C"]),
                l1_ratio=candidate["l1_ratio"],
                solver="saga",
                max_iter=200,
                random_state=0,
            )
        case "neighbours":
            return KNeighborsClassifier(
                candidate["neighbours"], weights=candidate["weights"], p=candidate["power"]
            )
        case _:
            return DecisionTreeClassifier(
                criterion=candidate["criterion"],
                max_depth=candidate["depth"],
                min_samples_leaf=candidate["leaf"],
                max_features=candidate["features"],
                random_state=0,
            )


MODELS_BREAST_CANCER = [
    choice("model", "tree", "neighbours", "logistic"),
    {"name": "scaled", "type": "bool"},
    real("log10_C", -4.0, 2.0, step=0.25, **under("model", "logistic")),
    real("l1_ratio", 0.0, 1.0, step=0.25, **under("model", "logistic")),
    whole("neighbours", 1, 40, step=3, **under("model", "neighbours")),
    choice("weights", "uniform", "distance", **under("model", "neighbours")),
    whole("power", 1, 3, **under("model", "neighbours")),
    choice("criterion", "gini", "entropy", **under("model", "tree")),
    whole("depth", 1, 10, **under("model", "tree")),
    whole("leaf", 1, 41, step=5, **under("model", "tree")),
    real("features", 0.2, 1.0, step=0.2, **under("model", "tree")),
]


def boosting_diabetes(candidate: Candidate) -> list[float]:
    """The root of the mean squared error of boosted trees; an epoch is three trees."""
    model = GradientBoostingRegressor(
        n_estimators=81,
        learning_rate=10.0 ** float(candidate["log10_learning_rate"]),
        max_depth=candidate["depth"],
        min_samples_leaf=candidate["leaf"],
        subsample=candidate["sampled"],
        max_features=candidate["features"],
        random_state=0,
    )
    squares = [
        np.array([(stage - test_y) ** 2 for stage in model.fit(x, y).staged_predict(test_x)])[2::3]
        for x, y, test_x, test_y in folds(load_diabetes(return_X_y=True), classes=False)
    ]
    curve: list[float] = np.sqrt(np.mean(np.concatenate(squares, axis=1), axis=1)).tolist()
    return curve


BOOSTING_DIABETES = [
    real("log10_learning_rate", -2.5, 0.0, step=0.5),
    whole("depth", 1, 6),
    whole("leaf", 1, 16, step=5),
    real("sampled", 0.4, 1.0, step=0.3),
    real("features", 0.5, 1.0, step=0.5),
]


def mlp_digits(candidate: Candidate) -> list[float]:
    """The log loss of a network on 600 digits after each of 9 epochs."""
    units = [2 ** int(candidate[f"log2_units_{layer + 1}"]) for layer in range(layers(candidate))]
    curves = []
    for x, y, test_x, test_y in folds(digits(600), classes=True):
        model = MLPClassifier(
            units,
            activation=candidate["activation"],
            solver=candidate["solver"],
            momentum=candidate.get("momentum", 0.0),
            learning_rate_init=10.0 ** float(candidate["log10_learning_rate"]),
            batch_size=candidate["batch"],
            random_state=0,
        )
        curves.append([_trained(model, x, y, test_x, test_y) for _ in range(9)])
    means: list[float] = np.mean(curves, axis=0).tolist()
    return means


def layers(candidate: Candidate) -> int:
    return int(candidate["layers"])


def _trained(
    model: Any, x: np.ndarray, y: np.ndarray, test_x: np.ndarray, test_y: np.ndarray
) -> float:
    """The loss after one more epoch."""
    try:
        likely = model.partial_fit(x, y, classes=np.arange(10)).predict_proba(test_x)
    except ValueError:  # weights that are not finite
        return WORST_LOG_LOSS
    if not np.isfinite(likely).all():
        return WORST_LOG_LOSS
    return float(min(log_loss(test_y, likely, labels=np.arange(10)), WORST_LOG_LOSS))


MLP_DIGITS = [
    whole("layers", 1, 2),
    whole("log2_units_1", 4, 6),
    whole("log2_units_2", 4, 6, **under("layers", 2)),
    choice("activation", "tanh", "relu"),
    choice("solver", "sgd", "adam"),
    choice("momentum", 0.0, 0.9, **under("solver", "sgd")),
    real("log10_learning_rate", -3.5, -0.5, step=0.5),
    choice("batch", 32, 128),
]

MODELS = {
    "svc_digits": Model(SVC_DIGITS, svc_digits),
    "models_diabetes": Model(MODELS_DIABETES, models_diabetes),
    "models_breast_cancer": Model(MODELS_BREAST_CANCER, models_breast_cancer),
    "boosting_diabetes": Model(BOOSTING_DIABETES, boosting_diabetes),
    "mlp_digits": Model(MLP_DIGITS, mlp_digits),
}

warnings.filterwarnings("ignore", module="sklearn")
