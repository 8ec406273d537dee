# drgn-tasks.py DUMP TASKS PID COMM: the ring of processes from init_task on, as JSON. TASKS, PID and COMM are offsets
# in task_struct: without debug information drgn knows no types.
import json
import sys

import drgn
from drgn.helpers.linux.kallsyms import load_vmlinux_kallsyms

LIMIT = 100000

program = drgn.Program()
program.set_core_dump(sys.argv[1])
program.register_symbol_finder("kallsyms", load_vmlinux_kallsyms(program), enable_index=0)
tasks, pid, comm = (int(word) for word in sys.argv[2:5])

first = task = program.symbol("init_task").address
rows = []
while len(rows) < LIMIT:
    name = program.read(task + comm, 16).split(b"\0")[0].decode("latin1")
    rows.append((hex(task), program.read_u32(task + pid), name))
    task = program.read_u64(task + tasks) - tasks
    if task == first:
        break
json.dump(rows, sys.stdout)
