import { OsiError } from '@osi-linux/core';
import { SyncWorker } from './sync-worker';

/** A request to a server: a range of bytes. */
interface HttpRequest {
  readonly url: string;
  readonly range: string;
  /** Bytes of the body that are taken; more is an error. */
  readonly most: number;
  readonly milliseconds: number;
}

/** The answer of a server; only the head of anything but a part of the file. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly bytes: Uint8Array;
  /** Where it came from in the end. */
  readonly url: string;
}

/** Bytes of a body for which a server has the time of an answer: 256 KiB. */
const PIECE = 256 * 1024;

const CLIENT = `
const agents = new Map();
function agentOf(library) {
  if (!agents.has(library)) agents.set(library, new library.Agent({ keepAlive: true, maxSockets: 1 }));
  return agents.get(library);
}
function failed(code, message) {
  return Object.assign(new Error(message), { code });
}
function ask({ url, range, most, milliseconds }) {
  const library = require(url.startsWith('https:') ? 'node:https' : 'node:http');
  return new Promise((resolve, reject) => {
    const headers = { Range: range, 'Accept-Encoding': 'identity', 'User-Agent': 'osi-linux' };
    const request = library.get(url, { headers, agent: agentOf(library) }, (response) => {
      const bytes = new Uint8Array(response.statusCode === 206 ? most : 0);
      let length = 0;
      const done = () => {
        clearTimeout(timer);
        const whole = length === bytes.length ? bytes : bytes.slice(0, length);
        resolve({ status: response.statusCode, headers: response.headers, bytes: whole, url });
      };
      if (response.statusCode !== 206) {
        done();
        response.destroy();
        return;
      }
      response.on('data', (part) => {
        if (length + part.length > most) return request.destroy(failed('EMSGSIZE', 'it sends more bytes than requested'));
        bytes.set(part, length);
        // The time is that for a piece.
        if (Math.floor((length + part.length) / ${PIECE}) > Math.floor(length / ${PIECE})) timer.refresh();
        length += part.length;
      });
      response.on('end', done);
      response.on('error', reject);
    });
    const timer = setTimeout(
      () => request.destroy(failed('ETIMEDOUT', 'no answer came in time')),
      milliseconds,
    );
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(Object.assign(error, { again: request.reusedSocket && error.code === 'ECONNRESET' }));
    });
  });
}
async function handle(request) {
  try {
    return await ask(request);
  } catch (error) {
    // A server may end a connection that was kept just when it is used again.
    if (!error.again) throw error;
    return ask(request);
  }
}
`;

const MOST_REDIRECTS = 5;
// Until the worker itself must have noticed that nothing comes.
const GRACE = 5000;

/** Asks servers for ranges of bytes, and waits for their answers. */
export class HttpClient {
  private readonly worker = new SyncWorker<HttpRequest, HttpAnswer>(CLIENT);
  private readonly milliseconds: number;

  constructor(milliseconds: number) {
    this.milliseconds = milliseconds;
  }

  /**
   * The answer to a request for bytes, of any status; redirections are followed. `name` is for messages.
   *
   * @throws OsiError `SOURCE_UNREACHABLE`.
   */
  get(name: string, address: string, start: number, length: number): HttpAnswer {
    let url = address;
    const end = performance.now() + this.milliseconds;
    for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
      // The time is that for all hops.
      const left = Math.max(1, Math.ceil(end - performance.now()));
      const answer = this.ask(name, {
        url,
        range: `bytes=${start}-${start + length - 1}`,
        most: length,
        milliseconds: left,
      });
      const { location } = answer.headers;
      if (answer.status < 300 || answer.status > 399 || location === undefined) return answer;
      url = this.follow(name, url, location);
    }
    throw unreachable(name, `more than ${MOST_REDIRECTS} redirects`, 'check the address');
  }

  close(): void {
    this.worker.close();
  }

  private ask(name: string, request: HttpRequest): HttpAnswer {
    const pieces = 1 + Math.floor(request.most / PIECE);
    const answer = this.worker.ask(request, pieces * request.milliseconds + GRACE);
    if ('value' in answer) return answer.value;
    const { code, message: said } = answer.failure;
    const message = code === 'ETIMEDOUT' ? `no answer within ${this.milliseconds} ms` : said;
    throw unreachable(
      name,
      message === '' ? code : message,
      'check that the server runs, or download the file',
    );
  }

  private follow(name: string, url: string, location: string): string {
    const next = URL.canParse(location, url) ? new URL(location, url) : undefined;
    if (next !== undefined && /^https?:$/.test(next.protocol)) return next.href;
    throw unreachable(name, 'it redirects to an address that is not http or https', 'download the file');
  }
}

function unreachable(name: string, what: string, hint: string): OsiError {
  return new OsiError('SOURCE_UNREACHABLE', `${name} cannot be reached: ${what}`, {
    hint,
    fields: { source: name },
  });
}
