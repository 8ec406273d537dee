import type { ByteSource } from '../../sources/byte-source';
import { readAt } from '../../sources/read-at';

/** A format that is recognised so that it can be named, but not read. */
export interface UnsupportedFormat {
  /** Its name, to be put after "is". */
  readonly name: string;
  /** The bytes that identify it, one character a byte. */
  readonly magic: string;
  /** Where they are; 0 unless given. */
  readonly at?: number;
  /** The next step. */
  readonly remedy: string;
}

const LINUX_AGAIN = 'take an ELF core file or a raw copy of memory instead';
const decompress = (tool: string): string => `decompress it first: ${tool}`;
const SADUMP = 'convert it first: makedumpfile -d 0 -x VMLINUX FILE OUT';
const KERNEL_IMAGE =
  'give a dump of memory; to make a section from a kernel file, run osi-linux kconf derive FILE --group NAME';
const DISK = 'this is a disk, not memory: dump the memory of the running guest';
const EWF = 'export the memory in it first: ewfexport -f raw -t OUT FILE';
const HPAK = 'extract the memory in it first: volatility hpakextract -f FILE (Volatility 2)';
const HYPER_V =
  'convert it to a raw copy of memory first, or dump the memory inside the guest with AVML or LiME';
const XEN = 'dump the memory inside the guest with AVML or LiME';
const WINDOWS = 'only Linux guests are supported';

const FORMATS: readonly UnsupportedFormat[] = [
  { name: 'a diskdump file', magic: 'DISKDUMP', remedy: LINUX_AGAIN },
  // crash lkcd_common.h: LKCD_DUMP_MAGIC_NUMBER and LKCD_DUMP_MAGIC_LIVE.
  { name: 'an LKCD dump', magic: '\xed\x23\x8f\x61\x73\x01\x19\xa8', remedy: LINUX_AGAIN },
  { name: 'an LKCD dump', magic: '\xcd\x23\x8f\x61\x73\x01\x19\xa8', remedy: LINUX_AGAIN },
  // makedumpfile sadump_mod.h, SADUMP_SIGNATURE1 and 2; a backup has it behind the header of the medium.
  { name: 'a sadump file', magic: 'sadump\0\0', remedy: SADUMP },
  { name: 'a sadump file', magic: 'sadump\0\0', at: 4096, remedy: SADUMP },
  // Linux Documentation/arch/x86/boot.rst, the header of the boot protocol.
  { name: 'a kernel image', magic: 'HdrS', at: 514, remedy: KERNEL_IMAGE },
  {
    name: 'a VirtualBox saved state',
    magic: '\x7fVirtualBox SavedState',
    remedy: 'use VBoxManage debugvm dumpvmcore',
  },
  // include/linux/swap.h and kernel/power/swap.c; the signature ends the first page of the swap device.
  { name: 'a Linux hibernation image', magic: 'S1SUSPEND\0', at: 4086, remedy: LINUX_AGAIN },
  { name: 'a Linux hibernation image', magic: 'ULSUSPEND\0', at: 4086, remedy: LINUX_AGAIN },
  { name: 'a Linux hibernation image', magic: 'LINHIB0001', at: 4086, remedy: LINUX_AGAIN },
  { name: 'a Linux swap area', magic: 'SWAPSPACE2', at: 4086, remedy: LINUX_AGAIN },
  { name: 'a qcow2 disk image', magic: 'QFI\xfb', remedy: DISK },
  { name: 'a VMware disk image', magic: 'KDMV', remedy: DISK },
  { name: 'a VMware disk image', magic: 'COWD', remedy: DISK },
  { name: 'a VMware disk descriptor', magic: '# Disk DescriptorFile', remedy: DISK },
  { name: 'a VirtualBox disk image', magic: '\x7f\x10\xda\xbe', at: 64, remedy: DISK },
  { name: 'a Hyper-V disk image', magic: 'vhdxfile', remedy: DISK },
  { name: 'a Hyper-V disk image', magic: 'conectix', remedy: DISK },
  { name: 'a disk image', magic: 'EFI PART', at: 512, remedy: DISK },
  { name: 'a Hyper-V saved state', magic: '\x14\x20\x28\x01', remedy: HYPER_V },
  { name: 'a Xen save file', magic: 'Xen saved domain, xl format\n', remedy: XEN },
  { name: 'a Xen save file', magic: 'LibxlFmt', remedy: XEN },
  { name: 'a Xen save file', magic: '\xff\xff\xff\xff\xff\xff\xff\xffXENF', remedy: XEN },
  { name: 'a Xen save file', magic: 'libvirt-xml\n \0 \r', remedy: XEN },
  { name: 'a Xen core', magic: '\xed\xeb\x0f\xf0', remedy: XEN },
  { name: 'a Xen core', magic: '\xee\xeb\x0f\xf0', remedy: XEN },
  { name: 'a Windows crash dump', magic: 'PAGEDU64', remedy: WINDOWS },
  { name: 'a Windows crash dump', magic: 'PAGEDUMP', remedy: WINDOWS },
  { name: 'a Windows minidump', magic: 'MDMP', remedy: WINDOWS },
  { name: 'a Windows hibernation file', magic: 'hibr', remedy: WINDOWS },
  { name: 'a Windows hibernation file', magic: 'HIBR', remedy: WINDOWS },
  { name: 'gzip-compressed', magic: '\x1f\x8b\x08', remedy: decompress('gunzip FILE') },
  { name: 'zstd-compressed', magic: '\x28\xb5\x2f\xfd', remedy: decompress('unzstd FILE') },
  { name: 'xz-compressed', magic: '\xfd7zXZ\0', remedy: decompress('unxz FILE') },
  { name: 'bzip2-compressed', magic: 'BZh', remedy: decompress('bunzip2 FILE') },
  { name: 'lz4-compressed', magic: '\x04\x22\x4d\x18', remedy: decompress('unlz4 FILE') },
  { name: 'a zip archive', magic: 'PK\x03\x04', remedy: decompress('unzip FILE') },
  { name: 'a RAR archive', magic: 'Rar!\x1a\x07', remedy: decompress('unrar x FILE') },
  { name: 'lzip-compressed', magic: 'LZIP', remedy: decompress('lzip -d FILE') },
  { name: 'lzop-compressed', magic: '\x89LZO\0\r\n\x1a\n', remedy: decompress('lzop -d FILE') },
  { name: 'lz4-compressed', magic: '\x02\x21\x4c\x18', remedy: decompress('unlz4 FILE') },
  { name: 'an EWF (E01) image', magic: 'EVF\t\r\n\xff\0', remedy: EWF },
  { name: 'an EWF (Ex01) image', magic: 'EVF2\r\n\x81\0', remedy: EWF },
  { name: 'an AFF image', magic: 'AFF10\r\n\0', remedy: 'export the memory in it first: affconvert -r FILE' },
  { name: 'an HPAK file', magic: 'HPAK', remedy: HPAK },
  { name: 'a 7-Zip archive', magic: '7z\xbc\xaf\x27\x1c', remedy: decompress('7z x FILE') },
];

const HEAD_BYTES = 4096 + 8;

const ZDMP = { name: 'a compressed Windows crash dump (zdmp)', magic: '', remedy: WINDOWS };

/** The known format that a source is in though it cannot be read, or `undefined`. */
export function findUnsupported(source: ByteSource): UnsupportedFormat | undefined {
  const head = readAt(source, 0, HEAD_BYTES);
  // DumpIt's compressed form has no published signature.
  if (/\.zdmp$/i.test(source.name)) return ZDMP;
  return FORMATS.find(({ magic, at = 0 }) => {
    if (at + magic.length > head.length) return false;
    for (let index = 0; index < magic.length; index += 1) {
      if (head[at + index] !== magic.charCodeAt(index)) return false;
    }
    return true;
  });
}
