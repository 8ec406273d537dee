import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { writeElfCore } from '@osi-linux/test-fixtures/dump-writers';
import { codeOf } from '@osi-linux/test-fixtures/expect';
import { QmpServer, type QmpServerScript, TurnedClock } from '@osi-linux/test-fixtures/fake-qemu';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { openLiveGuest, parseGdbAddress, parseLiveSource } from './open-live-guest';

const folder = mkdtempSync(join(tmpdir(), 'osi-linux-live-'));
const core = join(folder, 'core');
writeFileSync(
  core,
  writeElfCore({ machine: 'x86_64', segments: [{ physical: 0, bytes: new Uint8Array(4096) }] }),
);
const tree = [
  'FlatView #0',
  ' AS "memory", root: system',
  '  0000000000000000-000000000009ffff (prio 0, ram): pc.ram',
].join('\r\n');
const answers = { 'human-monitor-command': tree, core };
let servers: QmpServer[] = [];
let next = 0;

afterEach(() => {
  for (const server of servers) server.close();
  servers = [];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function listen(script: QmpServerScript): Promise<{ qmp: string; server: QmpServer }> {
  const qmp = join(folder, `qmp-${next}`);
  next += 1;
  const server = await QmpServer.start(qmp, { ...answers, ...script });
  servers.push(server);
  return { qmp, server };
}

/** Waits as long as it takes; the test's own time ends what never happens. */
async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await sleep(20);
}

describe('openLiveGuest', () => {
  it('reads by pmemsave, and leaves no file behind', async () => {
    const { qmp, server } = await listen({});
    const live = openLiveGuest({ qmp, clock: new TurnedClock() });
    expect([live.machine, live.reading.value]).toEqual(['x86_64', 'read by pmemsave into temporary files']);
    expect(live.memory.ranges).toEqual([{ start: 0, end: 0xa0000 }]);
    expect(live.whileStopped(() => live.memory.page(5)?.bytes[0])).toBe(7);
    live.close();
    const told = server.commands.filter((command) => /^(stop|cont)$/.test(command));
    expect(told).toEqual(['stop', 'cont']);
    expect(server.files.length).toBeGreaterThan(1);
    expect(server.files.map((file) => dirname(file)).filter(existsSync)).toEqual([]);
  });

  it.each([
    ['a monitor in use', { greeting: 'silent' }],
    ['half a greeting', { greeting: '{"QMP": {' }],
    ['half an answer', { 'query-status': 'half' }],
    ['a command without an answer', { 'human-monitor-command': 'silent' }],
  ])('gives up on %s after the time that it was given, neither sooner nor later', async (_, script) => {
    const { qmp, server } = await listen(script);
    const clock = new TurnedClock(() => server.isSilent);
    expect(codeOf(() => openLiveGuest({ qmp, timeoutMs: 400, clock }))).toBe('LIVE_NO_ANSWER');
    expect(clock.now()).toBe(400);
  });

  it.each([
    ['another protocol', { greeting: 'SSH-2.0-OpenSSH_9.2\r\n' }, 'LIVE_PROTOCOL'],
    ['a socket that is cut', { qmp_capabilities: 'cut' }, 'LIVE_CONNECTION_LOST'],
    ['a QEMU that ends', { 'human-monitor-command': 'die' }, 'LIVE_CONNECTION_LOST'],
    ['a QEMU that ends while it writes', { pmemsave: 'die' }, 'LIVE_CONNECTION_LOST'],
    ['a machine without RAM', { 'human-monitor-command': 'unknown command' }, 'LIVE_PROTOCOL'],
  ])('refuses %s without waiting for more', async (_, script, code) => {
    const { qmp } = await listen(script);
    const clock = new TurnedClock();
    expect(codeOf(() => openLiveGuest({ qmp, timeoutMs: 400, clock }))).toBe(code);
    expect(clock.now()).toBe(0);
  });

  it('refuses a socket that nobody listens at', () => {
    const clock = new TurnedClock();
    const gdb = { host: '127.0.0.1', port: 1 };
    expect(codeOf(() => openLiveGuest({ qmp: core, clock }))).toBe('LIVE_CONNECT_FAILED');
    expect(codeOf(() => openLiveGuest({ gdb, clock }))).toBe('LIVE_CONNECT_FAILED');
  });

  it('has the guest continued where QEMU stops to answer while it stands', async () => {
    const { qmp, server } = await listen({ stop: 'silent' });
    const clock = new TurnedClock(() => server.isSilent);
    const live = openLiveGuest({ qmp, timeoutMs: 500, clock });
    expect(codeOf(() => live.stop())).toBe('LIVE_NO_ANSWER');
    expect(server.commands.at(-1)).toBe('stop');
    live.close();
    await until(() => server.commands.at(-1) === 'cont');
  });

  it('has the guest continued, and files removed, where this process is killed', async () => {
    const { qmp, server } = await listen({});
    const program = join(folder, 'killed.mts');
    const index = fileURLToPath(new URL('./index.ts', import.meta.url));
    writeFileSync(
      program,
      `import { openLiveGuest } from ${JSON.stringify(index)};
       const live = openLiveGuest({ qmp: ${JSON.stringify(qmp)}, timeoutMs: 600_000 });
       live.stop();
       process.kill(process.pid, 'SIGKILL');`,
    );
    const loader = import.meta.resolve('tsx');
    const child = spawn(process.execPath, ['--import', loader, '--conditions=@osi-linux/source', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const signal = await new Promise((resolve) => child.once('close', (_, by) => resolve(by)));
    expect(signal).toBe('SIGKILL');
    await until(() => server.commands.at(-1) === 'cont');
    expect(server.commands.filter((command) => command === 'stop')).toHaveLength(1);
    expect(server.files.map((file) => dirname(file)).filter(existsSync)).toEqual([]);
  });
});

describe('the names of live guests', () => {
  it.each([
    ['qmp:/run/a:b', { qmp: '/run/a:b' }],
    ['gdb:1234', { gdb: { host: '127.0.0.1', port: 1234 } }],
    ['gdb:guests.example:1234', { gdb: { host: 'guests.example', port: 1234 } }],
    ['gdb:[::1]:1234', { gdb: { host: '::1', port: 1234 } }],
    ['http://host/dump', undefined],
    ['/dumps/qmp:1', undefined],
  ])('are read: %s', (source, expected) => {
    expect(parseLiveSource(source)).toEqual(expected);
  });

  it.each([
    'qmp:',
    'gdb:',
    'gdb:host',
    'gdb:host:0',
    'gdb:host:65536',
    'gdb:::1:1234',
    'gdb:a b:1',
    'gdb:/sock',
  ])('are refused: %s', (source) => {
    expect(codeOf(() => parseLiveSource(source))).toBe('LIVE_SOURCE_INVALID');
    if (source.startsWith('gdb:'))
      expect(codeOf(() => parseGdbAddress(source.slice(4)))).toBe('LIVE_SOURCE_INVALID');
  });
});
