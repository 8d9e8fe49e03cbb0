/**
 * The APIs that the controller answers, by key. Source: `kafka.server.ControllerApis`.
 *
 * Those that only administrators ask for are handed in (`administration.ts`), so that a lesson
 * without them does not carry them. Not here: the decisions themselves (`alter-partition.ts`,
 * `create-topics.ts` ...).
 */
import { assert } from '../../kernel/assert.ts';
import type { Api } from '../../wire/kafka/api.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  allocateProducerIds,
  type AllocateProducerIdsRequest,
} from '../../wire/kafka/messages/allocate-producer-ids.ts';
import { alterPartition } from '../../wire/kafka/messages/alter-partition.ts';
import { apiVersions, apiVersionsResponse } from '../../wire/kafka/messages/api-versions.ts';
import { brokerHeartbeat } from '../../wire/kafka/messages/broker-heartbeat.ts';
import { brokerRegistration } from '../../wire/kafka/messages/broker-registration.ts';
import { createTopics } from '../../wire/kafka/messages/create-topics.ts';
import { fetch } from '../../wire/kafka/messages/fetch.ts';
import { defaults } from '../../wire/kafka/schema.ts';
import type { ControllerRequest } from './controller-connection.ts';
import type { MetadataFetches } from './metadata-fetch.ts';
import { allocateBlock } from './producer-ids.ts';
import type { QuorumController } from './quorum-controller.ts';

interface ControllerParts {
  readonly active: QuorumController;
  readonly fetches: MetadataFetches;
}

type Answer = (parts: ControllerParts, request: ControllerRequest) => void;

/** Who decides, whatever keeps the metadata: the active controller, as these answers need it. */
export type Decider = Pick<
  QuorumController,
  'view' | 'placement' | 'decide' | 'createTopics' | 'alterPartition'
>;

/** What clients and leaders ask of a controller: the same with and without a quorum. */
export interface Decision {
  readonly api: Api;
  readonly decide: (active: Decider, request: ControllerRequest) => void;
}

const everyDecision: readonly Decision[] = [
  { api: createTopics as Api, decide: (active, request) => active.createTopics(request) },
  { api: alterPartition as Api, decide: (active, request) => active.alterPartition(request) },
  {
    api: allocateProducerIds as Api,
    decide: (active, request) => {
      const body = request.body as AllocateProducerIdsRequest;
      active.decide(request, allocateBlock(active.view, body));
    },
  },
];

const own: readonly { readonly api: Api; readonly answer: Answer }[] = [
  { api: fetch as Api, answer: ({ fetches }, request) => fetches.fetch(request) },
  {
    api: brokerRegistration as Api,
    answer: ({ active }, request) => active.registerBroker(request),
  },
  { api: brokerHeartbeat as Api, answer: ({ active }, request) => active.heartbeat(request) },
];

/** What a controller answers. */
export interface ControllerApis {
  /** What it decides, by key: with and without a quorum. */
  readonly decisions: ReadonlyMap<number, Decision['decide']>;
  /** All that an active controller answers, by key. */
  readonly answers: ReadonlyMap<number, Answer>;
  /** What ApiVersions tells of, in the order of the keys. */
  readonly spoken: readonly Api[];
}

/** With the decisions that are handed in. */
export function controllerApis(more: readonly Decision[]): ControllerApis {
  const decisions = [...everyDecision, ...more];
  const spoken = [apiVersions as Api, ...[...own, ...decisions].map(({ api }) => api)];
  spoken.sort((left, right) => left.key - right.key);
  const answers = new Map<number, Answer>([
    [apiVersions.key, (_parts, request) => answerApiVersions(request, spoken)],
    ...own.map(({ api, answer }) => [api.key, answer] as const),
    ...decisions.map(({ api, decide }): [number, Answer] => [
      api.key,
      ({ active }, request) => decide(active, request),
    ]),
  ]);
  assert(answers.size === spoken.length, 'one answer an API', { keys: spoken.map((a) => a.key) });
  const byKey = new Map(decisions.map(({ api, decide }) => [api.key, decide]));
  return { decisions: byKey, answers, spoken };
}

/** KIP-511: an unknown version is answered in version 0, so that the client can try again. */
export function answerApiVersions(request: ControllerRequest, spoken: readonly Api[]): void {
  assert(request.apiKey === apiVersions.key, 'asked for versions', { apiKey: request.apiKey });
  const known = request.apiVersion <= apiVersions.versionMax;
  const apiKeys = spoken.map((api) => ({
    apiKey: api.key,
    minVersion: api.versionMin,
    maxVersion: api.versionMax,
  }));
  const errorCode = known ? ErrorCode.NONE : ErrorCode.UNSUPPORTED_VERSION;
  const body = { ...defaults(apiVersionsResponse), errorCode, apiKeys };
  request.respond(body, known ? request.apiVersion : 0);
}
