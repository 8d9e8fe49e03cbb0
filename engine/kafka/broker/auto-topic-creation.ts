/**
 * Topics that come into being because somebody asked for them (`auto.create.topics.enable`), or
 * for a coordinator that keeps its state in them.
 *
 * Not here: when that is (`api/03-metadata.ts`, `coordinator/find-coordinator.ts`), the making
 * (`controller/create-topics.ts`).
 * Source: `kafka.server.DefaultAutoTopicCreationManager`: a topic is asked for once at a time, and
 * whoever asked gets UNKNOWN_TOPIC_OR_PARTITION and tries again.
 */
import { assert } from '../../kernel/assert.ts';
import {
  type CreateTopicsRequest,
  type CreateTopicsResponse,
  createTopics,
} from '../../wire/kafka/messages/create-topics.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { BrokerSettings } from './broker-config.ts';
import type { Forwarding } from './forwarding.ts';

export type CreatableTopic = CreateTopicsRequest['topics'][number];

export class AutoTopicCreation {
  readonly #forwarding: Forwarding;
  readonly #settings: BrokerSettings;
  readonly #inFlight = new Set<string>();
  readonly #internal = new Map<string, CreatableTopic>();

  constructor(forwarding: Forwarding, settings: BrokerSettings) {
    this.#forwarding = forwarding;
    this.#settings = settings;
  }

  /** Says how a topic is to be made that is not as `num.partitions` and the like have it. */
  internalTopic(topic: CreatableTopic): void {
    assert(!this.#internal.has(topic.name), 'said once', { topic: topic.name });
    this.#internal.set(topic.name, topic);
  }

  /** Asks the controller for topics that are not being made already. */
  create(topics: readonly string[]): void {
    const wanted = topics.filter((topic) => !this.#inFlight.has(topic));
    if (wanted.length === 0) return;
    for (const topic of wanted) this.#inFlight.add(topic);
    const body: CreateTopicsRequest = {
      topics: wanted.map((name) => this.#internal.get(name) ?? this.#plainTopic(name)),
      timeoutMs: this.#settings['request.timeout.ms'],
      validateOnly: false,
    };
    this.#forwarding.forward(createTopics, body, isNotController, () => {
      for (const topic of wanted) {
        assert(this.#inFlight.delete(topic), 'asked for once', { topic });
      }
    });
  }

  #plainTopic(name: string): CreatableTopic {
    return {
      name,
      numPartitions: this.#settings['num.partitions'],
      replicationFactor: this.#settings['default.replication.factor'],
      assignments: [],
      configs: [],
    };
  }
}

function isNotController(response: CreateTopicsResponse): boolean {
  return response.topics.some(({ errorCode }) => errorCode === ErrorCode.NOT_CONTROLLER);
}
