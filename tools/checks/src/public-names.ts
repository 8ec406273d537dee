import { join } from 'node:path';
import ts from 'typescript';
import { entryPoints, repository, type WorkspacePackage } from './workspace';

/** One exported name of an entry point. */
export interface PublicName {
  readonly name: string;
  /** `function`, `class`, `const`, `interface` or `type`. */
  readonly kind: string;
  readonly declaration: ts.Declaration;
}

/** A TypeScript program over source files, with the workspace's own options. */
export function createProgram(files: readonly string[]): ts.Program {
  const config = ts.readConfigFile(join(repository, 'tsconfig.base.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, repository);
  return ts.createProgram([...files], { ...options, types: ['node'], noEmit: true });
}

/** The exported names of a source file, aliases followed, in alphabetical order. */
export function listPublicNames(program: ts.Program, file: string): PublicName[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${file} is no module`);
  return checker
    .getExportsOfModule(module)
    .map((symbol) => {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      const declaration = target.declarations?.[0];
      if (declaration === undefined) throw new Error(`${file}: ${symbol.name} is declared nowhere`);
      return { name: symbol.name, kind: kindOf(declaration), declaration };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Every entry point of the packages with its names: `@osi-linux/memory/node` -> names. */
export function readPublicNames(packages: readonly WorkspacePackage[]): Map<string, PublicName[]> {
  const entries = packages.flatMap((found) =>
    entryPoints(found).map(
      ([subpath, file]) => [`@osi-linux/${found.name}${subpath.slice(1)}`, file] as const,
    ),
  );
  const program = createProgram(entries.map(([, file]) => file));
  return new Map(entries.map(([entry, file]) => [entry, listPublicNames(program, file)]));
}

function kindOf(declaration: ts.Declaration): string {
  if (ts.isFunctionDeclaration(declaration)) return 'function';
  if (ts.isClassDeclaration(declaration)) return 'class';
  if (ts.isInterfaceDeclaration(declaration)) return 'interface';
  if (ts.isVariableDeclaration(declaration)) return 'const';
  return 'type';
}
