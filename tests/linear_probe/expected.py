"""What scikit-learn makes of the rows in linear_probe_test.cpp: prints the numbers that stand there.

Its own stopping rule is on the gradient too; with tol=1e-9 every printed digit is that of the minimum (1.2.1, float64).
"""

import numpy
from sklearn.linear_model import LogisticRegression

N, DIM = 24, 5
i, k = numpy.arange(N)[:, None], numpy.arange(DIM)[None, :]
rows = ((i * 7 + k * 11 + i * k * 3) % 13 - 6).astype(float)
unit = rows / numpy.linalg.norm(rows, axis=1, keepdims=True)
three = (numpy.arange(N) * 5 + numpy.arange(N) // 3) % 3
two = (three == 2).astype(int)


def objective(fit, labels, weights):
    """C sum_i weight_i loss_i + |W|^2 / 2, from the probabilities that scikit-learn gives."""
    p = fit.predict_proba(unit)[numpy.arange(N), labels]
    return fit.C * numpy.sum(weights[labels] * -numpy.log(p)) + 0.5 * numpy.sum(fit.coef_**2)


def show(name, labels, C, class_weight):
    classes = labels.max() + 1
    fit = LogisticRegression(C=C, class_weight=class_weight, tol=1e-9, max_iter=100000, solver="newton-cg")
    fit.fit(unit, labels)
    weights = numpy.ones(classes)
    if class_weight == "balanced":
        weights = N / (classes * numpy.bincount(labels))
    elif class_weight is not None:
        weights = numpy.array([class_weight[c] for c in range(classes)])
    print(name, "objective %.12g" % objective(fit, labels, weights))
    for row in numpy.c_[fit.coef_, fit.intercept_]:
        print("   ", ", ".join("%.9f" % x for x in row))


show("two", two, 1.0, None)
show("two, C = 10, balanced", two, 10.0, "balanced")
show("two, own weights", two, 1.0, {0: 0.5, 1: 3.0})
show("three", three, 1.0, None)
show("three, C = 30, balanced", three, 30.0, "balanced")
show("three, own weights", three, 2.0, {0: 1.0, 1: 0.25, 2: 4.0})
