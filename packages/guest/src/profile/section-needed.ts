import type { VirtualAddress } from '@osi-linux/core';
import type { Finding } from '@osi-linux/memory';
import { findInitTaskByShape } from '@osi-linux/symbols';
import { imageFinding, rootFinding, shiftFinding } from '../kernel/location-findings';
import type { KernelSearch } from '../kernel/search';
import { rootOf } from './roots';

/** `init_task` of a kernel that no section is there for. */
export interface PidZero {
  readonly address: VirtualAddress;
  /** The evidence. */
  readonly evidence: string;
}

/** Where pid 0 of the kernel in a dump is: by the kernel's symbols, else by the shape of its structure. */
export function findPidZero({ kernel, dump }: KernelSearch): PidZero | undefined {
  if (kernel === undefined) return undefined;
  const symbol = kernel.symbols?.lookup(['init_task']).get('init_task');
  if (symbol !== undefined) return { address: symbol, evidence: 'from its own symbols' };
  return findInitTaskByShape(dump.memory, kernel.location);
}

/**
 * The `name` that a fitting section has, `RELEASE|VERSION|MACHINE`, as far as the banner and page tables show
 * it.
 */
export function neededName({ banner, kernel, dump }: KernelSearch): string | undefined {
  const release = /^Linux version (\S+)/.exec(banner?.text ?? '')?.[1];
  const version = versionOf(banner?.text ?? '');
  const machine = kernel?.location.form.architecture.name ?? dump.machine?.replace('i386', 'i686');
  if (release === undefined || version === undefined || machine === undefined) return undefined;
  return `${release}|${version}|${machine}`;
}

/** Bytes of a name of `uname`: `__NEW_UTS_LEN`, include/uapi/linux/utsname.h. */
const UTS_LEN = 64;

/**
 * The version at the end of a banner: `#46-Ubuntu SMP Fri Jul 10 00:24:02 UTC 2020`. Ubuntu's banner goes on with a text in
 * brackets that is not part of it; Debian's date in brackets is.
 */
function versionOf(banner: string): string | undefined {
  const version = / (#[0-9][^#]*)$/.exec(banner)?.[1];
  return version?.replace(/ \((?!\d{4}-\d\d-\d\d\))[^()]*\)$/, '').slice(0, UTS_LEN);
}

/** The known facts about a kernel without a profile, and the section that it needs. */
export function sectionFindings(search: KernelSearch): Finding[] {
  const { kernel } = search;
  const findings: Finding[] = [];
  if (kernel !== undefined) {
    const { location, symbols } = kernel;
    findings.push(rootFinding(rootOf(kernel)), imageFinding(location), shiftFinding(location));
    findings.push(...(symbols?.evidence ?? []));
  }
  const init = findPidZero(search);
  if (init !== undefined)
    findings.push({ what: 'init_task', value: { virtual: init.address }, evidence: init.evidence });
  const name = neededName(search);
  if (name === undefined) return findings;
  const evidence = `the name of the section that is needed; docs/adding-a-kernel.md describes how to make one`;
  return [...findings, { what: 'section-needed', title: 'section needed', value: name, evidence }];
}
