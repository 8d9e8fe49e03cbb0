/**
 * The APIs of share groups (KIP-932), which are known to the codecs (`apiOf`) once this file is
 * imported: by the broker's module, by a share consumer.
 */
import type { Api } from './api.ts';
import { shareAcknowledge } from './messages/share-acknowledge.ts';
import { shareFetch } from './messages/share-fetch.ts';
import { shareGroupDescribe } from './messages/share-group-describe.ts';
import { shareGroupHeartbeat } from './messages/share-group-heartbeat.ts';
import {
  deleteShareGroupState,
  initializeShareGroupState,
  readShareGroupState,
  readShareGroupStateSummary,
  writeShareGroupState,
} from './messages/share-group-state.ts';

/** By ascending key. */
export const shareApis: readonly Api[] = Object.freeze([
  shareGroupHeartbeat,
  shareGroupDescribe,
  shareFetch,
  shareAcknowledge,
  initializeShareGroupState,
  readShareGroupState,
  writeShareGroupState,
  deleteShareGroupState,
  readShareGroupStateSummary,
]);
