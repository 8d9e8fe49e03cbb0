/**
 * A worker of `highwater fuzz`: has tsx read TypeScript in this thread too, then does the work of
 * fuzz-worker.ts.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
register({ tsconfig: join(root, 'tsconfig.json') });
await import('./fuzz-worker.ts');
