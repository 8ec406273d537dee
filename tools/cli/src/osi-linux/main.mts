import { runMain } from '../terminal/main';
import { createProgram } from './program';

void runMain((io) => createProgram(io, process.argv[2]).parseAsync(process.argv));
