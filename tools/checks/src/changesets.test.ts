import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPackages, repository } from './workspace';

const folder = join(repository, '.changeset');
const published = [...readPackages().map(({ manifest }) => String(manifest['name'])), '@osi-linux/tools'];
const FORM = /^---\n((?:'[^'\n]+': (?:major|minor|patch)\n)+)---\n\n[A-Z][^\n]*\.\n$/;

function changedPackages(text: string): string[] {
  const [, list = ''] = FORM.exec(text) ?? [];
  return [...list.matchAll(/'([^']+)'/g)].map(([, name = '']) => name);
}

// The command that releases reads these long after they were written; a formatter once broke them unnoticed.
describe('the changesets', () => {
  it.each(readdirSync(folder).filter((name) => name.endsWith('.md')))(
    '%s names packages, and says a sentence',
    (name) => {
      const packages = changedPackages(readFileSync(join(folder, name), 'utf8'));
      expect(packages.length).toBeGreaterThan(0);
      expect(packages.filter((each) => !published.includes(each))).toEqual([]);
    },
  );

  it('of a broken form name nothing', () => {
    expect(changedPackages("---\n\n## '@osi-linux/guest': patch\n\nFound it.\n")).toEqual([]);
    expect(changedPackages("---\n'@osi-linux/guest': patch\n---\n\nFound it.\n")).toEqual([
      '@osi-linux/guest',
    ]);
  });
});
