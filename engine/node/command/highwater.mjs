#!/usr/bin/env node
/**
 * The launcher of the command `highwater` from a clone: sets up what is missing, then runs
 * main.ts, whose TypeScript tsx reads. The command itself is main.ts.
 */
import { register as registerLoader } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp } from './set-up.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
// who reads no further, as head does, has seen enough
process.stdout.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
if (setUp(root)) {
  const { register } = await import('tsx/esm/api');
  register({ tsconfig: join(root, 'tsconfig.json') });
  registerLoader('./plain-names.mjs', import.meta.url);
  const { main } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2));
} else {
  process.exitCode = 1;
}
