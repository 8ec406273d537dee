import type { SchemaRow } from './schema-row';

/** What this project adds to PANDA's keys; PANDA ignores what it does not know. */
export const EXTENSION_ROWS = [
  {
    key: 'kernel.phys_base',
    kind: 'constant',
    expression: 'phys_base',
    doc: 'Physical address of the kernel image less its link address, signed: physical = virtual - 0xffffffff80000000 + phys_base on x86_64.',
  },
  {
    key: 'kernel.swapper_pg_dir_addr',
    kind: 'address',
    kernelAddress: true,
    expression: 'swapper_pg_dir',
    doc: 'Top page table of the kernel itself.',
  },
  {
    key: 'kernel.page_offset_addr',
    kind: 'address',
    kernelAddress: true,
    expression: 'PAGE_OFFSET',
    doc: "First address of the kernel's direct map of physical memory.",
  },
  {
    key: 'kernel.pgtable_levels',
    kind: 'constant',
    expression: 'CONFIG_PGTABLE_LEVELS',
    doc: 'Levels of the page tables that are in use: 2 to 5.',
  },
  {
    key: 'uts.init_addr',
    kind: 'address',
    kernelAddress: true,
    expression: 'init_uts_ns',
    doc: "The namespace that holds the kernel's own name.",
  },
  {
    key: 'uts.name_offset',
    kind: 'offset',
    expression: 'uts_namespace.name',
    doc: 'What `uname` prints, a new_utsname.',
  },
  {
    key: 'cpu.nr_cpu_ids_addr',
    kind: 'address',
    kernelAddress: true,
    expression: 'nr_cpu_ids',
    doc: 'How many CPU numbers there can be, an unsigned int.',
  },
  {
    key: 'cpu.online_mask_addr',
    kind: 'address',
    kernelAddress: true,
    expression: '__cpu_online_mask',
    doc: 'Bit mask of the CPUs that are running.',
  },
  {
    key: 'task.flags_offset',
    kind: 'offset',
    expression: 'task_struct.flags',
    doc: 'PF_KTHREAD and the other flags.',
  },
  {
    key: 'task.PF_KTHREAD',
    kind: 'constant',
    expression: 'PF_KTHREAD',
    doc: 'The bit of `task_struct.flags` that marks a kernel thread.',
  },
  {
    key: 'task.exit_state_offset',
    kind: 'offset',
    expression: 'task_struct.exit_state',
    doc: 'EXIT_ZOMBIE, EXIT_DEAD, or 0 for a living task.',
  },
  {
    key: 'task.signal_offset',
    kind: 'offset',
    expression: 'task_struct.signal',
    doc: 'What the threads of a process share.',
  },
  {
    key: 'task.thread_node_offset',
    kind: 'offset',
    expression: 'task_struct.thread_node',
    doc: 'Links the threads of a process in `signal_struct.thread_head`, list_node.',
  },
  {
    key: 'signal.thread_head_offset',
    kind: 'offset',
    expression: 'signal_struct.thread_head',
    doc: 'Head of the list of threads of a process.',
  },
  {
    key: 'mm.arg_end_offset',
    kind: 'offset',
    expression: 'mm_struct.arg_end',
    doc: 'First byte after the command line.',
  },
  {
    key: 'mm.env_start_offset',
    kind: 'offset',
    expression: 'mm_struct.env_start',
    doc: 'First byte of the environment.',
  },
  {
    key: 'mm.env_end_offset',
    kind: 'offset',
    expression: 'mm_struct.env_end',
    doc: 'First byte after the environment.',
  },
] as const satisfies readonly SchemaRow[];
