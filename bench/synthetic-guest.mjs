// A kernel of its own design in flat physical memory, with page tables: many processes, each with mappings and files.

const DIRECT_MAP = 0xffff888000000000n;
const ARGUMENTS = 0x7ffd00001000n;
const TEXT = '/bin/busybox\0sleep\x001000\0';
const PRESENT = 7n;
const LARGE = 0x80n;
const VM_READ_WRITE = 0x3n;
const VM_READ_EXEC = 0x5n;

/** Where its structures keep what; as many members as the profile of a Debian kernel lets the readers ask for. */
const OFFSETS = {
  'task.size': 0x2800,
  'task.flags_offset': 0x2c,
  'task.PF_KTHREAD': 0x200000,
  'task.usage_offset': 0x28,
  'task.tasks_offset': 0x890,
  'task.mm_offset': 0x8e0,
  'task.active_mm_offset': 0x8e8,
  'task.pid_offset': 0x970,
  'task.tgid_offset': 0x974,
  'task.real_parent_offset': 0x980,
  'task.group_leader_offset': 0x9b0,
  'task.start_time_offset': 0xad8,
  'task.real_cred_offset': 0xb88,
  'task.comm_offset': 0xba0,
  'task.comm_size': 16,
  'task.fs_offset': 0xbe0,
  'task.files_offset': 0xbe8,
  'task.signal_offset': 0xbf8,
  'cred.usage_offset': 0,
  'cred.uid_offset': 8,
  'cred.gid_offset': 12,
  'cred.euid_offset': 24,
  'cred.egid_offset': 28,
  'mm.mmap_offset': 0,
  'mm.pgd_offset': 0x48,
  'mm.mm_users_offset': 0x50,
  'mm.map_count_offset': 0x60,
  'mm.start_brk_offset': 0x120,
  'mm.brk_offset': 0x128,
  'mm.start_stack_offset': 0x130,
  'mm.arg_start_offset': 0x138,
  'mm.arg_end_offset': 0x140,
  'mm.env_start_offset': 0x148,
  'mm.env_end_offset': 0x150,
  'vma.vm_start_offset': 0,
  'vma.vm_end_offset': 8,
  'vma.vm_next_offset': 16,
  'vma.vm_mm_offset': 64,
  'vma.vm_flags_offset': 80,
  'vma.vm_ops_offset': 144,
  'vma.vm_pgoff_offset': 152,
  'vma.vm_file_offset': 160,
  'fs_struct.users_offset': 0,
  'fs_struct.root_mnt_offset': 24,
  'fs_struct.root_dentry_offset': 32,
  'files.count_offset': 0,
  'fs.fdt_offset': 32,
  'fs.fdtab_offset': 40,
  'fs.max_fds_offset': 0,
  'fs.fd_offset': 8,
  'fs.close_on_exec_offset': 16,
  'fs.open_fds_offset': 24,
  'fs.f_path_mnt_offset': 16,
  'fs.f_path_dentry_offset': 24,
  'fs.f_inode_offset': 32,
  'fs.f_op_offset': 40,
  'fs.f_count_offset': 56,
  'fs.f_mode_offset': 68,
  'fs.f_pos_offset': 104,
  'path.d_hash_pprev_offset': 16,
  'path.d_parent_offset': 24,
  'path.d_name_offset': 32,
  'path.d_inode_offset': 48,
  'path.d_iname_offset': 56,
  'path.d_count_offset': 92,
  'path.d_op_offset': 96,
  'path.d_sb_offset': 104,
  'path.d_dname_offset': 64,
  'qstr.len_offset': 4,
  'qstr.name_offset': 8,
  'inode.i_mode_offset': 0,
  'inode.i_sb_offset': 40,
  'path.mnt_root_offset': 0,
  'path.mnt_sb_offset': 8,
  'path.mnt_parent_offset': -16,
  'path.mnt_mountpoint_offset': -8,
  'mount.mnt_offset': 32,
};

/** Flat physical memory that is written front to back. */
class FlatMemory {
  constructor(bytes) {
    this.buffer = new ArrayBuffer(bytes);
    this.view = new DataView(this.buffer);
    this.pages = [];
    this.next = 0x1000;
  }
  page(frame) {
    const kept = this.pages[frame];
    if (kept !== undefined || (frame + 1) * 4096 > this.buffer.byteLength) return kept;
    const bytes = new Uint8Array(this.buffer, frame * 4096, 4096);
    this.pages[frame] = { bytes, view: new DataView(this.buffer, frame * 4096, 4096) };
    return this.pages[frame];
  }
  hole(frame) {
    return new Error(`nothing at physical ${frame * 4096}`);
  }
  allocate(bytes, alignment = 64) {
    const at = Math.ceil(this.next / alignment) * alignment;
    this.next = at + bytes;
    if (this.next > this.buffer.byteLength) throw new RangeError('the synthetic guest outgrew its memory');
    return at;
  }
  word(at, value) {
    this.view.setBigUint64(at, value, true);
  }
  int(at, value) {
    this.view.setUint32(at, value, true);
  }
  text(at, text) {
    new Uint8Array(this.buffer).set(new TextEncoder().encode(text), at);
  }
  /** Writes members by the keys of the profile; pointers and longs are bigint, ints are number. */
  struct(size, members) {
    const at = this.allocate(size);
    this.fill(at, members);
    return at;
  }
  fill(at, members) {
    for (const [key, value] of Object.entries(members)) {
      if (typeof value === 'bigint') this.word(at + OFFSETS[key], value);
      else this.int(at + OFFSETS[key], value);
    }
  }
}

const virtual = (physical) => DIRECT_MAP + BigInt(physical);

/**
 * The guest: physical memory, the root of the kernel's page tables, a profile. Pid 0, and processes 1 to `count`.
 */
export function makeSyntheticGuest(count) {
  const memory = new FlatMemory((count + 64) * 40 * 1024 + 8 * 1024 * 1024);
  const root = mapDirectly(memory);
  const tree = makeTree(memory);
  const tasks = Array.from({ length: count + 1 }, () => memory.allocate(OFFSETS['task.size']));
  for (const [pid, task] of tasks.entries()) makeProcess(memory, tree, { task, pid, init: tasks[0] });
  linkRing(
    memory,
    tasks.map((task) => task + OFFSETS['task.tasks_offset']),
  );
  const cpu = makeProcessor(memory, tasks[1]);
  return { memory, root, info: { ...OFFSETS, 'task.init_addr': virtual(tasks[0]), ...cpu } };
}

/** All of physical memory at DIRECT_MAP, in pages of 2 MiB. */
function mapDirectly(memory) {
  const [root, upper] = [memory.allocate(4096, 4096), memory.allocate(4096, 4096)];
  memory.word(root + Number((DIRECT_MAP >> 39n) & 511n) * 8, BigInt(upper) | PRESENT);
  const large = 2 ** 21;
  for (let at = 0; at < memory.buffer.byteLength; at += 512 * large) {
    const table = memory.allocate(4096, 4096);
    memory.word(upper + (at / (512 * large)) * 8, BigInt(table) | PRESENT);
    for (let index = 0; index < 512; index += 1)
      memory.word(table + index * 8, BigInt(at + index * large) | PRESENT | LARGE);
  }
  return root;
}

/** One mount with `/bin/busybox` and `/dev/null`. */
function makeTree(memory) {
  const operations = memory.allocate(128);
  memory.word(operations, virtual(operations));
  const superBlock = virtual(memory.allocate(64));
  const entry = (name, parent, mode) => {
    const inode = memory.struct(64, { 'inode.i_mode_offset': mode, 'inode.i_sb_offset': superBlock });
    const at = memory.struct(192, {
      'path.d_hash_pprev_offset': parent === undefined ? 0n : superBlock,
      'path.d_inode_offset': virtual(inode),
      'path.d_count_offset': 1,
      'path.d_op_offset': virtual(operations),
      'path.d_sb_offset': superBlock,
    });
    memory.word(at + OFFSETS['path.d_parent_offset'], virtual(parent ?? at));
    memory.text(at + OFFSETS['path.d_iname_offset'], name);
    memory.int(at + OFFSETS['path.d_name_offset'] + 4, name.length);
    memory.word(at + OFFSETS['path.d_name_offset'] + 8, virtual(at + OFFSETS['path.d_iname_offset']));
    return { at, inode };
  };
  const root = entry('/', undefined, 0o040755);
  const program = entry('busybox', entry('bin', root.at, 0o040755).at, 0o100755);
  const device = entry('null', entry('dev', root.at, 0o040755).at, 0o020666);
  const mnt = memory.allocate(96) + OFFSETS['mount.mnt_offset'];
  memory.fill(mnt, {
    'path.mnt_root_offset': virtual(root.at),
    'path.mnt_sb_offset': superBlock,
    'path.mnt_parent_offset': virtual(mnt - OFFSETS['mount.mnt_offset']),
    'path.mnt_mountpoint_offset': virtual(root.at),
  });
  return { operations: virtual(operations), root, program, device, mnt: virtual(mnt) };
}

function makeProcess(memory, tree, { task, pid, init }) {
  const self = virtual(task);
  const user = pid === 0 ? undefined : makeMm(memory, tree);
  const cred = memory.struct(192, {
    'cred.usage_offset': 1,
    'cred.uid_offset': 1000,
    'cred.gid_offset': 1000,
  });
  memory.fill(task, {
    'task.usage_offset': 1,
    'task.flags_offset': pid === 0 ? OFFSETS['task.PF_KTHREAD'] : 0,
    'task.pid_offset': pid,
    'task.tgid_offset': pid,
    'task.group_leader_offset': self,
    'task.real_parent_offset': virtual(init),
    'task.signal_offset': virtual(cred),
    'task.start_time_offset': BigInt(pid) * 1000000n,
    'task.real_cred_offset': virtual(cred),
  });
  memory.text(task + OFFSETS['task.comm_offset'], pid === 0 ? 'swapper/0' : `sleep-${pid}`);
  if (user === undefined) return;
  const fs = memory.struct(64, {
    'fs_struct.users_offset': 1,
    'fs_struct.root_mnt_offset': tree.mnt,
    'fs_struct.root_dentry_offset': virtual(tree.root.at),
  });
  memory.fill(task, {
    'task.mm_offset': virtual(user),
    'task.active_mm_offset': virtual(user),
    'task.fs_offset': virtual(fs),
    'task.files_offset': virtual(makeFiles(memory, tree)),
  });
}

function makeFile(memory, tree, { at, inode }) {
  return virtual(
    memory.struct(256, {
      'fs.f_path_mnt_offset': tree.mnt,
      'fs.f_path_dentry_offset': virtual(at),
      'fs.f_inode_offset': virtual(inode),
      'fs.f_op_offset': tree.operations,
      'fs.f_count_offset': 1n,
    }),
  );
}

/** Descriptors 0 to 2, in the small table inside of `files_struct`. */
function makeFiles(memory, tree) {
  const files = memory.struct(704, { 'files.count_offset': 1 });
  const table = files + OFFSETS['fs.fdtab_offset'];
  const [slots, open, closing] = [files + 160, files + 128, files + 136];
  memory.word(files + OFFSETS['fs.fdt_offset'], virtual(table));
  memory.fill(table, {
    'fs.max_fds_offset': 64,
    'fs.fd_offset': virtual(slots),
    'fs.open_fds_offset': virtual(open),
    'fs.close_on_exec_offset': virtual(closing),
  });
  const file = makeFile(memory, tree, tree.device);
  for (let fd = 0; fd < 3; fd += 1) memory.word(slots + fd * 8, file);
  memory.word(open, 7n);
  return files;
}

/** An address space with page tables of its own for the page that holds the arguments, and six mappings. */
function makeMm(memory, tree) {
  const tables = Array.from({ length: 5 }, () => memory.allocate(4096, 4096));
  [39n, 30n, 21n, 12n].forEach((shift, level) => {
    const index = Number((ARGUMENTS >> shift) & 511n);
    memory.word(tables[level] + index * 8, BigInt(tables[level + 1]) | PRESENT);
  });
  memory.text(tables[4], TEXT);
  const end = ARGUMENTS + BigInt(TEXT.length);
  const mm = memory.struct(1280, {
    'mm.pgd_offset': virtual(tables[0]),
    'mm.mm_users_offset': 1,
    'mm.map_count_offset': 6,
    'mm.start_brk_offset': 0x602000n,
    'mm.brk_offset': 0x603000n,
    'mm.start_stack_offset': ARGUMENTS,
    'mm.arg_start_offset': ARGUMENTS,
    'mm.arg_end_offset': end,
    'mm.env_start_offset': end,
    'mm.env_end_offset': end,
  });
  linkMappings(memory, mm, makeFile(memory, tree, tree.program));
  return mm;
}

function linkMappings(memory, mm, file) {
  const rows = [
    [0x400000n, VM_READ_EXEC, file],
    [0x600000n, VM_READ_WRITE, file],
    [0x602000n, VM_READ_WRITE, 0n],
    [0x7f0000000000n, VM_READ_EXEC, file],
    [0x7f0000002000n, VM_READ_WRITE, 0n],
    [0x7ffd00001000n, VM_READ_WRITE, 0n],
  ];
  let link = mm + OFFSETS['mm.mmap_offset'];
  for (const [start, flags, mapped] of rows) {
    const vma = memory.struct(200, {
      'vma.vm_start_offset': start,
      'vma.vm_end_offset': start + 0x1000n,
      'vma.vm_mm_offset': virtual(mm),
      'vma.vm_flags_offset': flags,
      'vma.vm_file_offset': mapped,
    });
    memory.word(link, virtual(vma));
    link = vma + OFFSETS['vma.vm_next_offset'];
  }
}

function linkRing(memory, nodes) {
  nodes.forEach((node, index) => {
    memory.word(node, virtual(nodes[(index + 1) % nodes.length]));
    memory.word(node + 8, virtual(nodes[(index + nodes.length - 1) % nodes.length]));
  });
}

/** One processor, which runs a task. */
function makeProcessor(memory, task) {
  const [offsets, area, counts] = [memory.allocate(64), memory.allocate(4096, 4096), memory.allocate(64)];
  const currentTask = 0x40;
  memory.word(offsets, virtual(area));
  memory.word(area + currentTask, virtual(task));
  memory.int(counts, 1);
  memory.word(counts + 8, 1n);
  return {
    'task.per_cpu_offsets_addr': virtual(offsets),
    'task.current_task_addr': BigInt(currentTask),
    'cpu.nr_cpu_ids_addr': virtual(counts),
    'cpu.online_mask_addr': virtual(counts + 8),
  };
}
