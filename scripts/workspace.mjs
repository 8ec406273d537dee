// What the root commands share: Node and npm are all that a fresh clone has.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** No banners and no reports to makers of tools. */
const QUIET = {
  DO_NOT_TRACK: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  TURBO_PRINT_VERSION_DISABLED: '1',
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_TELEMETRY_MESSAGE_DISABLED: '1',
};

/** Plain text where the output is read by a program, or kept. */
const PLAIN = { FORCE_COLOR: '0', NO_COLOR: '1', TURBO_LOG_ORDER: 'grouped', npm_config_color: 'false' };

/** The environment of what is run here. */
export const environment = { ...process.env, ...QUIET, ...(process.stdout.isTTY ? {} : PLAIN) };

/** Runs a command in the repository, shown before it runs; exits with its code where it fails. */
export function run(command, args, options = {}) {
  const status = tryRun(command, args, options);
  if (status !== 0) process.exit(status);
}

/** Runs a command in the repository and returns its exit code. */
export function tryRun(command, args, options = {}) {
  console.log(`\n$ ${[command, ...args].join(' ')}`);
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    ...options,
    env: { ...environment, ...options.env },
  });
  if (error) console.error(`cannot run ${command}: ${error.message}`);
  return status ?? 1;
}

/** The arguments with which npx runs the pinned pnpm, downloading it where needed. */
export function pnpmCommand(...args) {
  return ['npx', ['-y', packageManager, ...args]];
}

/** Installs what the lock file names, unless that has been done already. */
export function install() {
  const lock = join(root, 'pnpm-lock.yaml');
  const installed = join(root, 'node_modules', '.modules.yaml');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  run(...pnpmCommand('install', '--frozen-lockfile'));
}
