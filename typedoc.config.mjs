// The API reference: `pnpm api` writes it into api/. Every export of every package has to be documented.
import { existsSync, readdirSync } from 'node:fs';

const folders = readdirSync('packages').filter((name) => existsSync(`packages/${name}/package.json`));
const rooms = ['index.ts', 'node/index.ts'];

export default {
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
  validation: { notExported: true, invalidLink: true, notDocumented: true },
  treatWarningsAsErrors: true,
};
