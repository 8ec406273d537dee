import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseDeb822Sources, parseOneLineSources, readAptSources, readDebianMirror } from './apt-sources';

describe('parseOneLineSources', () => {
  it('passes over comments, source packages, and options', () => {
    const text = [
      '# deb http://no/debian bookworm main',
      'deb-src http://no/debian bookworm main',
      '  deb [ arch=amd64 signed-by=/a.gpg ] http://yes/debian  bookworm-updates main contrib # here',
      '',
    ].join('\n');
    expect(parseOneLineSources(text)).toEqual([
      { uris: ['http://yes/debian'], suites: ['bookworm-updates'], components: ['main', 'contrib'] },
    ]);
  });

  it('reads a line without components, as flat archives have', () => {
    expect(parseOneLineSources('deb http://yes/flat ./')).toEqual([
      { uris: ['http://yes/flat'], suites: ['./'], components: [] },
    ]);
  });
});

describe('parseDeb822Sources', () => {
  it('reads several stanzas, comments inside of them, continued fields and any case', () => {
    const text = [
      '# a comment',
      'types: deb deb-src',
      '# another one',
      'URIS: http://one/debian',
      'Suites: bookworm',
      ' bookworm-updates',
      'Components: main contrib',
      '',
      'Types: deb',
      'URIs: http://two/debian-security',
      'Suites: bookworm-security',
      'Components: main',
    ].join('\n');
    expect(parseDeb822Sources(text)).toEqual([
      {
        uris: ['http://one/debian'],
        suites: ['bookworm', 'bookworm-updates'],
        components: ['main', 'contrib'],
      },
      { uris: ['http://two/debian-security'], suites: ['bookworm-security'], components: ['main'] },
    ]);
  });

  it('leaves out what is disabled or holds no binary packages', () => {
    const disabled = 'Types: deb\nURIs: http://a\nSuites: sid\nComponents: main\nEnabled: no';
    const sources = 'Types: deb-src\nURIs: http://a\nSuites: sid\nComponents: main';
    expect(parseDeb822Sources(`${disabled}\n\n${sources}\n`)).toEqual([]);
  });
});

describe("the machine's own sources", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'apt-sources-'));
    mkdirSync(join(root, 'etc/apt/sources.list.d'), { recursive: true });
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('are gathered from the list and the folder, files of other names left out', () => {
    writeFileSync(join(root, 'etc/apt/sources.list'), 'deb http://a/debian bookworm main\n');
    writeFileSync(join(root, 'etc/apt/sources.list.d/b.list'), 'deb http://b/debian sid main\n');
    writeFileSync(
      join(root, 'etc/apt/sources.list.d/c.sources'),
      'Types: deb\nURIs: http://c/debian\nSuites: x\nComponents: main\n',
    );
    writeFileSync(join(root, 'etc/apt/sources.list.d/d.list.save'), 'deb http://d/debian sid main\n');
    expect(readAptSources(root).map(({ uris }) => uris[0])).toEqual([
      'http://a/debian',
      'http://b/debian',
      'http://c/debian',
    ]);
  });

  it('give the mirror of the suite that the machine runs', () => {
    writeFileSync(join(root, 'etc/os-release'), 'NAME="x"\nVERSION_CODENAME=bookworm\n');
    writeFileSync(
      join(root, 'etc/apt/sources.list'),
      'deb http://other/apt stable main\ndeb http://a/debian bookworm main\ndeb http://s/sec bookworm-security main\n',
    );
    expect(readDebianMirror(root)).toEqual({ archive: 'http://a/debian', security: 'http://s/sec' });
  });
});
