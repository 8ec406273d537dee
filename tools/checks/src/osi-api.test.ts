import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as osi from '@osi-linux/osi';
import * as osiLinux from '@osi-linux/osi-linux';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../cli/src/osi-linux/program';
import type { Io } from '../../cli/src/terminal/io';
import { runExample } from './doc-example';
import { readPublicNames } from './public-names';
import { firstCells, importNames, readmeExamples, readmeImports, readmeSection } from './readme';
import { readPackages, repository } from './workspace';

const page = readFileSync(join(repository, 'docs', 'osi-api.md'), 'utf8');
const provider = readFileSync(join(repository, 'docs', 'writing-a-provider.md'), 'utf8');

/** The calls that PANDA's header os_intro.h and its introspection core offer to plugins. */
const PANDA_CALLS = [
  ...['get_processes', 'get_process_handles', 'get_current_process', 'get_current_process_handle'],
  ...['get_process', 'get_process_pid', 'get_process_ppid', 'get_proc_mem', 'get_modules', 'get_mappings'],
  ...['get_file_mappings', 'get_heap_mappings', 'get_stack_mappings', 'get_unknown_mappings'],
  ...['get_mapping_by_addr', 'get_mapping_base_address_by_name', 'has_mapping_prefix'],
  ...['get_current_thread', 'in_shared_object', 'on_task_change', 'notify_task_change', 'osi_guest_is_ready'],
];
const PANDA_LINUX_CALLS = [
  ...['osi_linux_fd_to_filename', 'osi_linux_fd_to_pos', 'ext_get_file_struct_ptr', 'ext_get_file_dentry'],
  ...[
    'osi_linux_virt_to_phys',
    'osi_linux_virtual_memory_read',
    'osi_linux_virtual_memory_write',
    'walk_page_table',
  ],
];
const PANDA_TYPES = ['OsiProcHandle', 'OsiProc', 'OsiThread', 'OsiModule', 'OsiProcMem', 'OsiPage'];
const PANDA_ARGUMENTS = ['kconf_file', 'kconf_group', 'load_now', 'pagewalk'];

function section(heading: string): string {
  return readmeSection(page, heading) ?? '';
}

/** The second cell of each row of a section's table, its code marks taken off. */
function ours(heading: string): string[] {
  return [...section(heading).matchAll(/^\| `[^|]*\| `([^`]+)`/gm)].map(([, name = '']) => name);
}

/** The public members of a class; `source` is the file that it is in. */
function membersOf(type: { readonly prototype: object }, source: string): string[] {
  const text = readFileSync(join(repository, source), 'utf8');
  const hidden = [...text.matchAll(/^ {2}private (?:async |get |set )*(\w+)/gm)].map(([, name]) => name);
  return Object.getOwnPropertyNames(type.prototype).filter(
    (name) => name !== 'constructor' && !hidden.includes(name),
  );
}

/** Every `Class.member` that the page names. */
function namedMembers(className: string): string[] {
  return [...page.matchAll(new RegExp(`\`${className}\\.(\\w+)\``, 'g'))].map(([, name = '']) => name);
}

function camelCase(name: string): string {
  return name.replace(/^osi_linux_/, '').replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

describe('docs/osi-api.md', () => {
  it.each([
    ['Calls of osi', PANDA_CALLS],
    ['Calls of osi_linux', PANDA_LINUX_CALLS],
    ['Types', PANDA_TYPES],
    ['Arguments of osi_linux', PANDA_ARGUMENTS],
  ])('has a row for all there is in PANDA: %s', (heading, names) => {
    expect([...new Set(firstCells(section(heading)))].sort()).toEqual([...names].sort());
  });

  it('names members of Osi that are there, and leaves none out', () => {
    expect([...new Set(namedMembers('Osi'))].sort()).toEqual(
      membersOf(osi.Osi, 'packages/osi/src/osi.ts').sort(),
    );
  });

  it('names members of OsiLinux that are there', () => {
    const members = membersOf(osiLinux.OsiLinux, 'packages/osi-linux/src/osi-linux.ts');
    expect(namedMembers('OsiLinux').filter((name) => !members.includes(name))).toEqual([]);
    expect(namedMembers('OsiLinux').length).toBeGreaterThanOrEqual(PANDA_LINUX_CALLS.length);
  });

  it("names each call by PANDA's name in camelCase, but for two", () => {
    const pairs = ['Calls of osi', 'Calls of osi_linux'].flatMap((heading) =>
      firstCells(section(heading)).map((panda, index) => [panda, ours(heading)[index]?.replace(/^.*\./, '')]),
    );
    const renamed = pairs.filter(([panda = '', here]) => camelCase(panda) !== here);
    expect(renamed).toEqual([
      ['osi_guest_is_ready', 'isReady'],
      ['walk_page_table', 'virtToPhys'],
    ]);
  });

  it('names types that are exported', () => {
    const exported =
      readPublicNames(readPackages())
        .get('@osi-linux/osi')
        ?.map(({ name }) => name) ?? [];
    expect(ours('Types').filter((name) => !exported.includes(name))).toEqual([]);
    expect(exported).toContain('classifyMapping');
  });

  it('names the arguments with their defaults', () => {
    const defaults = { ...osiLinux.parsePluginArguments() } as Record<string, unknown>;
    const rows = [
      ...section('Arguments of osi_linux').matchAll(/^\| `[^`]+` +\| `(\w+)` +\| `?([^`|]+?)`? +\|/gm),
    ];
    expect(rows.map(([, name = '', value]) => [name, value])).toEqual(
      ours('Arguments of osi_linux').map((name) => [name, String(defaults[name])]),
    );
    expect(rows).toHaveLength(PANDA_ARGUMENTS.length);
  });

  it('names commands that are there', () => {
    const commands = createProgram({} as Io).commands.map((command) => `osi-linux ${command.name()}`);
    expect(ours('osi_test').filter((name) => !commands.includes(name))).toEqual([]);
    expect(ours('osi_test')).toHaveLength(2);
  });
});

describe('docs/writing-a-provider.md', () => {
  const assertions = {
    equal: (received: unknown, expected: unknown, line: string) => expect(received, line).toEqual(expected),
    throws: (run: () => unknown, code: string, line: string) => {
      expect(() => run(), line).toThrow(expect.objectContaining({ code }));
    },
  };

  it('has a provider that works', async () => {
    const [code = ''] = readmeExamples(provider);
    const names = await importNames(readmeImports(code), (from) => import(/* @vite-ignore */ from));
    expect(runExample(code, { names, ...assertions })).toBeGreaterThan(8);
  });

  it('imports the OSI API and core alone', () => {
    const imports = readmeExamples(provider).flatMap((code) => readmeImports(code).map(({ from }) => from));
    expect(imports.sort()).toEqual(['@osi-linux/core', '@osi-linux/osi']);
  });
});
