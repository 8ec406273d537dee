import { OsiError } from '@osi-linux/core';
import type { ByteSource } from '../sources/byte-source';
import { type HttpAnswer, HttpClient } from './internal/http-client';

/** How to read from a server. */
export interface HttpSourceOptions {
  /** How long to wait for an answer, and for every 256 KiB of it, in milliseconds; 10,000 unless given. */
  readonly timeout?: number | undefined;
}

const DEFAULT_TIMEOUT = 10_000;
// For `ps` on a guest of 256 MiB: 88 requests for 30 MB. With 64 KiB it is 226 for 18 MB, with 1 MiB 40 for 44 MB.
const BLOCK = 256 * 1024;
// Blocks that one request asks for, where they are read one after another: 4 MiB.
const MOST_AHEAD = 16;
// 64 MiB.
const MOST_BLOCKS = 256;

/**
 * Opens a file behind an `http:` or `https:` address. Only the ranges that are read are fetched (RFC 9110, 14), in
 * blocks of 256 KiB, and more at a time where they follow each other; the last 64 MiB are kept.
 *
 * A thread of its own fetches them while this one waits; it does not keep the process alive. Once the server fails
 * or has another file, every read of bytes that are not kept throws that error.
 *
 * @throws OsiError `SOURCE_UNREACHABLE`, `SOURCE_MISSING`, `SOURCE_UNREADABLE`, `SOURCE_EMPTY`, `SOURCE_NO_RANGES` for
 * a server that gives whole files only, `SOURCE_READ_FAILED` for one that answers otherwise.
 *
 * @example
 * ```ts
 * openHttpSource('http://localhost:1/dump.elf') // throws SOURCE_UNREACHABLE
 * openHttpSource('ftp://localhost/dump.elf') // throws SOURCE_UNREADABLE
 * ```
 */
export function openHttpSource(address: string, options: HttpSourceOptions = {}): ByteSource {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new OsiError('SOURCE_UNREADABLE', `not an http or https address: ${address}`, {
      hint:
        url === undefined
          ? 'write it as https://HOST/PATH'
          : `${url.protocol} addresses are not read: ${url.protocol === 'file:' ? '' : 'download the file and '}give the path of the file`,
      fields: { source: address },
    });
  }
  const client = new HttpClient(options.timeout ?? DEFAULT_TIMEOUT);
  try {
    return new HttpSource(url, client, options);
  } catch (error) {
    client.close();
    throw error;
  }
}

class HttpSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  private readonly client: HttpClient;
  private readonly options: HttpSourceOptions;
  private readonly address: string;
  /** Where redirections led to. */
  private readonly found: string;
  private readonly validator: string;
  /** The blocks that were used last, the latest at the end. */
  private readonly blocks = new Map<number, Uint8Array>();
  private nextBlock = 0;
  private ahead = 1;
  private broken: OsiError | undefined;

  constructor(url: URL, client: HttpClient, options: HttpSourceOptions) {
    this.address = url.href;
    this.name = withoutSecrets(url);
    this.client = client;
    this.options = options;
    const answer = this.client.get(this.name, this.address, 0, BLOCK);
    this.size = sizeOf(this.name, answer);
    this.found = answer.url;
    this.validator = validatorOf(answer);
    this.keep(0, this.checkedBytes(answer, 0, BLOCK));
  }

  read(position: number, into: Uint8Array): number {
    const end = Math.min(this.size, position + into.length);
    for (let at = position; at < end; ) {
      const index = Math.floor(at / BLOCK);
      const part = this.block(index).subarray(at - index * BLOCK, end - index * BLOCK);
      into.set(part, at - position);
      at += part.length;
    }
    return Math.max(0, end - position);
  }

  close(): void {
    this.client.close();
    this.blocks.clear();
    this.broken = new OsiError('SOURCE_CLOSED', `${this.name} was closed`, { fields: { source: this.name } });
  }

  beside(name: string): ByteSource | undefined {
    // A name out of a dump must not lead to another folder.
    if (name === '' || name === '.' || name === '..' || /[/\\]/.test(name)) return undefined;
    try {
      return openHttpSource(new URL(encodeURIComponent(name), this.address).href, this.options);
    } catch (error) {
      if (OsiError.is(error) && error.code === 'SOURCE_MISSING') return undefined;
      throw error;
    }
  }

  private block(index: number): Uint8Array {
    const kept = this.blocks.get(index);
    if (kept === undefined) return this.fetch(index);
    this.blocks.delete(index);
    this.blocks.set(index, kept);
    return kept;
  }

  /** Fetches a block, and those behind it where the ones before it were read just now. */
  private fetch(index: number): Uint8Array {
    if (this.broken !== undefined) throw this.broken;
    this.ahead = index === this.nextBlock ? Math.min(this.ahead * 2, MOST_AHEAD) : 1;
    const start = index * BLOCK;
    const length = Math.min(this.ahead * BLOCK, this.size - start);
    try {
      const answer = this.client.get(this.name, this.found, start, length);
      if (validatorOf(answer) !== this.validator || sizeOf(this.name, answer) !== this.size)
        throw changed(this.name);
      const bytes = this.checkedBytes(answer, start, length);
      this.keep(index, bytes);
      return bytes.subarray(0, BLOCK);
    } catch (error) {
      // A server that is gone would be waited for at each page anew.
      if (OsiError.is(error)) this.broken = error;
      throw error;
    }
  }

  private checkedBytes(answer: HttpAnswer, start: number, length: number): Uint8Array {
    const { bytes, headers } = answer;
    const expected = Math.min(length, this.size - start);
    const sent = /^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1];
    if (Number(sent) === start && bytes.length === expected) return bytes;
    throw failed(
      this.name,
      `sent ${bytes.length} bytes from offset ${sent ?? '?'}, expected ${expected} from offset ${start}`,
    );
  }

  private keep(first: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += BLOCK) {
      const whole = bytes.length <= BLOCK;
      // A block of its own buffer, so that the others can be let go.
      this.blocks.set(first + at / BLOCK, whole ? bytes : bytes.slice(at, at + BLOCK));
    }
    this.nextBlock = first + Math.ceil(bytes.length / BLOCK);
    for (const index of this.blocks.keys()) {
      if (this.blocks.size <= MOST_BLOCKS) break;
      this.blocks.delete(index);
    }
  }
}

/** The size of the whole file. @throws OsiError what the answer says instead. */
function sizeOf(name: string, answer: HttpAnswer): number {
  const { status, headers } = answer;
  const range = headers['content-range'] ?? '';
  // RFC 9110, 15.5.17: a range of an empty file cannot be given.
  if (status === 416 && range === 'bytes */0') {
    throw new OsiError('SOURCE_EMPTY', `${name} is empty`, {
      hint: 'take the dump again',
      fields: { source: name },
    });
  }
  if (status === 404 || status === 410) {
    const fields = { source: name, status };
    throw new OsiError('SOURCE_MISSING', `no such file: ${name} (status ${status})`, {
      hint: 'check the address',
      fields,
    });
  }
  if (status === 401 || status === 403) {
    const fields = { source: name, status };
    const hint = 'put the user name and password into the address, or download the file';
    throw new OsiError('SOURCE_UNREADABLE', `the server denies access to ${name} (status ${status})`, {
      hint,
      fields,
    });
  }
  const size = Number(/^bytes \d+-\d+\/(\d+)$/.exec(range)?.[1] ?? Number.NaN);
  const plain = (headers['content-encoding'] ?? 'identity') === 'identity';
  if (status === 200 || (status === 206 && (!plain || !Number.isSafeInteger(size))))
    throw withoutRanges(name);
  if (status !== 206) throw failed(name, `answered with status ${status}`);
  return size;
}

/** The values that differ if the file differs. */
function validatorOf({ headers }: HttpAnswer): string {
  return `${headers['etag'] ?? ''} ${headers['last-modified'] ?? ''}`;
}

function withoutSecrets(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}

function withoutRanges(name: string): OsiError {
  return new OsiError('SOURCE_NO_RANGES', `the server of ${name} sends only whole files, not byte ranges`, {
    hint: 'download the file and give its path',
    fields: { source: name },
  });
}

function changed(name: string): OsiError {
  return new OsiError('SOURCE_CHANGED', `${name} changed on the server after it was opened`, {
    hint: 'run the command again, or download the file',
    fields: { source: name },
  });
}

function failed(name: string, what: string): OsiError {
  return new OsiError('SOURCE_READ_FAILED', `the server of ${name} ${what}`, {
    hint: 'try again later, or download the file',
    fields: { source: name },
  });
}
