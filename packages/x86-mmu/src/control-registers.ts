import { OsiError, type PhysicalAddress } from '@osi-linux/core';
import { i386WithoutPse, type PagingForm, pagingForms } from './paging-form';

/** The registers that decide how a processor translates addresses; those of a `Cpu` fit. */
export interface ControlRegisters {
  /** CR0; bit 31 turns paging on. */
  readonly cr0: bigint;
  /** CR3; the top table, and PCID bits. */
  readonly cr3: bigint;
  /** CR4; bits 4, 5 and 12 choose the form. */
  readonly cr4: bigint;
  /** IA32_EFER, if the source has it; its bit 10 means long mode. */
  readonly efer?: bigint | undefined;
  /** Whether the processor runs in long mode, where EFER is unknown (from the machine of an ELF core). */
  readonly longMode?: boolean | undefined;
}

/** How a processor translates addresses. */
export interface Paging {
  /** The form of paging. */
  readonly form: PagingForm;
  /** Physical address of the top table, as CR3 has it. */
  readonly root: PhysicalAddress;
  /**
   * Set where bit 12 of CR3 is set, as it is while page-table isolation (PTI) runs user code: the even page before
   * is then the root with the kernel's mappings. Not `certain`: the root may also just lie on an odd page.
   */
  readonly ptiUserRoot?: {
    /** Physical address of the top table with the kernel's mappings. */
    readonly kernelRoot: PhysicalAddress;
    /** Whether the PCID shows it too. */
    readonly certain: boolean;
  };
}

const CR0_PG = 1n << 31n;
const CR4_PSE = 1n << 4n;
const CR4_PAE = 1n << 5n;
const CR4_LA57 = 1n << 12n;
const CR4_PCIDE = 1n << 17n;
const EFER_LMA = 1n << 10n;

// Linux arch/x86/include/asm/processor-flags.h: X86_CR3_PTI_PCID_USER_BIT; the page bit is PAGE_SHIFT.
const PTI_USER_PCID = 1n << 11n;
const PTI_USER_PAGE = 1n << 12n;

/**
 * Reads the form of paging and the top table out of a processor's control registers.
 *
 * Source: Intel SDM vol. 3A 4.1.1 (modes), tables 4-3, 4-7 and 4-12 (CR3). The other bits of CR3 are masked:
 * PCID, PWT and PCD, LAM (bits 61 and 62), no-flush (bit 63).
 *
 * @throws OsiError `PAGING_OFF` where CR0.PG is clear, `PAGING_UNDECIDED` where PAE is on and nothing tells
 * whether the processor is in long mode.
 *
 * @example
 * ```ts
 * const paging = pagingFromRegisters({ cr0: 0x80050033n, cr3: 0x1ffa003n, cr4: 0x1020n, longMode: true });
 * [paging.form.name, paging.root] // => ['5-level', 0x1ffa000]
 * pagingFromRegisters({ cr0: 0x11n, cr3: 0n, cr4: 0n }) // throws PAGING_OFF
 * ```
 */
export function pagingFromRegisters(registers: ControlRegisters): Paging {
  const { cr0, cr3, cr4 } = registers;
  if ((cr0 & CR0_PG) === 0n) {
    throw new OsiError('PAGING_OFF', `paging is off: CR0 is 0x${cr0.toString(16)}`, {
      hint: 'the kernel has not started this processor yet; use the registers of another one',
      fields: { cr0, cr3, cr4 },
    });
  }
  const form = formOf(registers);
  const address = form.virtualBits === 32 ? cr3 & 0xffffffffn : cr3;
  const root = Number(address & form.frameMask) + (form.rootAlignment === 32 ? Number(address & 0xfe0n) : 0);
  // Two levels know no isolation, and the table of a PAE kernel that isolates takes a page of its own.
  if (form.name === 'i386' || root % 4096 !== 0 || (cr3 & PTI_USER_PAGE) === 0n) return { form, root };
  const certain = form.virtualBits > 32 && (cr4 & CR4_PCIDE) !== 0n && (cr3 & PTI_USER_PCID) !== 0n;
  return { form, root, ptiUserRoot: { kernelRoot: root - Number(PTI_USER_PAGE), certain } };
}

function formOf(registers: ControlRegisters): PagingForm {
  const { cr4, efer } = registers;
  if ((cr4 & CR4_PAE) === 0n) return (cr4 & CR4_PSE) === 0n ? i386WithoutPse : pagingForms.i386;
  // PCIDs can only be turned on in long mode (SDM vol. 3A 4.10.1).
  const seen = (cr4 & CR4_PCIDE) !== 0n || undefined;
  const longMode = efer === undefined ? (registers.longMode ?? seen) : (efer & EFER_LMA) !== 0n;
  if (longMode === undefined) {
    throw new OsiError('PAGING_UNDECIDED', `PAE is on (CR4 0x${cr4.toString(16)}), long mode unknown`, {
      hint: 'give EFER, or state whether the guest is 64-bit',
      fields: { ...registers },
    });
  }
  if (!longMode) return pagingForms.pae;
  return pagingForms[(cr4 & CR4_LA57) === 0n ? '4-level' : '5-level'];
}
