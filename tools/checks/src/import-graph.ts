import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { listSources } from './workspace';

/** Source files of a folder, as paths relative to it, with the files of the same folder that each imports. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** Reads which files import which: values, types, and by `import()`. Tests are left out: nothing imports them. */
export function readImportGraph(directory: string): ImportGraph {
  const sources = listSources(directory);
  const known = new Set(sources);
  return new Map(
    sources.map((path) => {
      const names = importedNames(readFileSync(join(directory, path), 'utf8'));
      const targets = names.flatMap((name) => findTarget(known, path, name) ?? []);
      return [path, [...new Set(targets)]];
    }),
  );
}

/** The names of the modules that a text imports: of values and of types. */
export function importedNames(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map((file) => file.fileName);
}

/** The groups of files that import each other, directly or through others; in order. */
export function findImportCycles(graph: ImportGraph): string[][] {
  const reached = new Map([...graph.keys()].map((path) => [path, reachedFrom(graph, path)]));
  const done = new Set<string>();
  const cycles: string[][] = [];
  for (const [path, own] of reached) {
    if (done.has(path) || !own.has(path)) continue;
    const cycle = [...own].filter((other) => reached.get(other)?.has(path));
    for (const member of cycle) done.add(member);
    cycles.push(cycle.sort());
  }
  return cycles.sort();
}

function findTarget(known: ReadonlySet<string>, from: string, name: string): string | undefined {
  if (!name.startsWith('.')) return undefined;
  const path = normalize(join(dirname(from), name));
  return [path, `${path}.ts`, join(path, 'index.ts')].find((candidate) => known.has(candidate));
}

/** All that a file imports, directly or through others; itself only where it is in a cycle. */
function reachedFrom(graph: ImportGraph, start: string): ReadonlySet<string> {
  const reached = new Set<string>();
  const waiting = [...(graph.get(start) ?? [])];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    waiting.push(...(graph.get(path) ?? []));
  }
  return reached;
}
