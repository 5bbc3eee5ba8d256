#!/usr/bin/env python3
"""Reference values of the planner's uncertainty, for Tests/PlannerTests; nothing of it is in the product.

    python3 -m venv venv && venv/bin/pip install mpmath==1.4.1 scipy==1.17.1 SALib==1.6.0
    venv/bin/python scripts/planners/uncertainty_reference.py

Prints quantiles with 130 digits of working precision (mpmath), and the indices that SALib finds for the Ishigami
function on the plain Sobol sequence with its points in the middle of their cells.
"""
import numpy as np
from mpmath import betainc, erfinv, exp, findroot, log, mp, mpf, sqrt
from SALib.analyze import sobol
from scipy.special import betaincinv
from scipy.stats import qmc

mp.dps = 130


def normal(u):
    return sqrt(2) * erfinv(2 * mpf(u) - 1)


def beta(a, b, u):
    a, b, u = mpf(a), mpf(b), mpf(u)
    start = mpf(betaincinv(float(a), float(b), float(u)))
    ends = (start * (1 - mpf("1e-8")), start * (1 + mpf("1e-8")))
    return findroot(
        lambda x: betainc(a, b, 0, x, regularized=True) - u, ends, solver="secant", tol=1e-60, verify=False
    )


def ishigami_indices(base):
    d = 3
    points = qmc.Sobol(2 * d, scramble=False, bits=32).random(base) + 2.0**-33
    rows = []
    for point in points:
        a, b = point[:d], point[d:]
        rows.append(a)
        for j in range(d):
            mixed = a.copy()
            mixed[j] = b[j]
            rows.append(mixed)
        rows.append(b)
    x = -np.pi + 2 * np.pi * np.array(rows)
    y = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    problem = {"num_vars": d, "names": ["x1", "x2", "x3"], "bounds": [[-np.pi, np.pi]] * d}
    return sobol.analyze(problem, y, calc_second_order=False, seed=1)


for u in ["1e-100", "1e-12", "1e-6", "0.001", "0.025", "0.1", "0.3", "0.75", "0.9", "0.975", "0.999999"]:
    print("normal", u, mp.nstr(normal(u), 17))
for a, b in [(mpf(15) / 7, mpf(27) / 7), (1, 5), (5, 1), (3, 3), ("1.04", "4.96"), (40, 961)]:
    for u in ["1e-9", "0.001", "0.1", "0.5", "0.9", "0.95", "0.999999"]:
        print("beta", mp.nstr(mpf(a), 17), mp.nstr(mpf(b), 17), u, mp.nstr(beta(a, b, u), 17))
low, high = mpf("0.7"), mpf("1.6")
mu, sigma = (log(low) + log(high)) / 2, (log(high) - log(low)) / (2 * normal("0.9"))
print("lognormal(p10=0.7;p90=1.6) mu sigma mean sd", end=" ")
mean = exp(mu + sigma**2 / 2)
print(*(mp.nstr(v, 17) for v in (mu, sigma, mean, mean * sqrt(exp(sigma**2) - 1))))
for base in (64, 1024):
    found = ishigami_indices(base)
    print("SALib Ishigami", base, "S1", [repr(float(v)) for v in found["S1"]])
    print("SALib Ishigami", base, "ST", [repr(float(v)) for v in found["ST"]])
    print("SALib Ishigami", base, "S1_conf", [round(float(v), 4) for v in found["S1_conf"]])
