import { formatAddress, type VirtualAddress } from '@osi-linux/core';
import { implausible, requirePointer } from '../kernel/implausible';
import { type Kernel, requireKey } from '../kernel/kernel';
import { readKernelString } from '../kernel/kernel-string';
import { viewOf } from '../kernel/kernel-struct';
import { layoutOf } from '../kernel/layout';
import { StructView } from '../kernel/struct-view';
import type { Mm } from './mm';
import type { ThreadStacks } from './thread-stacks';
import type { Vma } from './vma';

/** ANON_VMA_NAME_MAX_LEN, its NUL included: kernel/sys.c. */
const ANON_NAME_LIMIT = 80;

/** Where an address space has its heap and its stack. */
interface Bounds extends Pick<Mm, 'address' | 'brk' | 'startBrk' | 'startStack'> {}

/**
 * Names the mappings that are not files, as `/proc/PID/maps` does.
 *
 * The tests and their order are those of `get_vma_name`, earlier a part of `show_map_vma`, in fs/proc/task_mmu.c, with
 * `vma_is_initial_heap` and `vma_is_initial_stack`. The heap and stack of an address space are remembered
 * until another address space is read.
 *
 * @example
 * ```ts
 * declare const kernel: Kernel;
 * declare const mm: Mm;
 * const names = new VmaNames(kernel);
 * const mappings = [...eachVma(kernel, mm, new SkippedLog())];
 * const stack = mappings.find((vma) => vma.start <= mm.startStack && mm.startStack < vma.end);
 * names.read(stack, mm) // => '[stack]'
 * ```
 */
export class VmaNames {
  private readonly kernel: Kernel;
  private readonly heapTouches: boolean;
  private readonly specialNames = new Map<VirtualAddress, string>();
  private bounds: Bounds | undefined;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    // A section without the key of this rule is of a kernel with the older one.
    this.heapTouches = kernel.info['vma.initial_heap_touches'] !== 0;
  }

  /**
   * The text in brackets for a mapping of `mm` without a file; `undefined` if it has none. `stacks` are those of the
   * kernels that find them by stack pointers.
   *
   * @throws OsiError the fault of a page, `STRUCT_IMPLAUSIBLE`, or `PROFILE_KEY_MISSING`.
   */
  read(vma: Vma, mm: Mm, stacks?: ThreadStacks): string | undefined {
    const special = this.readSpecial(vma, mm);
    if (special !== undefined) return special;
    const { start, end } = vma;
    const { brk, startBrk, startStack } = this.boundsOf(mm);
    if (this.heapTouches ? start <= brk && end >= startBrk : start < brk && end > startBrk) return '[heap]';
    if (stacks === undefined && start <= startStack && startStack <= end) return '[stack]';
    const stack = stacks?.read({ start, end }, { startStack });
    if (stack !== undefined) return stack;
    const name = this.readAnonName(vma);
    return name === undefined ? undefined : `[anon:${name}]`;
  }

  /**
   * The text in brackets for shared memory that was given a name, in whose place the path of its file is not shown.
   *
   * Linux commit d09e8ca6cb93 ("mm: anonymous shared memory naming") (in v6.2); before, the place of the name holds
   * something else for a file.
   */
  readShared(vma: Vma): string | undefined {
    const { shared_offset: shared, anon_name_offset } = layoutOf(this.kernel.info).vma;
    if (shared === undefined || shared === anon_name_offset) return undefined;
    const name = this.readAnonName(vma);
    return name === undefined ? undefined : `[anon_shmem:${name}]`;
  }

  /**
   * The kernel's own mappings, as `[vdso]`. Corresponds to `special_mapping_name`; where the profile does not know its
   * operations, to `arch_vma_name` of older kernels, which knew the vdso by its address.
   */
  private readSpecial(vma: Vma, mm: Mm): string | undefined {
    const { info } = this.kernel;
    const operations = layoutOf(info).vma.special_mapping_vmops_addr;
    if (operations !== undefined) return vma.ops === operations ? this.specialName(vma) : undefined;
    const vdso = info['mm.vdso_offset'];
    if (vdso === undefined) return undefined;
    const address = new StructView(this.kernel.memory, mm.address).word(vdso);
    return address !== 0n && vma.start === address ? '[vdso]' : undefined;
  }

  private specialName(vma: Vma): string {
    const address = vma.privateData;
    const known = this.specialNames.get(address);
    if (known !== undefined) return known;
    const kernel = this.kernel;
    const holder = { struct: 'vm_special_mapping', address, member: 'name' };
    requirePointer(kernel, address, {
      struct: 'vm_area_struct',
      address: vma.address,
      member: 'vm_private_data',
    });
    const pointer = new StructView(kernel.memory, address).word(
      requireKey(kernel.info, 'vm_special_mapping.name_offset'),
    );
    const name = readKernelString(kernel, pointer, holder);
    if (!/^\[[\x21-\x7e]{1,62}\]$/.test(name))
      throw implausible({ ...holder, received: pointer, expected: 'a name in brackets' });
    this.specialNames.set(address, name);
    return name;
  }

  private boundsOf(mm: Mm): Bounds {
    const { address } = mm;
    if (this.bounds?.address === address) return this.bounds;
    const { brk, startBrk, startStack } = mm;
    const contradiction = { struct: 'mm_struct', address };
    if (brk < startBrk)
      throw implausible({
        ...contradiction,
        member: 'brk',
        received: brk,
        expected: `${formatAddress(startBrk)} or more`,
      });
    // Every program is given a stack, and its arguments on it.
    if (startStack === 0n)
      throw implausible({
        ...contradiction,
        member: 'start_stack',
        received: startStack,
        expected: 'a stack',
      });
    this.bounds = { address, brk, startBrk, startStack };
    return this.bounds;
  }

  /** The name that prctl(PR_SET_VMA_ANON_NAME) gave. Corresponds to `anon_vma_name`. */
  private readAnonName(vma: Vma): string | undefined {
    const kernel = this.kernel;
    const offset = layoutOf(kernel.info).vma.anon_name_offset;
    if (offset === undefined || viewOf(vma).isZero(offset)) return undefined;
    const address = viewOf(vma).word(offset);
    const holder = { struct: 'anon_vma_name', address, member: 'name' };
    requirePointer(kernel, address, { struct: 'vm_area_struct', address: vma.address, member: 'anon_name' });
    const text = address + BigInt(requireKey(kernel.info, 'anon_vma_name.name_offset'));
    const name = readKernelString(kernel, text, holder);
    // Corresponds to `is_valid_name_char`: printable characters, and none that could end the text in brackets.
    if (name.length >= ANON_NAME_LIMIT || !/^[\x20-\x7e]*$/.test(name) || /[\\`$[\]]/.test(name))
      throw implausible({
        ...holder,
        received: text,
        expected: 'a name of less than 80 printable characters',
      });
    return name;
  }
}
