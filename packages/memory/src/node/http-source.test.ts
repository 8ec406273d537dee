import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { writeElfCore } from '@osi-linux/test-fixtures/dump-writers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDump } from '../formats/formats';
import { openHttpSource } from './http-source';
import { unpackSource } from './unpacked-source';

const BLOCK = 256 * 1024;
const code = (name: string): unknown => expect.objectContaining({ code: name });

// The server runs in a thread of its own: this one sleeps while it waits for an answer.
const SERVER = `
const { parentPort, workerData } = require('node:worker_threads');
const { createServer } = require('node:http');
const { gzipSync } = require('node:zlib');
const pattern = Buffer.from(Uint8Array.from({ length: 20 * ${BLOCK} + 5 }, (_, at) => (at >> 8) ^ at));
const packed = gzipSync(workerData);
let log = [];
let fetched = 0;
const files = { '/pattern': pattern, '/core.elf.gz': packed, '/a folder/one.vmem': pattern, '/a folder/one.vmss': packed };
function part(request, response, bytes, headers = {}) {
  const [, first, last] = /^bytes=(\\d+)-(\\d+)$/.exec(request.headers.range).map(Number);
  const body = bytes.subarray(first, last + 1);
  const range = 'bytes ' + first + '-' + (first + body.length - 1) + '/' + bytes.length;
  response.writeHead(206, { 'Content-Range': range, ETag: '"one"', ...headers }).end(body);
}
const answers = {
  '/whole': (request, response) => response.end(pattern),
  '/empty': (request, response) => response.writeHead(416, { 'Content-Range': 'bytes */0' }).end(),
  '/private': (request, response) => {
    if (request.headers.authorization === 'Basic ' + btoa('me:secret')) part(request, response, pattern);
    else response.writeHead(401).end();
  },
  '/broken': (request, response) => response.writeHead(500).end('sorry'),
  '/moved': (request, response) => response.writeHead(302, { Location: 'pattern' }).end(),
  '/ring': (request, response) => response.writeHead(307, { Location: '/ring' }).end(),
  '/away': (request, response) => response.writeHead(301, { Location: 'file:///etc/passwd' }).end(),
  '/silent': () => {},
  '/slow': (request, response) => {
    response.writeHead(206, { 'Content-Range': 'bytes 0-9/10' });
    setInterval(() => response.write('x'), 100).unref();
  },
  '/continuing': (request, response) => setInterval(() => response.writeContinue(), 20).unref(),
  '/turning': (request, response) => setTimeout(() => response.writeHead(307, { Location: '/turning' }).end(), 300),
  '/more': (request, response) => {
    response.writeHead(206, { 'Content-Range': 'bytes 0-9/10' });
    const fill = () => { while (response.write(pattern)); };
    response.on('drain', fill);
    fill();
  },
  '/cut': (request, response) => {
    response.writeHead(206, { 'Content-Range': 'bytes 0-9/10', 'Content-Length': 10 });
    response.write('abc', () => response.destroy());
  },
  '/short': (request, response) => response.writeHead(206, { 'Content-Range': 'bytes 0-9/10' }).end('abc'),
  '/shifted': (request, response) => response.writeHead(206, { 'Content-Range': 'bytes 1-10/11' }).end('abcdefghij'),
  '/sizeless': (request, response) => response.writeHead(206, { 'Content-Range': 'bytes 0-2/*' }).end('abc'),
  '/encoded': (request, response) => part(request, response, packed, { 'Content-Encoding': 'gzip' }),
  '/changing': (request, response) => {
    fetched += 1;
    part(request, response, pattern, { ETag: fetched === 1 ? '"one"' : '"two"' });
  },
  '/leaving': (request, response) => {
    if (request.headers.range.startsWith('bytes=0-')) part(request, response, pattern);
    else request.socket.destroy();
  },
  // The server ends a connection that has been idle, unseen by a thread that sleeps: the next one is a new one.
  '/log': (request, response) => {
    response.writeHead(200, { Connection: 'close' }).end(JSON.stringify(log));
    log = [];
  },
};
createServer((request, response) => {
  if (request.url !== '/log') log.push(request.headers.range);
  const file = files[decodeURI(request.url)];
  if (file !== undefined) return part(request, response, file);
  const answer = answers[request.url];
  if (answer !== undefined) return answer(request, response);
  response.writeHead(404).end('no such thing');
}).listen(0, '127.0.0.1', function () { parentPort.postMessage(this.address().port); });
`;

const core = writeElfCore({
  machine: 'x86_64',
  segments: [{ physical: 0, bytes: new Uint8Array(8192).fill(7) }],
});
const patternAt = (at: number): number => ((at >> 8) ^ at) & 0xff;
let server: Worker;
let base = '';

beforeAll(async () => {
  server = new Worker(SERVER, { eval: true, workerData: core });
  const [port] = (await once(server, 'message')) as [number];
  base = `http://127.0.0.1:${port}`;
});
afterAll(() => server.terminate());

async function ranges(): Promise<string[]> {
  return (await (await fetch(`${base}/log`)).json()) as string[];
}

describe('openHttpSource', () => {
  it('reads at any position, across blocks, fewer bytes at the end', () => {
    const source = openHttpSource(`${base}/pattern`);
    const into = new Uint8Array(8);
    for (const at of [0, 3, BLOCK - 4, 7 * BLOCK + 1, 20 * BLOCK - 3]) {
      expect(source.read(at, into)).toBe(8);
      expect([...into]).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((index) => patternAt(at + index)));
    }
    expect([source.name, source.size]).toEqual([`${base}/pattern`, 20 * BLOCK + 5]);
    expect([source.read(source.size - 3, into), source.read(source.size, into)]).toEqual([3, 0]);
    expect([source.read(2 ** 50, into), source.read(0, new Uint8Array(0))]).toEqual([0, 0]);
    source.close();
    source.close();
    expect(() => source.read(0, into)).toThrow(code('SOURCE_CLOSED'));
  });

  it('asks for what is read, once, and for more where it goes on', async () => {
    await ranges();
    const source = openHttpSource(`${base}/pattern`);
    const all = new Uint8Array(source.size);
    source.read(10 * BLOCK, all.subarray(0, 100));
    source.read(10 * BLOCK + 100, all.subarray(0, 100));
    expect(await ranges()).toEqual([`bytes=0-${BLOCK - 1}`, `bytes=${10 * BLOCK}-${11 * BLOCK - 1}`]);
    source.read(11 * BLOCK, all.subarray(0, 9 * BLOCK));
    expect(await ranges()).toEqual(
      [
        [11, 13],
        [13, 17],
        [17, 20.1],
      ].map(([first = 0, end = 0]) => {
        return `bytes=${first * BLOCK}-${Math.min(end * BLOCK, source.size) - 1}`;
      }),
    );
    expect(source.read(0, all)).toBe(source.size);
    expect(all.findIndex((byte, at) => byte !== patternAt(at))).toBe(-1);
    source.close();
  });

  it.each([
    ['/none', 'SOURCE_MISSING'],
    ['/private', 'SOURCE_UNREADABLE'],
    ['/empty', 'SOURCE_EMPTY'],
    ['/whole', 'SOURCE_NO_RANGES'],
    ['/sizeless', 'SOURCE_NO_RANGES'],
    ['/encoded', 'SOURCE_NO_RANGES'],
    ['/broken', 'SOURCE_READ_FAILED'],
    ['/short', 'SOURCE_READ_FAILED'],
    ['/shifted', 'SOURCE_READ_FAILED'],
    ['/more', 'SOURCE_UNREACHABLE'],
    ['/cut', 'SOURCE_UNREACHABLE'],
    ['/ring', 'SOURCE_UNREACHABLE'],
    ['/away', 'SOURCE_UNREACHABLE'],
  ])('refuses the answer to %s with %s', (path, expected) => {
    expect(() => openHttpSource(base + path)).toThrow(code(expected));
  });

  // Neither ever sends all that was asked for: that it comes to an end at all is the deadline's doing.
  it.each([
    ['that answers nothing', '/silent'],
    ['whose answer does not end', '/slow'],
    ['that asks to continue without an end', '/continuing'],
    ['that redirects slowly', '/turning'],
  ])('gives up after the deadline on a server %s', (_, path) => {
    expect(() => openHttpSource(base + path, { timeout: 500 })).toThrow(
      `${base}${path} cannot be reached: no answer within 500 ms`,
    );
  });

  it('follows a redirection, and keeps a password to itself', () => {
    const source = openHttpSource(`${base}/moved`);
    expect(source.size).toBe(20 * BLOCK + 5);
    source.close();
    const secret = openHttpSource(`${base.replace('//', '//me:secret@')}/private`);
    expect([secret.name, secret.size]).toEqual([`${base}/private`, 20 * BLOCK + 5]);
    secret.close();
  });

  it('tells that the file was changed, and gives nothing more of it', async () => {
    await ranges();
    const source = openHttpSource(`${base}/changing`);
    const into = new Uint8Array(4);
    for (const at of [5 * BLOCK, 6 * BLOCK])
      expect(() => source.read(at, into)).toThrow(code('SOURCE_CHANGED'));
    expect(source.read(8, into)).toBe(4);
    expect(await ranges()).toHaveLength(2);
    source.close();
  });

  it('asks a server no more that has gone', async () => {
    await ranges();
    const source = openHttpSource(`${base}/leaving`);
    const into = new Uint8Array(4);
    for (const at of [5 * BLOCK, 6 * BLOCK])
      expect(() => source.read(at, into)).toThrow(code('SOURCE_UNREACHABLE'));
    expect((await ranges()).length).toBeLessThanOrEqual(3);
    source.close();
  });

  it('opens files beside it', () => {
    const source = openHttpSource(`${base}/a%20folder/one.vmem`);
    const other = source.beside?.('one.vmss');
    expect(other?.name).toBe(`${base}/a%20folder/one.vmss`);
    other?.close();
    for (const name of ['', '.', '..', '../pattern', 'x/y', 'two.vmss'])
      expect(source.beside?.(name)).toBeUndefined();
    source.close();
  });

  it('is a source of compressed dumps too', () => {
    const { source, findings } = unpackSource(openHttpSource(`${base}/core.elf.gz`));
    const dump = openDump(source);
    expect([dump.format, dump.memory.page(1)?.bytes[9], findings.map(({ what }) => what)]).toEqual([
      'elf',
      7,
      ['unpacked'],
    ]);
    dump.close();
  });
});
