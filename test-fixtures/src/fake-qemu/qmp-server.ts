import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The reaction of a server to a command, by its name: an answer, `silent` or `cut`. */
export type QmpServerScript = Readonly<Record<string, unknown>>;

// In a process of its own, since who asks it waits without letting anything else happen.
const PROGRAM = `
const [path, log, text] = process.argv.slice(1);
const script = JSON.parse(text);
const fs = require('node:fs');
let running = true;
const server = require('node:net').createServer((socket) => {
  socket.on('error', () => {});
  const fallSilent = () => fs.writeFileSync(log + '.silent', '');
  if (script.greeting === 'silent') return fallSilent();
  socket.write(script.greeting ?? JSON.stringify({ QMP: { version: {}, capabilities: [] } }) + '\\n');
  if (script.greeting !== undefined) return fallSilent();
  let heard = '';
  socket.on('data', (data) => {
    const lines = (heard + data).split('\\n');
    heard = lines.pop();
    for (const line of lines) {
      const { execute, id, arguments: args } = JSON.parse(line);
      fs.appendFileSync(log, execute + ' ' + (args?.filename ?? '') + '\\n');
      const what = script[execute];
      if (what === 'silent') {
        fallSilent();
        continue;
      }
      if (what === 'cut') return socket.destroy();
      if (what === 'die') process.exit(1);
      if (what === 'half') return void socket.write('{"return": {"run', fallSilent);
      if (execute === 'stop' || execute === 'cont') running = execute === 'cont';
      if (execute === 'pmemsave') fs.writeFileSync(args.filename, Buffer.alloc(args.size, 7));
      if (execute === 'dump-guest-memory') fs.copyFileSync(script.core, args.protocol.slice(5));
      const found = execute === 'query-status' ? { running } : (what ?? {});
      socket.write(JSON.stringify({ return: found, id }) + '\\n');
    }
  });
});
server.listen(path);
`;

/** A process that serves QMP on a socket and records the commands that it receives. */
export class QmpServer {
  private readonly child: ChildProcess;
  private readonly log: string;

  private constructor(child: ChildProcess, log: string) {
    this.child = child;
    this.log = log;
  }

  /** Listens at a path; `script` also has `greeting`, and `core`, the ELF core that it dumps. */
  static async start(path: string, script: QmpServerScript): Promise<QmpServer> {
    const log = `${path}.log`;
    const child = spawn(process.execPath, ['-e', PROGRAM, path, log, JSON.stringify(script)], {
      stdio: 'ignore',
    });
    while (!existsSync(path) && child.exitCode === null) await sleep(10);
    return new QmpServer(child, log);
  }

  /** The commands that it heard. */
  get commands(): readonly string[] {
    return this.heard.map(([command = '']) => command);
  }

  /** The files that it wrote memory into. */
  get files(): readonly string[] {
    return this.heard.map(([, file = '']) => file).filter((file) => file !== '');
  }

  /** Whether it has come to a command that it does not answer, and answers nothing more. */
  get isSilent(): boolean {
    return existsSync(`${this.log}.silent`);
  }

  private get heard(): readonly (readonly string[])[] {
    if (!existsSync(this.log)) return [];
    const lines = readFileSync(this.log, 'utf8').trimEnd().split('\n');
    return lines.map((line) => line.split(' '));
  }

  /** Ends it. */
  close(): void {
    this.child.kill('SIGKILL');
  }
}
