// Whose page tables does a CR3 name? Of each processor's, and of one as a trace of writes to CR3 has it.
import { type Guest, openGuestBytes } from '@osi-linux/guest';
import type { ExampleFiles } from '../example-files';

/** What of CR3 is the table's address: without PCID (11..0) and "no flush" (63); PAE's four entries begin at any 32 bytes. */
const TABLE = {
  i386: 0xfffff000n,
  pae: 0xffffffe0n,
  '4-level': 0xffffffffff000n,
  '5-level': 0xffffffffff000n,
};
/** With page-table isolation, which needs PAE or 64 bits, user mode runs on the second of two tables side by side. */
const PTI_USER = 0x1000;
/** "No flush", the table of user mode, and a PCID, as they stand in a trace. */
const TRACED = 0x8000000000001803n;

/** The processes, of which several may share their memory; an empty text where the table is of none. */
function findOwners({ osi, profile }: Guest, cr3: bigint): string {
  const table = Number(cr3 & TABLE[profile.root.form.name]);
  const processes = osi.getProcesses();
  const exact = processes.filter(({ asid }) => asid === table);
  // Without isolation the bit is part of the address, so that the exact answer goes before.
  const kernelHalf = Number(BigInt(table) & ~BigInt(PTI_USER));
  const owners =
    exact.length > 0 || profile.root.form.name === 'i386'
      ? exact
      : processes.filter(({ asid }) => asid === kernelHalf);
  return owners.map(({ pid, name }) => `${pid} ${name}`).join(', ');
}

export function run({ dump, kconf }: ExampleFiles): string[] {
  const guest = openGuestBytes(dump, { kconf });
  const current = guest.linux.getCurrent();
  const lines = guest.dump.cpus.map(({ index, registers }) => {
    const owners = findOwners(guest, registers['cr3'] ?? 0n);
    const running = current.find(({ cpu }) => cpu === index);
    // A kernel thread has no memory of its own and runs on the tables of whatever ran before it.
    if (running?.asid !== null) return `cpu ${index}: ${owners || 'nobody'}`;
    return `cpu ${index}: kernel thread ${running.name}, ${owners ? `borrowed from ${owners}` : "on no process's tables"}`;
  });
  const init = guest.osi.getProcesses().find(({ pid }) => pid === 1);
  return [...lines, `traced: ${findOwners(guest, BigInt(init?.asid ?? 0) | TRACED) || 'nobody'}`];
}
