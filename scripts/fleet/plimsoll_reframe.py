"""A ReFrame test of a host's matmul and attention.

    reframe -c plimsoll_reframe.py -r --distribute=all      # every node of every partition
    reframe -c plimsoll_reframe.py -r -S program=/opt/plimsoll/bin/plimsoll -S suite=default

One task a node. Sane when `plimsoll validate` accepts the result file; each row that was measured well is a
performance variable. A partition's references are an earlier result file of it, SYSTEM-PARTITION.csv in the
folder `references`: a rate may fall short of the median there by `tolerance`.
"""

import csv
import glob
import os

import reframe as rfm
import reframe.utility.sanity as sn
import reframe.utility.typecheck as typ
from reframe.core.builtins import run_before, sanity_function, variable


def rates(path):
    """The median rates of a result file's good rows: name -> (value, unit)."""
    found = {}
    with open(path, newline='') as file:
        for row in csv.DictReader(file):
            if row['status'] != 'ok':
                continue
            name = '_'.join([row['shape_id'], row['impl'], row['placement'], row['cache_mode']])
            # A stream through an array has a rate in B/s, everything else one in FLOP/s.
            if row['array_bytes']:
                value, unit = row['gbytes_per_second_median'], 'GB/s'
            else:
                value, unit = row['gflops_median'], 'GFLOP/s'
            if value:
                found[name.replace('-', '_')] = (float(value), unit)
    return found


@rfm.simple_test
class PlimsollTest(rfm.RunOnlyRegressionTest):
    descr = 'matmul and attention of one node'
    program = variable(str, value='plimsoll')
    suite = variable(str, value='quick')
    options = variable(typ.List[str], value=[])
    references = variable(str, value='references')
    tolerance = variable(float, value=0.1)

    valid_systems = ['*']
    valid_prog_environs = ['*']
    num_tasks = 1
    num_tasks_per_node = 1
    exclusive_access = True
    time_limit = '2h'
    keep_files = ['results']

    @run_before('run')
    def prepare(self):
        self.executable = self.program
        self.executable_opts = ['run', '--suite', self.suite, '-o', 'results', *self.options]
        # The program binds its own workers: a launcher that binds it to one core would hide the others.
        if self.job.launcher.registered_name == 'srun':
            self.job.launcher.options += ['--cpu-bind=none', '--cpus-per-task="$SLURM_CPUS_ON_NODE"', '--mem=0']
        elif self.job.launcher.registered_name == 'mpirun':
            self.job.launcher.options += ['--map-by ppr:1:node', '--bind-to none']
        self.postrun_cmds = [
            f'for file in results/*.csv; do case $file in *.samples.csv) ;; *) {self.program} validate "$file";'
            ' echo "validate: $?" ;; esac; done'
        ]

    @sanity_function
    def is_valid(self):
        return sn.assert_eq(sn.extractall(r'^validate: (\d+)$', self.stdout, 1), ['0'])

    @run_before('performance')
    def read_rates(self):
        where = self.current_partition.fullname
        files = glob.glob(os.path.join(self.stagedir, 'results', '*.csv'))
        files = [file for file in files if not file.endswith('.samples.csv')]
        measured = rates(files[0]) if len(files) == 1 else {}
        self.perf_variables = {
            name: sn.make_performance_function(sn.defer(value), unit)
            for name, (value, unit) in measured.items()
        }
        baseline = os.path.join(self.references, where.replace(':', '-') + '.csv')
        if os.path.exists(baseline):
            self.reference = {
                where: {
                    name: (value, -self.tolerance, None, unit)
                    for name, (value, unit) in rates(baseline).items() if name in measured
                }
            }
