import type { GuestMemory } from '../guest-memory';
import type { LinuxAge } from '../linux-age';
import {
  type EntryLayout,
  type EntryOptions,
  type FileTreeLayout,
  MODES,
  type MountLayout,
  type PathLayout,
  type SuperBlockLayout,
} from './file-tree-layout';
import { allocateStruct } from './guest-struct';

/** The names that a file system's own root had before v5.3, where it is mounted nowhere. */
const PSEUDO_ROOTS: Readonly<Record<string, string>> = {
  pipefs: 'pipe:',
  sockfs: 'socket:',
  anon_inodefs: 'anon_inode:',
  nsfs: 'nsfs:',
};

/** A file system that no directory leads to: its mount is its own. */
interface HiddenMount {
  readonly superBlock: SuperBlockLayout;
  readonly mount: MountLayout;
}

/** Lays out files that are in no directory: pipes, sockets, anonymous inodes, shared memory, namespaces. */
export class SpecialFilesLayout {
  private readonly tree: FileTreeLayout;
  private readonly memory: GuestMemory;
  private readonly age: LinuxAge;
  private readonly mounts = new Map<string, HiddenMount>();
  private nextId = 5;

  constructor(tree: FileTreeLayout, memory: GuestMemory, age: LinuxAge) {
    this.tree = tree;
    this.memory = memory;
    this.age = age;
  }

  /** One end of a pipe. */
  pipe(ino: number): PathLayout {
    const { superBlock, mount } = this.hidden('pipefs');
    return { mount, entry: this.tree.apart(superBlock, '', { ino, mode: MODES.pipe, dynamic: true }) };
  }

  /** A socket, whose inode lies behind its `struct socket`. */
  socket(ino: number, inode: bigint): PathLayout {
    const { superBlock, mount } = this.hidden('sockfs');
    return {
      mount,
      entry: this.tree.apart(superBlock, 'TCP', { ino, inode, mode: MODES.socket, dynamic: true }),
    };
  }

  /** A file of the kernel's own without a place: `[eventfd]`. */
  anonymous(name: string): PathLayout {
    const { superBlock, mount } = this.hidden('anon_inodefs');
    const mode = MODES.anonymous;
    const entry = this.age.namesInDirectory
      ? this.tree.entry(mount.root, name, { mode })
      : this.tree.apart(superBlock, name, { mode, dynamic: true });
    return { mount, entry };
  }

  /** Shared anonymous memory: a deleted file `dev/zero` of a tmpfs that is mounted nowhere. */
  sharedMemory(): PathLayout {
    const { superBlock, mount } = this.hidden('tmpfs');
    const entry = this.age.namesSharedMemory
      ? this.tree.entry(mount.root, 'dev/zero', { unhashed: 'from its start' })
      : this.tree.apart(superBlock, 'dev/zero', { dynamic: true });
    return { mount, entry };
  }

  /** A namespace, opened through `/proc/PID/ns`: a file of nsfs, or of proc where the section has no `ns_common`. */
  namespace(kind: string, ino: number): PathLayout {
    const { memory } = this;
    const operations = allocateStruct(memory, 'proc_ns_operations').word(
      'proc_ns_operations.name_offset',
      memory.text(kind),
    );
    const common = { ino, mode: 0o100444, dynamic: true };
    if (!memory.keys.has('ns_common.ops_offset')) return this.procNamespace(operations.address, common);
    const { superBlock, mount } = this.hidden('nsfs');
    const privateData = allocateStruct(memory, 'ns_common').word('ns_common.ops_offset', operations.address);
    const options = { ...common, privateData: privateData.address };
    return { mount, entry: this.tree.apart(superBlock, '', options) };
  }

  /** `proc_inode` ends with the operations of the namespace and the inode. */
  private procNamespace(operations: bigint, common: EntryOptions): PathLayout {
    const { memory } = this;
    const { superBlock, mount } = this.hidden('proc');
    const around = memory.allocate(64 + memory.keys.sizeOf('inode'));
    const inode = around + 64n;
    memory.writeWord(inode - BigInt(memory.wordSize), operations);
    return { mount, entry: this.tree.apart(superBlock, '', { ...common, inode }) };
  }

  private hidden(type: string): HiddenMount {
    const known = this.mounts.get(type);
    if (known !== undefined) return known;
    const superBlock = this.tree.superBlock(type);
    const name = this.age.namesPseudoRoots ? PSEUDO_ROOTS[type] : undefined;
    const root: EntryLayout = this.tree.root(superBlock, name);
    const made = { superBlock, mount: this.tree.mount(this.nextId++, root, type) };
    this.mounts.set(type, made);
    return made;
  }
}
