import type { SchemaRow } from './schema-row';

/** Tasks, their credentials and their directories: keys of this project. */
export const TASKS_EXTENSION_ROWS = [
  {
    key: 'task.usage_offset',
    kind: 'offset',
    member: 'int',
    expression: 'task_struct.usage',
    doc: 'How many hold the task; never 0 while it is in a list.',
  },
  {
    key: 'task.pid_links_offset',
    kind: 'offset',
    member: 'list',
    expression: 'task_struct.pid_links',
    alternatives: ['task_struct.pids'],
    doc: 'Links the task in `pid.tasks`, an hlist_node a kind of id; the thread itself is the first kind. In a pid_link with the id before Linux commit 2c4704756cab ("pids: Move the pgrp and session pid pointers from task_struct to signal_struct") (in v4.19).',
  },
  {
    key: 'task.fs_offset',
    kind: 'offset',
    expression: 'task_struct.fs',
    doc: 'Root and working directory of the task.',
  },
  {
    key: 'cred.usage_offset',
    kind: 'offset',
    member: 'int',
    expression: 'cred.usage',
    doc: 'How many hold the credentials; never 0.',
  },
  {
    key: 'fs_struct.users_offset',
    kind: 'offset',
    member: 'int',
    expression: 'fs_struct.users',
    doc: 'How many tasks share the directories; never 0.',
  },
  {
    key: 'fs_struct.root_mnt_offset',
    kind: 'offset',
    expression: 'fs_struct.root.mnt',
    doc: 'Mount of the root directory.',
  },
  {
    key: 'fs_struct.root_dentry_offset',
    kind: 'offset',
    expression: 'fs_struct.root.dentry',
    doc: 'The root directory.',
  },
  {
    key: 'fs_struct.pwd_mnt_offset',
    kind: 'offset',
    expression: 'fs_struct.pwd.mnt',
    doc: 'Mount of the working directory.',
  },
  {
    key: 'fs_struct.pwd_dentry_offset',
    kind: 'offset',
    expression: 'fs_struct.pwd.dentry',
    doc: 'The working directory.',
  },
  {
    key: 'task.worker_private_offset',
    kind: 'offset',
    expression: 'task_struct.worker_private',
    doc: 'The `struct kthread` of a kernel thread; since v5.17.',
  },
  {
    key: 'kthread.full_name_offset',
    kind: 'offset',
    expression: 'kthread.full_name',
    doc: 'The whole name of a kernel thread, a pointer, where `task_struct.comm` is too short for it; since v5.17. The structure is private to kernel/kthread.c: the module finds the pointer in that of a thread that it makes.',
  },
  {
    key: 'kthread.data_offset',
    kind: 'offset',
    expression: 'kthread.data',
    doc: 'The argument of the function of the thread, a pointer; for a worker of a workqueue its `struct worker`. From BTF alone.',
  },
  {
    key: 'task.PF_WQ_WORKER',
    kind: 'constant',
    expression: 'PF_WQ_WORKER',
    doc: 'The bit of `task_struct.flags` that marks a worker of a workqueue.',
  },
  {
    key: 'worker.pool_offset',
    kind: 'offset',
    expression: 'worker.pool',
    doc: 'The pool of workers that it belongs to. The structure is private to kernel/workqueue.c: from BTF alone.',
  },
  {
    key: 'worker.current_work_offset',
    kind: 'offset',
    expression: 'worker.current_work',
    doc: 'The work that it executes; null between two. From BTF alone.',
  },
  {
    key: 'worker.desc_offset',
    kind: 'offset',
    member: 'bytes',
    expression: 'worker.desc',
    doc: 'The name of its latest work, a text. From BTF alone.',
  },
  {
    key: 'worker.desc_size',
    kind: 'size',
    expression: 'worker.desc',
    doc: 'Size of that text. From BTF alone.',
  },
] as const satisfies readonly SchemaRow[];
