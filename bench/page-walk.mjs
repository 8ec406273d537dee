// node bench/page-walk.mjs: translations by @osi-linux/x86-mmu, as ratios to a plain loop in the same run. Build first.
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../packages/x86-mmu/dist/index.js', import.meta.url));
const { AddressSpace, findVirtual, pagingForms, walk } = await import(dist);

const ROUNDS = 15;
const PAGES = 4096;
const BASE = 0x7f0000000000n;

/** 16 MiB in pages of 4 KiB; frames are given out of an array, as from the page cache of a dump file. */
function guest() {
  const frames = new Map();
  const view = (frame) => {
    if (!frames.has(frame)) {
      const bytes = new Uint8Array(4096);
      frames.set(frame, { bytes, view: new DataView(bytes.buffer) });
    }
    return frames.get(frame);
  };
  const write = (table, index, entry) => view(table).view.setBigUint64(index * 8, entry, true);
  write(1, 0xfe, 0x2007n);
  write(2, 0, 0x3007n);
  for (let table = 0; table < PAGES / 512; table += 1) {
    write(3, table, BigInt(0x10 + table) * 4096n + 7n);
    for (let index = 0; index < 512; index += 1)
      write(0x10 + table, index, BigInt(0x1000 + table * 512 + index) * 4096n + 7n);
  }
  for (let page = 0; page < PAGES; page += 1) view(0x1000 + page);
  const table = Array.from({ length: 0x1000 + PAGES }, (_, frame) => frames.get(frame));
  return { ranges: [], page: (frame) => table[frame], hole: () => new Error('no frame'), scan: () => 0 };
}

const memory = guest();
const form = pagingForms['4-level'];
const addresses = Array.from({ length: PAGES }, (_, page) => BASE + BigInt(page) * 4096n + 8n);
const hot = addresses.slice(0, 32);
const space = new AddressSpace(form, memory, 0x1000);
let sink = 0;

/** Each returns how many operations it made. */
const cases = {
  'plain loop': () => {
    for (let round = 0; round < 64; round += 1)
      for (const address of addresses) sink ^= Number(address & 0xfffn);
    return 64 * PAGES;
  },
  'translate, TLB hit': () => {
    for (let round = 0; round < 2000; round += 1) for (const address of hot) sink ^= space.translate(address);
    return 2000 * hot.length;
  },
  'page, TLB hit': () => {
    for (let round = 0; round < 2000; round += 1)
      for (const address of hot) sink ^= space.page(address).bytes[0];
    return 2000 * hot.length;
  },
  'translate, TLB miss': () => {
    for (let round = 0; round < 4; round += 1) {
      space.flush();
      for (const address of addresses) sink ^= space.translate(address);
    }
    return 4 * PAGES;
  },
  'withRoot and one translation': () => {
    for (let round = 0; round < 5000; round += 1) sink ^= space.withRoot(0x1000).translate(BASE);
    return 5000;
  },
  'walk, every step told': () => {
    for (const address of addresses) sink ^= walk(form, memory, 0x1000, address).physical;
    return PAGES;
  },
  'findVirtual, an entry': () => {
    for (let round = 0; round < 50; round += 1)
      sink ^= findVirtual(form, memory, 0x1000, 0x5000).mappings.length;
    return 50 * 512 * (3 + PAGES / 512);
  },
};

function nanoseconds(run) {
  const start = process.hrtime.bigint();
  const operations = run();
  return Number(process.hrtime.bigint() - start) / operations;
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

for (const run of Object.values(cases)) for (let warm = 0; warm < 3; warm += 1) run();
const times = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, run] of Object.entries(cases)) times[name].push(nanoseconds(run));
}
console.log(`node ${process.version}, ${ROUNDS} rounds, median (sink ${sink})`);
for (const [name, values] of Object.entries(times)) {
  const ratio = median(values.map((value, round) => value / times['plain loop'][round]));
  console.log(`${name.padEnd(32)} ${median(values).toFixed(1).padStart(8)} ns  ratio ${ratio.toFixed(2)}`);
}
