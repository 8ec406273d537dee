import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const LEFT_OUT: ReadonlySet<string> = new Set(['node_modules', 'dist', '.git', '.turbo', '.reports']);

/**
 * The Markdown files of a folder and those below it, as whole paths; installed and built files are left out.
 */
export function listMarkdown(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !LEFT_OUT.has(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return listMarkdown(path);
      return entry.isFile() && entry.name.endsWith('.md') ? [path] : [];
    })
    .sort();
}

/** The relative links of a Markdown text, inline and by reference; code is left out. */
export function relativeLinks(markdown: string): string[] {
  const text = withoutFences(markdown).replace(/`[^`\n]*`/g, '');
  const inline = [...text.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)];
  const references = [...text.matchAll(/^\s*\[[^\]^]+\]:\s*<?([^\s>]+)>?/gm)];
  return [...inline, ...references]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z][a-z0-9+.-]*:/i.test(target));
}

/** The links of a Markdown file that lead nowhere, as sentences: no such file, or no such heading in it. */
export function findBrokenLinks(path: string, root: string): string[] {
  return relativeLinks(readFileSync(path, 'utf8')).flatMap((link) => {
    const [target = '', anchor] = link.split('#');
    const file = target === '' ? path : join(dirname(path), decodeURIComponent(target));
    const where = `${relative(root, path)}: ${link}`;
    if (relative(root, file).startsWith('..')) return [`${where} leads out of the repository`];
    if (!existsSync(file)) return [`${where} leads to no file`];
    if (anchor === undefined || !file.endsWith('.md')) return [];
    return headingAnchors(readFileSync(file, 'utf8')).includes(anchor) ? [] : [`${where} is no heading`];
  });
}

/** The anchors that GitHub makes of headings. */
function headingAnchors(markdown: string): string[] {
  return [...withoutFences(markdown).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\-_ ]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function withoutFences(markdown: string): string {
  return markdown.replace(/^(`{3,})[\s\S]*?^\1`*$/gm, '');
}
