import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { listSources, type WorkspacePackage } from './workspace';

/** The packages that each layer may import, as docs/architecture.md draws it. */
export const layers: Readonly<Record<string, readonly string[]>> = {
  core: [],
  kconf: ['core'],
  'x86-mmu': ['core'],
  memory: ['core'],
  kstruct: ['core', 'kconf'],
  osi: ['core'],
  'osi-linux': ['core', 'kconf', 'kstruct', 'osi'],
  symbols: ['core', 'kconf', 'x86-mmu'],
  qemu: ['core', 'memory'],
  v86: ['core'],
  guest: ['core', 'kconf', 'kstruct', 'memory', 'osi', 'osi-linux', 'symbols', 'x86-mmu'],
};

const SCOPE = '@osi-linux/';
/** Layers whose walkers are handed an architecture: only their folders named `x86` may import it. */
const SEAM_LAYERS: ReadonlySet<string> = new Set(['kstruct', 'osi-linux', 'symbols']);
const ARCHITECTURE_PACKAGE = `${SCOPE}x86-mmu`;
const NODE_GLOBALS: ReadonlySet<string> = new Set([
  'Buffer',
  'process',
  '__dirname',
  '__filename',
  'setImmediate',
]);

/** Every breach of the layering in one package, as sentences; empty if there are no breaches. */
export function findLayerBreaches(found: WorkspacePackage): string[] {
  const allowed = layers[found.name];
  if (allowed === undefined) return [`packages/${found.name} is in no layer`];
  const declared = Object.keys((found.manifest['dependencies'] ?? {}) as Record<string, string>);
  const breaches = declared
    .filter((name) => name.startsWith(SCOPE) && !allowed.includes(name.slice(SCOPE.length)))
    .map((name) => `packages/${found.name}/package.json depends upward on ${name}`);
  const source = join(found.directory, 'src');
  for (const path of listSources(source)) {
    breaches.push(
      ...breachesOfFile(found.name, path, readFileSync(join(source, path), 'utf8'), declared, allowed),
    );
  }
  return breaches;
}

function breachesOfFile(
  layer: string,
  path: string,
  text: string,
  declared: readonly string[],
  allowed: readonly string[],
): string[] {
  const where = `packages/${layer}/src/${path}`;
  const nodeRoom = path.startsWith('node/');
  const breaches = importsOf(text).flatMap((name) => {
    const said = breachOfImport(name, nodeRoom, declared, allowed) ?? breachOfSeam(layer, path, name);
    return said === undefined ? [] : [`${where} ${said}`];
  });
  if (!nodeRoom && usesNodeGlobal(text)) breaches.push(`${where} uses a global of Node`);
  return breaches;
}

function breachOfImport(
  name: string,
  nodeRoom: boolean,
  declared: readonly string[],
  allowed: readonly string[],
): string | undefined {
  if (name.startsWith('.'))
    return name.includes('../../..') ? `reaches out of its package: ${name}` : undefined;
  if (name.startsWith('node:')) return nodeRoom ? undefined : `imports ${name}, which browsers lack`;
  const bare = name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
  if (!declared.includes(bare)) return `imports ${name}, which its package.json does not declare`;
  if (bare.startsWith(SCOPE) && !allowed.includes(bare.slice(SCOPE.length))) return `imports upward: ${name}`;
  if (name.endsWith('/node') && !nodeRoom) return `imports ${name}, which browsers lack`;
  return undefined;
}

function breachOfSeam(layer: string, path: string, name: string): string | undefined {
  if (!SEAM_LAYERS.has(layer) || path.split('/').slice(0, -1).includes('x86')) return undefined;
  return name === ARCHITECTURE_PACKAGE ? `imports ${name} outside of a folder x86` : undefined;
}

function importsOf(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map((file) => file.fileName);
}

function usesNodeGlobal(text: string): boolean {
  let found = false;
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node)) visit(node.expression);
    else if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name)) visit(node.initializer);
    else if (ts.isPropertySignature(node))
      ts.forEachChild(node, (part) => (part === node.name ? undefined : visit(part)));
    else if (ts.isIdentifier(node)) found ||= NODE_GLOBALS.has(node.text);
    else ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('checked.ts', text, ts.ScriptTarget.ES2022));
  return found;
}
