import { runMain } from '../terminal/main';
import { createProgram } from './program';

await runMain((io) => createProgram(io).parseAsync(process.argv));
