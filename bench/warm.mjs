// node bench/warm.mjs [PROCESSES]: the warm library, per item, as ratios to a plain loop in the same run. Build first.
import { fileURLToPath } from 'node:url';
import { makeSyntheticGuest } from './synthetic-guest.mjs';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const dist = (name) => import(path(`../packages/${name}.js`));
const { openGuestFile } = await dist('guest/dist/node');
const { OsiLinux } = await dist('osi-linux/dist/index');
const { AddressSpace, pagingForms } = await dist('x86-mmu/dist/index');

const PROCESSES = Number(process.argv[2] ?? 10000);
/** Many, as the best of them is what the machine's other work has left alone. */
const ROUNDS = 25;
/** Items of a round; more where one call already has more. */
const ITEMS = 2000;
const RECORDS = 10000;
const FIELDS = 12;
/** Milliseconds for each case. */
const WARM_UP = 400;
let sink = 0;

function recorded() {
  const folder = '../test-fixtures/recorded/debian-12-amd64';
  return openGuestFile(path(`${folder}/guest.elf`), { kconfFile: path(`${folder}/kernelinfo.conf`) });
}

function synthetic() {
  const { memory, root, info } = makeSyntheticGuest(PROCESSES);
  const space = new AddressSpace(pagingForms['4-level'], memory, root);
  return { memory: space, linux: new OsiLinux({ kernel: { memory: space, info }, cpus: [] }) };
}

/** Makes a record of 12 fields out of flat memory, as a reader does that follows and checks nothing. */
function plainLoop() {
  const view = new DataView(new ArrayBuffer(RECORDS * FIELDS * 8));
  return () => {
    for (let at = 0; at < view.byteLength; at += FIELDS * 8) {
      const record = {
        a: view.getBigUint64(at, true),
        b: view.getBigUint64(at + 8, true),
        c: view.getBigUint64(at + 16, true),
        d: view.getBigUint64(at + 24, true),
        e: view.getUint32(at + 32, true),
        f: view.getUint32(at + 40, true),
        g: view.getUint32(at + 48, true),
        h: view.getUint32(at + 56, true),
        i: view.getUint32(at + 64, true),
        j: view.getUint32(at + 72, true),
        k: view.getUint32(at + 80, true),
        l: view.getUint32(at + 88, true),
      };
      sink ^= record.l ^ Number(record.d & 1n);
    }
    return RECORDS;
  };
}

/** Calls until enough items have come; each call says how many it gave. */
const repeat = (call) => () => {
  let items = 0;
  while (items < ITEMS) items += call();
  return items;
};

/** Each returns how many items it gave. */
function casesOf({ linux, memory }) {
  const processes = linux.getProcesses();
  const user = processes.filter(({ asid }) => asid !== null);
  const handle = user[0];
  const [{ fd }] = linux.getFiles({ pids: [handle.pid] });
  const addresses = processes.map(({ taskd }) => taskd);
  for (const listing of [processes, linux.getMappings()])
    if (listing.skipped.length > 0) throw listing.skipped[0].reason;
  let turn = 0;
  return {
    'getProcesses, a process': repeat(() => linux.getProcesses().length),
    '... the first after refresh()': repeat(() => {
      linux.refresh();
      return linux.getProcesses().length;
    }),
    'getProcessHandles, a process': repeat(() => linux.getProcessHandles().length),
    getCurrentProcess: repeat(() => Math.sign(linux.getCurrentProcess(0).pid) || 1),
    'getMappings of all, a mapping': repeat(() => linux.getMappings().length),
    '... of all after refresh()': repeat(() => {
      linux.refresh();
      return linux.getMappings().length;
    }),
    'getMappings of one, a mapping': repeat(() => linux.getMappings(user[turn++ % user.length]).length),
    fdToFilename: repeat(() => Math.sign(linux.fdToFilename(handle, fd).length)),
    'page walk, TLB hit': repeat(() => {
      for (const address of addresses) sink ^= memory.translate(address);
      return addresses.length;
    }),
    'page walk, TLB miss': repeat(() => {
      memory.flush();
      for (const address of addresses) sink ^= memory.translate(address);
      return addresses.length;
    }),
  };
}

function nanoseconds(run) {
  const start = process.hrtime.bigint();
  const items = run();
  return Number(process.hrtime.bigint() - start) / items;
}

/** Long enough for V8 to compile what is hot. */
function warmUp(run) {
  const end = performance.now() + WARM_UP;
  while (performance.now() < end) run();
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

function measure(name, loop, cases) {
  for (const run of Object.values(cases)) warmUp(run);
  const times = Object.fromEntries(Object.keys(cases).map((label) => [label, { ns: [], ratios: [] }]));
  let plain = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [label, run] of Object.entries(cases)) {
      const looped = nanoseconds(loop);
      const ns = nanoseconds(run);
      plain = Math.min(plain, looped);
      times[label].ns.push(ns);
      times[label].ratios.push(ns / looped);
    }
  }
  console.log(`\n${name}`.padEnd(35), '  best ns  its ratio     median');
  for (const [label, { ns, ratios }] of Object.entries(times)) {
    const best = Math.min(...ns);
    const columns = [best.toFixed(0), (best / plain).toFixed(1), median(ratios).toFixed(1)];
    console.log(label.padEnd(34), ...columns.map((text) => text.padStart(10)));
  }
}

const loop = plainLoop();
warmUp(loop);
const plain = Array.from({ length: ROUNDS }, () => nanoseconds(loop));
console.log(
  `node ${process.version}, ${ROUNDS} rounds; the plain loop: ${Math.min(...plain).toFixed(0)} ns a record`,
);
measure('recorded guest', loop, casesOf(recorded()));
measure(`synthetic guest, ${PROCESSES} processes`, loop, casesOf(synthetic()));
if (sink === 0.5) console.log(sink);
