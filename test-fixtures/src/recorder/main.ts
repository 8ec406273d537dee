// pnpm record:guest GUEST KCONF_FILE TARGET
import { recordGuest } from './recorder';

const [guest, kconfFile, target] = process.argv.slice(2);
if (guest === undefined || kconfFile === undefined || target === undefined) {
  console.error('usage: pnpm record:guest GUEST_FOLDER KERNELINFO_CONF TARGET_FOLDER');
  process.exitCode = 2;
} else {
  recordGuest({ guest, kconfFile, target });
  console.log(`recorded ${guest} in ${target}`);
}
