"""The worker protocol for peers that are called from Python: one job line in, one message line per event out.

What `plimsoll run` expects of a worker is in Sources/Suites/WorkerJob.swift; how it samples is in
Sources/Measurement/Sampler.swift, and this file samples the same way. Arrays are made and filled before a case is
timed; a sample is a loop around one call.
"""

import datetime
import json
import math
import os
import sys
import time

VERSION = 4  # of the worker protocol; a test holds it to Sources/Suites/WorkerJob.swift
CLOCK_RESOLUTION = 1e-7


class Skip(Exception):
    """A case that this library cannot compute, with the reason."""


class Failure(Exception):
    """A case that went wrong, with the reason."""


def say(kind, value):
    sys.stdout.write(json.dumps({kind: value}) + "\n")
    sys.stdout.flush()


class Kernel:
    """A prepared case: `calls` are executed in turn, so that operands rotate; `work` is (FLOP, bytes)."""

    def __init__(self, calls, work, check, resident, note=""):
        self.calls, self.work, self.check, self.resident, self.note = calls, work, check, resident, note
        self.next = 0

    def run(self):
        self.calls[self.next]()
        self.next = (self.next + 1) % len(self.calls)


class Sampler:
    """Warm-up, executions per sample, and rounds under the row's cap."""

    def __init__(self, plan, origin):
        self.plan, self.origin = plan, origin
        self.shortest = max(plan["minimumSample"], plan["clockSteps"] * CLOCK_RESOLUTION)
        self.iterations, self.samples, self.warmup, self.sampled, self.spent = 1, [], 0.0, 0.0, 0.0
        self.stop = "max_samples"

    def warm_up(self, run):
        begin = time.perf_counter()
        run()
        best = time.perf_counter() - begin
        if best < self.plan["rowCap"]:
            count = 1
            while True:
                start = time.perf_counter()
                for _ in range(count):
                    run()
                batch = time.perf_counter() - start
                best = batch / count
                if batch >= self.shortest:
                    break
                count *= 2
        self.iterations = max(1, math.ceil(self.shortest / best))
        self.warmup = time.perf_counter() - begin
        self.spent = self.warmup

    def round(self, run):
        if self.iterations > 1:
            start = time.perf_counter()
            run()
            self.warmup += time.perf_counter() - start
            self.spent += time.perf_counter() - start
        for _ in range(self.plan["samplesPerRound"]):
            if self.samples and self.spent >= self.plan["rowCap"]:
                self.stop = "time_cap"
                break
            start = time.perf_counter()
            for _ in range(self.iterations):
                run()
            elapsed = time.perf_counter() - start
            self.spent += elapsed
            self.sampled += elapsed
            self.samples.append({"start": start - self.origin, "seconds": elapsed / self.iterations})


class Worker:
    """Measures the groups of one job with an engine: `facts` and `prepare(case, job) -> Kernel`."""

    def __init__(self, engine_for):
        say("hello", {"protocolVersion": VERSION})
        self.job = json.loads(sys.stdin.readline())
        if self.job["protocolVersion"] != VERSION:
            sys.exit(f"the job is in version {self.job['protocolVersion']}, this program speaks {VERSION}")
        self.origin = time.perf_counter()
        # Before the library is loaded: OpenMP's runtime then binds this thread to the first CPU.
        mask = sorted(os.sched_getaffinity(0))
        self.engine = engine_for(self.job)
        self.spent = {"warmup": 0.0, "sampled": 0.0}
        say("facts", {"_0": {
            "process": self.job["process"],
            "blas": {**self.engine.facts, "threads": self.job["placement"]["threads"]},
            "mask": {"cpus": mask},
            "clock": {"resolution": CLOCK_RESOLUTION, "overhead": CLOCK_RESOLUTION}}})

    def turn(self, group, round_number, slot, index=None):
        if self.job["isStepped"]:
            turn = {"group": group, "round": round_number, "slot": slot}
            if index is not None:
                turn["index"] = index
            say("ready", {"_0": turn})
            if sys.stdin.readline().strip() != "go":
                sys.exit(0)

    def run(self):
        self.turn(-1, 0, 0)
        for position, group in enumerate(self.job["groups"]):
            self.measure(position, group)
        self.turn(len(self.job["groups"]), 0, 0)
        say("spent", {"_0": self.spent})

    def measure(self, position, group):
        self.turn(position, 0, 0)
        entries = []
        for place, index in enumerate(group):
            say("began", {"_0": index})
            begin = time.perf_counter()
            report = {"index": index, "status": "ok", "detail": "", "process": self.job["process"],
                      "isaPath": self.engine.facts["corename"], "samples": [], "interference": {},
                      "finished": ""}
            kernel = self.prepared(report, self.job["cases"][index])
            if kernel:
                report["elapsed"] = time.perf_counter() - begin
                sampler = Sampler(self.job["plan"], self.origin)
                sampler.warm_up(kernel.run)
                entries.append((place, report, kernel, sampler))
        for number in range(max(1, self.job["plan"]["rounds"])):
            forward = number % 2 == 0
            for place, report, kernel, sampler in entries if forward else entries[::-1]:
                slot = place if forward else len(group) - 1 - place
                self.turn(position, number + 1, slot, report["index"])
                say("began", {"_0": report["index"]})
                sampler.round(kernel.run)
                self.quieten()
        for _, report, kernel, sampler in entries:
            report.update(samples=sampler.samples, iterations=sampler.iterations, warmup=sampler.warmup,
                          sampled=sampler.sampled, stopReason=sampler.stop,
                          elapsed=report["elapsed"] + sampler.spent)
            self.spent["warmup"] += sampler.warmup
            self.spent["sampled"] += sampler.sampled
            self.tell(report)

    def prepared(self, report, case):
        """The kernel of a case, verified; None once the report has been said."""
        try:
            kernel = self.engine.prepare(case, self.job)
            report["work"] = {"flop": {"value": kernel.work[0]}, "bytes": {"value": kernel.work[1]}}
            report["residentBytes"] = {"value": kernel.resident}
            report["detail"] = kernel.note
            if self.job["plan"]["verifies"]:
                check = kernel.check()
                report["verification"] = check
                if not check["passed"]:
                    raise Failure(f"largest relative error {check['maxRelError']}, allowed "
                                  f"{check['tolerance']}, against {check['reference']}")
            if self.job["plan"]["times"]:
                return kernel
        except Skip as reason:
            report.update(status="skipped", detail=str(reason))
        except Failure as reason:
            report.update(status="mismatch", detail=str(reason))
        except Exception as error:  # whatever a library throws is the end of this row, not of the run
            report.update(status="failed", detail=f"{type(error).__name__}: {error}".splitlines()[0][:300])
        self.tell(report)
        return None

    def tell(self, report):
        report["finished"] = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        say("report", {"_0": report})

    def quieten(self):
        """Waits until the library's threads have gone to sleep: their spinning is time stolen from the next."""
        if self.job["placement"]["threads"] == 1:
            return
        for _ in range(200):
            before = time.process_time()
            time.sleep(0.0002)
            if time.process_time() - before < 0.00005:
                return
