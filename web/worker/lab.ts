/**
 * The page's way to the worker. The worker is started by the first call, and there is one for the
 * whole page.
 */
import { wrap, type Remote } from 'comlink';
import type { Lab } from './lab.worker.ts';

let remote: Remote<Lab> | undefined;

export function lab(): Remote<Lab> {
  remote ??= wrap<Lab>(
    new Worker(new URL('./lab.worker.ts', import.meta.url), { type: 'module', name: 'lab' }),
  );
  return remote;
}
