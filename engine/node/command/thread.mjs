/**
 * The beginning of every thread: lets tsx read TypeScript, since a thread does not inherit what its
 * parent registered, then runs the module of this folder that `thread.ts` has named.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
register({ tsconfig: join(root, 'tsconfig.json') });
await import(`./${workerData.module}.ts`);
