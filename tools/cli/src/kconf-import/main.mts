import { runMain } from '../terminal/main';
import { processInput } from './input';
import { run } from './run';

void runMain((io) => run(process.argv.slice(2), io, processInput));
