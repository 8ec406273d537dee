/** An import of a README's example. */
export interface ReadmeImport {
  readonly from: string;
  /** The values that are imported by name; types are left out. */
  readonly names: readonly string[];
}

/** The code of each ```ts block of a Markdown text. */
export function readmeExamples(markdown: string): string[] {
  return [...markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
}

/** The imports of a block, as `import { a, type B } from 'c';` on one line each. */
export function readmeImports(code: string): ReadmeImport[] {
  return [...code.matchAll(/^import \{([^}]*)\} from '([^']+)';$/gm)].map(([, names = '', from = '']) => ({
    from,
    names: names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && !name.startsWith('type ')),
  }));
}

/** The imported values of a block out of the modules themselves. Throws where a module does not have the name. */
export async function importNames(
  imports: readonly ReadmeImport[],
  load: (from: string) => Promise<Readonly<Record<string, unknown>>>,
): Promise<Record<string, unknown>> {
  const scope: Record<string, unknown> = {};
  for (const { from, names } of imports) {
    const module = await load(from);
    for (const name of names) {
      if (!(name in module)) throw new Error(`${from} exports no ${name}`);
      scope[name] = module[name];
    }
  }
  return scope;
}

/** The text of one section, by its heading of any level, up to the next heading of that level or above. */
export function readmeSection(markdown: string, heading: string): string | undefined {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  const level = /^#+/.exec(lines[start] ?? '')?.[0].length ?? 0;
  if (start < 0) return undefined;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => (/^#+(?= )/.exec(line)?.[0].length ?? level + 1) <= level);
  return rest.slice(0, end < 0 ? rest.length : end).join('\n');
}

/** The names in the first cells of a section's tables: `| \`pid\` | ...`. */
export function firstCells(section: string): string[] {
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name = '']) => name);
}
