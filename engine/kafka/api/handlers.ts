/**
 * The APIs that every broker answers. What modules add (`broker/broker-module.ts`), administration
 * among them, is not here.
 */
import { assert } from '../../kernel/assert.ts';
import { produceHandler } from './00-produce.ts';
import { fetchHandler } from './01-fetch.ts';
import { listOffsetsHandler } from './02-list-offsets.ts';
import { metadataHandler } from './03-metadata.ts';
import { findCoordinatorHandler } from './10-find-coordinator.ts';
import { apiVersionsHandler } from './18-api-versions.ts';
import { createTopicsHandler } from './19-create-topics.ts';
import { initProducerIdHandler } from './22-init-producer-id.ts';
import { offsetForLeaderEpochHandler } from './23-offset-for-leader-epoch.ts';
import type { ApiHandler } from './api-handler.ts';

const all: readonly ApiHandler[] = [
  produceHandler,
  fetchHandler,
  listOffsetsHandler,
  metadataHandler,
  findCoordinatorHandler,
  apiVersionsHandler,
  createTopicsHandler,
  initProducerIdHandler,
  offsetForLeaderEpochHandler,
];

/** By API key, in order. A handler that is added goes before the broker's own. */
export function apiHandlers(added: readonly ApiHandler[]): ReadonlyMap<number, ApiHandler> {
  const byKey = new Map([...all, ...added].map((handler) => [handler.api.key, handler]));
  assert(byKey.size >= all.length, 'one handler an API', { count: all.length });
  return new Map([...byKey].sort(([left], [right]) => left - right));
}
