// A package whose source changed since the main branch needs a changeset.
import { spawnSync } from 'node:child_process';
import { root, run } from './workspace.mjs';

const base = process.env.BASE_REF ?? 'origin/main';
const known = spawnSync('git', ['rev-parse', '--verify', '--quiet', `${base}^{commit}`], { cwd: root });
if (known.status === 0) run('pnpm', ['exec', 'changeset', 'status', `--since=${base}`]);
else console.log(`no ${base} to compare with: no changeset is asked for`);
