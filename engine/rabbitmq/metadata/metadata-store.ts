/**
 * Where a release keeps its metadata: Khepri since it is the default, Mnesia before.
 *
 * Differs: what Mnesia has is not taken over when a node's release becomes one with Khepri.
 */
import type { Profile } from '../profiles.ts';
import { khepri } from './khepri/khepri-metadata.ts';
import type { MetadataStore } from './metadata.ts';
import { mnesia } from './mnesia/mnesia-metadata.ts';

export function metadataStoreOf({ switches }: Profile): MetadataStore {
  return switches.khepriIsDefault || switches.khepriOnly ? khepri : mnesia;
}
