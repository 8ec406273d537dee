// The API reference: `pnpm api` writes it into api/. Every export of every package has to be documented.
import { existsSync, readdirSync } from 'node:fs';
import { Converter } from 'typedoc';

const folders = readdirSync('packages').filter((name) => existsSync(`packages/${name}/package.json`));
const rooms = ['index.ts', 'node/index.ts'];

/** Names each entry point as it is imported, `@osi-linux/memory/node`, instead of by its folder, `memory/src/node`. */
function nameAsImported({ converter }) {
  converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const entry of project.children ?? []) {
      const [name, source, ...subpath] = entry.name.split('/');
      if (!folders.includes(name) || source !== 'src') throw new Error(`not an entry point: ${entry.name}`);
      entry.name = ['@osi-linux', name, ...subpath].join('/');
    }
  });
}

export default {
  plugin: [nameAsImported],
  name: 'osi-linux',
  readme: 'none',
  tsconfig: 'tsconfig.api.json',
  entryPoints: folders.flatMap((name) =>
    rooms.map((room) => `packages/${name}/src/${room}`).filter((path) => existsSync(path)),
  ),
  out: 'api',
  excludePrivate: true,
  disableSources: true,
  packagesRequiringDocumentation: folders.map((name) => `@osi-linux/${name}`),
  // Made by the compiler; its type's own comment describes it.
  intentionallyNotDocumented: ['@osi-linux/guest.GuestDisposal.__type.dispose'],
  validation: { notExported: true, invalidLink: true, notDocumented: true },
  treatWarningsAsErrors: true,
};
