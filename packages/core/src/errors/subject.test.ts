import { describe, expect, it } from 'vitest';
import { EVERY_FIELD, type Subject, subjectKey } from './subject';
import { formatSubject } from './subject-text';

const address = 0xffff888000001000n;

describe('a subject', () => {
  it.each<[Subject, string]>([
    [{ kind: 'process', pid: 7 }, 'pid 7'],
    [{ kind: 'process', pid: 7, address, field: 'cmdline' }, 'pid 7: cmdline'],
    [{ kind: 'process', address, field: 'pid' }, 'task 0xffff888000001000: pid'],
    [{ kind: 'thread', pid: 7, tid: 8, field: 'name' }, 'pid 8: name'],
    [{ kind: 'thread', pid: 7, address, field: 'tid' }, 'pid 7: task 0xffff888000001000: tid'],
    [{ kind: 'mapping' }, 'mapping'],
    [{ kind: 'mapping', pid: 7, base: 0x1000n, field: 'file' }, 'pid 7: mapping 0x1000: file'],
    [
      { kind: 'mapping', pid: 7, struct: 'vm_area_struct', address },
      'pid 7: vm_area_struct 0xffff888000001000',
    ],
    [{ kind: 'file-descriptor', pid: 7, fd: 3 }, 'pid 7: fd 3'],
    [{ kind: 'file-descriptor', pid: 7, fd: 3, field: EVERY_FIELD }, 'pid 7: fd 3'],
    [{ kind: 'file-descriptor', pid: 7, fd: 3, field: 'pos' }, 'pid 7: fd 3: pos'],
    [{ kind: 'file-descriptor', pid: 7, first: 0, last: 511 }, 'pid 7: fds 0 to 511'],
    [{ kind: 'socket', pid: 7, fd: 3 }, 'pid 7: fd 3'],
    [{ kind: 'socket', pid: 7, fd: 3, field: 'local' }, 'pid 7: fd 3 local'],
    [{ kind: 'module', name: 'jbd2', address, field: 'base' }, 'module jbd2 0xffff888000001000: base'],
    [{ kind: 'module', struct: 'module_kobject', address }, 'module_kobject 0xffff888000001000'],
    [{ kind: 'mount', id: 21, field: 'source' }, 'mount 21: source'],
    [{ kind: 'mount', address }, 'mount 0xffff888000001000'],
    [{ kind: 'log-record', first: 3, last: 3 }, 'log record 3'],
    [{ kind: 'log-record', first: 3, last: 5, field: 'text' }, 'text of log records 3 to 5'],
    [{ kind: 'log-record', byte: 64 }, 'log records from byte 64 on'],
    [{ kind: 'log-record', byte: 64, bytes: 4096 }, 'log records in 4096 bytes from byte 64 on'],
    [{ kind: 'log-record', byte: 64, field: 'text' }, 'text of the log record at byte 64'],
    [{ kind: 'cpu', cpu: 1, field: 'mode' }, 'cpu 1: mode'],
    [{ kind: 'pid', pid: 7, address }, 'pid 7: struct pid 0xffff888000001000'],
    [{ kind: 'list', name: 'modules' }, 'modules'],
    [{ kind: 'list', name: 'mounts', pid: 7 }, 'pid 7: mounts'],
    [{ kind: 'list', name: 'mappings', cpu: 1 }, 'cpu 1: mappings'],
    [{ kind: 'list', name: 'init_task', address }, 'init_task 0xffff888000001000'],
    [{ kind: 'list', name: 'threads', struct: 'task', address }, 'threads of task 0xffff888000001000'],
    [{ kind: 'tree-node', struct: 'maple_node', address, pid: 7 }, 'pid 7: maple_node 0xffff888000001000'],
    [
      { kind: 'tree-node', name: 'init_pid_ns.idr', address, first: 64 },
      'init_pid_ns.idr: node 0xffff888000001000 for 64 and above',
    ],
    [{ kind: 'symbols', name: 'kallsyms', first: 0, last: 255 }, 'kallsyms: the names of symbols 0 to 255'],
    [
      { kind: 'symbols', name: 'kallsyms', field: 'addresses', bytes: 4096 },
      'kallsyms: 4096 bytes of addresses',
    ],
    [{ kind: 'symbols', name: 'modules', address }, 'modules: the list at 0xffff888000001000'],
    [{ kind: 'module-symbols', address }, 'module at 0xffff888000001000: its symbols'],
    [{ kind: 'module-symbols', name: 'ext4', first: 1 }, 'module ext4: symbol 1'],
    [{ kind: 'reader-root' }, 'root directory of the reader'],
    [{ kind: 'init-root' }, 'root of pid 1'],
    [{ kind: 'task-root', pid: 7 }, 'pid 7: root directory of the task'],
    [{ kind: 'comparison', name: 'threads' }, 'comparison of the task list with the pid table'],
    [{ kind: 'comparison', name: 'modules' }, 'comparison of the module list with /sys/module'],
    [{ kind: 'memory', address: 0x1000n, bytes: 64 }, '64 bytes at 0x1000'],
    [{ kind: 'process', pid: 7, field: 'name', when: 'after' }, 'after: pid 7: name'],
  ])('%o is printed as %s', (subject, text) => {
    expect(formatSubject(subject)).toBe(text);
  });

  it('has a key of its own where the text is the same', () => {
    const closed: Subject = { kind: 'file-descriptor', pid: 7, fd: 3 };
    const subjects: Subject[] = [closed, { ...closed, field: EVERY_FIELD }, { ...closed, kind: 'socket' }];
    expect(new Set(subjects.map(formatSubject)).size).toBe(1);
    expect(new Set(subjects.map(subjectKey)).size).toBe(3);
  });
});
