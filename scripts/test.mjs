// npm test: everything that needs neither root nor QEMU, from a fresh clone.
import { install, pnpmCommand, run } from './workspace.mjs';

install();
run(...pnpmCommand('run', 'check'));
console.log('\nall checks passed; npm run test:guests boots real guests (Debian, root)');
