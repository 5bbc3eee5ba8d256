"""Solves MPS files with HiGHS on one thread and prints status, cost, bound and processor seconds.

usage: bench-planner.py SECONDS FILE...
"""

import pathlib
import sys
import time

import highspy


def solve(path: str, seconds: float) -> str:
    solver = highspy.Highs()
    for name, value in (("output_flag", False), ("threads", 1), ("time_limit", seconds), ("mip_rel_gap", 1e-6)):
        solver.setOptionValue(name, value)
    if solver.readModel(path) == highspy.HighsStatus.kError:
        return f"{path} cannot be read"
    begin = time.process_time()
    solver.run()
    used = time.process_time() - begin
    info = solver.getInfo()
    status = solver.modelStatusToString(solver.getModelStatus())
    return (
        f"HiGHS {pathlib.Path(path).stem}: {status}, cost {info.objective_function_value:.6f}, "
        f"bound {info.mip_dual_bound:.6f}, {used:.1f} s"
    )


if __name__ == "__main__":
    for file in sys.argv[2:]:
        print(solve(file, float(sys.argv[1])), flush=True)
