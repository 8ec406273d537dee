import { join } from 'node:path';
import ts from 'typescript';

/** A way for a program's compiler to find packages. */
export interface Resolution {
  readonly name: string;
  /** The program's file; its ending decides between ESM and CommonJS. */
  readonly file: string;
  readonly options: ts.CompilerOptions;
}

const node16 = { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 };

/** The ways that are in use; `node10` is left to arethetypeswrong. */
export const resolutions: readonly Resolution[] = [
  { name: 'node16, ESM', file: 'consumer.mts', options: node16 },
  { name: 'node16, CommonJS', file: 'consumer.cts', options: node16 },
  {
    name: 'bundler',
    file: 'consumer.ts',
    options: { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
  },
];

const librarySources = new Map<string, ts.SourceFile | undefined>();

/**
 * Compiles the consumer's file in a project and returns the compiler's errors, as sentences. Declarations of
 * packages are checked too; neither those of Node nor those of a browser are there.
 */
export function compileConsumer(project: string, { file, options }: Resolution): string[] {
  const strict: ts.CompilerOptions = {
    ...options,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts'],
    types: [],
    strict: true,
    noEmit: true,
    skipDefaultLibCheck: true,
  };
  const program = ts.createProgram([join(project, file)], strict, hostWithLibraries(strict));
  return ts.getPreEmitDiagnostics(program).map(({ code, file: where, messageText }) => {
    const path = where?.fileName.slice(project.length + 1) ?? '';
    return `${path} TS${code}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}

// The language's own declarations are parsed once for all programs: they are most of the work.
function hostWithLibraries(options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const folder = host.getDefaultLibLocation?.();
  const read = host.getSourceFile;
  host.getSourceFile = (path, ...rest) => {
    if (folder === undefined || !path.startsWith(folder)) return read(path, ...rest);
    if (!librarySources.has(path)) librarySources.set(path, read(path, ...rest));
    return librarySources.get(path);
  };
  return host;
}
