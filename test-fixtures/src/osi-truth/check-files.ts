import { expectFiles } from '../truth/compare/compare-files';
import { lastComponent } from '../truth/internal/deleted-name';
import { isExpected } from '../truth/internal/difference';
import { textOf } from '../truth/internal/guest-text';
import { isLeftOut } from '../truth/known-differences';
import type { CallLog } from './call-log';
import type { ProcessTruth } from './process-truth';
import { directPhysical, type StoppedGuest, sectionNumber } from './stopped-guest';

/** No name is longer (NAME_MAX). */
const NAME_BYTES = 256;

/** The calls about the open files of one process. */
export function checkFiles(guest: StoppedGuest, process: ProcessTruth, log: CallLog): void {
  const { linux, truth } = guest;
  const { pid, handle } = process;
  const { tree } = truth;
  const name = truth.processes.find((found) => found.pid === pid)?.comm;
  if (tree === undefined || name === undefined || isLeftOut('files', textOf(name))) return;
  const files = expectFiles(tree, `/proc/${pid}`);
  for (const { fd, filename, pos, flags } of files) {
    const about = `pid ${pid}: fd ${String(fd)}`;
    log.compare('fdToFilename', about, filename, () => {
      const found = linux.fdToFilename(handle, Number(fd));
      return isExpected(filename, found) ? filename : found;
    });
    if (pos === undefined) continue;
    log.compare('fdToPos', about, BigInt(pos as number | string), () => linux.fdToPos(handle, Number(fd)));
    const said = { pos: BigInt(pos as number | string), flags: withoutCloexec(BigInt(String(flags))) };
    checkStructs(guest, process, { fd: Number(fd), said, filename }, log);
  }
  const last = Math.max(-1, ...files.map(({ fd }) => Number(fd)));
  for (const fd of [last + 1, -1, 2 ** 31]) {
    const about = `pid ${pid}: no fd ${fd}`;
    log.compare('fdToFilename', about, undefined, () => linux.fdToFilename(handle, fd));
    log.compare('fdToPos', about, undefined, () => linux.fdToPos(handle, fd));
    log.compare('extGetFileStructPtr', about, undefined, () => linux.extGetFileStructPtr(handle, fd));
  }
}

/** The `struct file` has its position and flags where the kernel keeps them, and a dentry of the right name. */
function checkStructs(
  guest: StoppedGuest,
  { pid, handle }: ProcessTruth,
  file: { readonly fd: number; readonly said: object; readonly filename: unknown },
  log: CallLog,
): void {
  const { linux, bytes } = guest;
  const about = `pid ${pid}: fd ${file.fd}`;
  const at = (address: bigint, key: string) => directPhysical(guest, address + sectionNumber(guest, key));
  let found: bigint | undefined;
  log.compare('extGetFileStructPtr', about, file.said, () => {
    found = linux.extGetFileStructPtr(handle, file.fd);
    if (found === undefined) return undefined;
    const pos = bytes.read(at(found, 'fs.f_pos_offset'), 8)?.readBigInt64LE();
    const flags = bytes.read(at(found, 'fs.f_flags_offset'), 4)?.readUInt32LE() ?? 0;
    return { pos, flags: withoutCloexec(BigInt(flags)) };
  });
  const struct = found;
  if (struct === undefined) return;
  const dentry = bytes.word(at(struct, 'fs.f_path_dentry_offset'));
  log.compare('extGetFileDentry', about, dentry, () => linux.extGetFileDentry(struct));
  // The names of deleted files are checked elsewhere; that of a dma-buf is made up for the link.
  const named = typeof file.filename === 'string' && /^\/(?!dmabuf:).*[^)/]$/s.test(file.filename);
  if (!named) return;
  log.compare('extGetFileDentry', `${about}: name`, lastComponent(String(file.filename)), () => {
    const text = dentryName(guest, linux.extGetFileDentry(struct));
    // The root of a mount is called so in its file system, whatever it is mounted on.
    return text === '/' ? lastComponent(String(file.filename)) : text;
  });
}

/** `O_CLOEXEC` is the descriptor's, and shown among the flags of the file. */
function withoutCloexec(flags: bigint): bigint {
  return flags & ~0x80000n;
}

/** The name in a dentry, read where the kernel's own offsets say. */
function dentryName(guest: StoppedGuest, dentry: bigint): string | undefined {
  const pointer =
    dentry + sectionNumber(guest, 'path.d_name_offset') + sectionNumber(guest, 'qstr.name_offset');
  const name = guest.bytes.word(directPhysical(guest, pointer));
  const text = name === undefined ? undefined : guest.bytes.read(directPhysical(guest, name), NAME_BYTES);
  return text && textOf(text.subarray(0, text.indexOf(0)));
}
