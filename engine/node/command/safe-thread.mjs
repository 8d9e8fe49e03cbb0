/**
 * A thread of `highwater safe`: lets tsx read TypeScript, then runs safe-thread.ts. A thread does
 * not inherit what its parent registered.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
register({ tsconfig: join(root, 'tsconfig.json') });
await import('./safe-thread.ts');
