import { decodeText, type OsiError, type VirtualAddress } from '@osi-linux/core';
import { implausible, requirePointer } from '../kernel/implausible';
import { requireKey } from '../kernel/kernel';
import { KernelStruct } from '../kernel/kernel-struct';

/** MODULE_STATE_UNFORMED where the profile does not say; unchanged since it came with Linux 3.8. */
const MODULE_STATE_UNFORMED = 3;

/** MODULE_STATE_LIVE, the state of a module that is neither coming nor going; 0 in every kernel. */
const MODULE_STATE_LIVE = 0;

/** More bytes than a module can have: MODULES_LEN, arch/x86/include/asm/pgtable_64_types.h. */
const MODULES_LEN = 0x40000000;

/** More kinds of memory than any kernel has (MOD_MEM_NUM_TYPES is 7). */
const MEMORY_KINDS_LIMIT = 64;

const STRUCT = 'module';

/**
 * A loaded module of the kernel. Corresponds to `struct module`.
 *
 * Every property reads guest memory when it is asked for, and throws the fault of the page, `PROFILE_KEY_MISSING`, or
 * `STRUCT_IMPLAUSIBLE` where no module has such a value.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * const [newest] = [...eachModule(kernel, new SkippedLog())];
 * newest.isUnformed // => false
 * newest.size % 4096 // => 0
 * ```
 */
export class Module extends KernelStruct {
  /** Name of the module, printable ASCII. Corresponds to `module.name`. */
  get name(): string {
    const { info, memory } = this.kernel;
    // MODULE_NAME_LEN leaves one word free in the 64 bytes of a parameter's name,
    // include/linux/moduleparam.h.
    const size = info['module.MODULE_NAME_LEN'] ?? 64 - memory.architecture.wordSize;
    const bytes = this.view.bytes(requireKey(info, 'module.name_offset'), size);
    const length = bytes.indexOf(0);
    const printable = bytes.subarray(0, length).every((byte) => byte >= 0x20 && byte < 0x7f);
    if (length > 0 && printable) return decodeText(bytes.subarray(0, length));
    const received = length <= 0 ? length : (bytes.find((byte) => byte < 0x20 || byte >= 0x7f) ?? 0);
    throw this.implausible('name', received, 'printable characters, then a zero');
  }

  /** Whether the module is still being read or already freed: `/proc/modules` leaves it out. */
  get isUnformed(): boolean {
    return this.state === this.unformed;
  }

  /** Whether the module runs, so that every list of modules should have it. */
  get isLive(): boolean {
    return this.state === MODULE_STATE_LIVE;
  }

  /**
   * First address of the module's code, as `/proc/modules` prints it; 0 for a module without code.
   *
   * Corresponds to `module.mem[MOD_TEXT].base` since
   * Linux commit ac3b43283923 ("module: replace module_layout with module_memory") (in v6.4),
   * to `module.core_layout.base` before.
   */
  get base(): VirtualAddress {
    const { info } = this.kernel;
    if (info['module.mem_offset'] === undefined)
      return this.requireBase(this.word('module.core_base_offset'));
    const kind = requireKey(info, 'module.MOD_TEXT');
    if (this.memorySize(kind) === 0) return 0n;
    const at = this.memoryOffset(kind) + requireKey(info, 'module_memory.base_offset');
    return this.requireBase(this.view.word(at));
  }

  /**
   * Bytes of all of the module's memory, as `/proc/modules` prints them; memory that it needs only to start
   * counts too.
   */
  get size(): number {
    const { info } = this.kernel;
    if (info['module.mem_offset'] === undefined)
      return this.requireSize(this.u32('module.core_size_offset') + this.u32('module.init_size_offset'));
    const kinds = requireKey(info, 'module.MOD_MEM_NUM_TYPES');
    if (kinds < 1 || kinds > MEMORY_KINDS_LIMIT)
      throw this.implausible('MOD_MEM_NUM_TYPES', kinds, `1 to ${MEMORY_KINDS_LIMIT}`);
    let sum = 0;
    for (let kind = 0; kind < kinds; kind += 1) sum += this.memorySize(kind);
    return this.requireSize(sum);
  }

  /** The set of all modules, virtual address. Corresponds to `module.mkobj.kobj.kset`. */
  get kset(): VirtualAddress {
    const member = 'mkobj.kobj.kset';
    return requirePointer(this.kernel, this.word('module.kset_offset'), {
      struct: STRUCT,
      address: this.address,
      member,
    });
  }

  /**
   * Checks the structure.
   *
   * @throws OsiError `STRUCT_IMPLAUSIBLE` for what has not the state and name of a module.
   */
  validate(): void {
    requirePointer(this.kernel, this.address, {
      struct: STRUCT,
      address: this.address,
      member: 'its address',
    });
    if (this.state > this.unformed) throw this.implausible('state', this.state, `0 to ${this.unformed}`);
    void this.name;
  }

  private get state(): number {
    return this.u32('module.state_offset');
  }

  private get unformed(): number {
    return this.kernel.info['module.MODULE_STATE_UNFORMED'] ?? MODULE_STATE_UNFORMED;
  }

  private memoryOffset(kind: number): number {
    const { info } = this.kernel;
    return requireKey(info, 'module.mem_offset') + kind * requireKey(info, 'module_memory.size');
  }

  private memorySize(kind: number): number {
    const offset = requireKey(this.kernel.info, 'module_memory.size_offset');
    return this.requireSize(this.view.u32(this.memoryOffset(kind) + offset));
  }

  private requireBase(base: VirtualAddress): VirtualAddress {
    const { architecture } = this.kernel.memory;
    const aligned = base % (1n << BigInt(architecture.pageShift)) === 0n;
    if (aligned && architecture.isKernelAddress(base)) return base;
    throw this.implausible('base', base, 'the first address of a page of the kernel');
  }

  private requireSize(size: number): number {
    if (size <= MODULES_LEN) return size;
    throw this.implausible('size', size, `at most ${MODULES_LEN}`);
  }

  private implausible(member: string, received: number | bigint, expected: string): OsiError {
    return implausible({ struct: STRUCT, address: this.address, member, received, expected });
  }
}
