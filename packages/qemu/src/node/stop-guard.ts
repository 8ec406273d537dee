import { spawn } from 'node:child_process';
import type { StopGuard } from '../live-guest';
import type { SocketTarget } from './socket-channel';

/** How a guest is reached when the process that stopped it is gone. */
export interface GuardTargets {
  readonly qmp?: SocketTarget | undefined;
  readonly gdb?: SocketTarget | undefined;
}

/** A guard that also removes temporary files. */
export interface FolderGuard extends StopGuard {
  /** Removes a folder at the end, where it is still there. */
  removeLater(folder: string): void;
}

// Reads on standard input, a line of JSON each, whether the guest is to be continued; the end of the input is the end of its parent. Then
// QEMU takes another client, after a moment.
const PROGRAM = `
const net = require('node:net');
const { qmp, gdb } = JSON.parse(process.argv[1]);
const packet = (text) =>
  '$' + text + '#' + [...text].reduce((sum, c) => (sum + c.charCodeAt(0)) & 255, 0).toString(16).padStart(2, '0');
const QMP = ['qmp_capabilities', 'cont'].map((execute, id) => JSON.stringify({ execute, id }) + '\\n').join('');
const GDB = '+' + packet('Qqemu.PhyMemMode:0') + '+' + packet('D');
let armed = false;
const end = Date.now() + 30000;
function say(target, greeting, text, done, then) {
  if (target === undefined) return then();
  const socket = net.createConnection(target);
  let heard = '';
  let said = greeting === '';
  const again = setTimeout(() => socket.destroy(), 2000);
  const send = () => { said = true; socket.write(text); };
  socket.on('connect', () => said && socket.write(text));
  socket.on('data', (data) => {
    heard += data.toString('latin1');
    if (!said && heard.includes(greeting)) send();
    if (done(heard)) socket.end();
    else if (heard.length > 1e6) socket.destroy();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    clearTimeout(again);
    if (done(heard) || Date.now() > end) then();
    else setTimeout(() => say(target, greeting, text, done, then), 50);
  });
}
let text = '';
const folders = [];
process.stdin.on('data', (data) => {
  const lines = (text + data).split('\\n');
  text = lines.pop();
  for (const line of lines) {
    const told = JSON.parse(line);
    if (told.folder === undefined) armed = told.armed;
    else folders.push(told.folder);
  }
});
process.stdin.on('error', () => {});
process.stdin.on('close', () => {
  for (const folder of folders) require('node:fs').rmSync(folder, { recursive: true, force: true });
  if (!armed) return;
  say(gdb, '', GDB, (heard) => heard.split('$OK#').length > 2, () =>
    say(qmp, '"QMP"', QMP, (heard) => heard.includes('"id": 1'), () => process.exit(0)));
});
`;

/**
 * Starts a small process of its own that outlives this one, even where it is killed: it continues the guest that stands
 * because of us, and removes temporary files.
 *
 * @example
 * ```ts
 * const guard = startStopGuard({ qmp: { path: '/no/such/socket' } });
 * guard.release();
 * ```
 */
export function startStopGuard(targets: GuardTargets): FolderGuard {
  const child = spawn(process.execPath, ['-e', PROGRAM, JSON.stringify(targets)], {
    // In a session of its own, where neither Ctrl-C nor the end of the terminal reaches it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    env: {},
  });
  // Without it a guest that was stopped is still continued by the code that stopped it.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  (child.stdin as unknown as { unref?: () => void }).unref?.();
  const tell = (what: object) => void child.stdin.write(`${JSON.stringify(what)}\n`);
  return {
    arm: () => tell({ armed: true }),
    disarm: () => tell({ armed: false }),
    removeLater: (folder) => tell({ folder }),
    release: () => child.stdin.destroy(),
  };
}
