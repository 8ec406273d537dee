import { fileURLToPath } from 'node:url';

// The build copies the repository's file beside the program.
const place = import.meta.url.endsWith('.ts') ? '../../../../kernelinfo.conf' : 'kernelinfo.conf';

/** Path of the `kernelinfo.conf` that comes with the commands. */
export const shippedKeyFile = fileURLToPath(new URL(place, import.meta.url));
