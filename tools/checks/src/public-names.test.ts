import { describe, expect, it } from 'vitest';
import { readPublicNames } from './public-names';
import { readPackages } from './workspace';

describe('the exported names', () => {
  // A wider or narrower public surface shows in review as a changed file; `vitest -u` writes it.
  it.each([...readPublicNames(readPackages())])('of %s are the reviewed ones', async (entry, names) => {
    const text = names.map(({ name, kind }) => `${kind} ${name}\n`).join('');
    await expect(text).toMatchFileSnapshot(
      `public-names/${entry.replace('@osi-linux/', '').replace('/', '-')}.txt`,
    );
  });
});
