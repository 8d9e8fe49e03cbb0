/**
 * Offsets by time for the admin client: each partition's leader is asked, and asked again while the
 * leader moves or cannot say.
 *
 * Not here: the reset of a consumer's position (`consumer/offset-fetcher.ts`), which has states.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports, TimerId } from '../../kernel/ports.ts';
import { type Micros, micros, microsOfMillis } from '../../kernel/units.ts';
import { ErrorCode, isRetriable } from '../../wire/kafka/errors.ts';
import {
  listOffsets as listOffsetsApi,
  type ListOffsetsRequest,
  type ListOffsetsResponse,
} from '../../wire/kafka/messages/list-offsets.ts';
import type { RequestChannel } from '../network-client.ts';
import type { Admin, AdminPart, AdminPartFactory } from './admin.ts';
import type { AdminCallback } from './admin-call.ts';
import { type TopicPartition, topicPartitionText } from './consumer/subscription-state.ts';
import type { ClientMetadata } from './metadata.ts';

/** The first offset, the next one to be written, the one of the largest timestamp, or by time. */
export interface OffsetQuery extends TopicPartition {
  readonly at: 'earliest' | 'latest' | 'max-timestamp' | number;
  /** For `latest`: up to the last stable offset instead of the high watermark. */
  readonly readCommitted?: boolean;
}

export interface ListedOffset extends TopicPartition {
  readonly errorCode: number;
  /** -1: no record is that young. */
  readonly offset: number;
  readonly timestamp: number;
  readonly leaderEpoch: number;
}
type OffsetsListed = readonly ListedOffset[];

const TIMESTAMPS = { earliest: -2, latest: -1, 'max-timestamp': -3 } as const;
const UNKNOWN = { offset: -1, timestamp: -1, leaderEpoch: -1 } as const;

interface Question {
  readonly query: OffsetQuery;
  answer: ListedOffset | null;
  lastError: number;
  asking: boolean;
  retryAt: Micros;
}

interface Listing {
  readonly questions: readonly Question[];
  readonly deadline: Micros;
  readonly done: (listed: OffsetsListed) => void;
}

/** Asks through an admin client; the value has one entry a query. */
export function listOffsets(
  admin: Admin,
  queries: readonly OffsetQuery[],
  done: AdminCallback<OffsetsListed>,
): void {
  const deadline = admin.calls.deadline();
  admin.part(offsetsByLeader).list(queries, deadline, (listed) => {
    const failed = listed.find(({ errorCode }) => errorCode !== ErrorCode.NONE);
    if (failed === undefined) done({ ok: true, value: listed });
    else done({ ok: false, errorCode: failed.errorCode, message: '', value: listed });
  });
}

const offsetsByLeader: AdminPartFactory<OffsetsByLeader> = (ports, metadata, config) =>
  new OffsetsByLeader(ports, metadata, config['retry.backoff.ms']);

class OffsetsByLeader implements AdminPart {
  private readonly ports: Ports;
  private readonly metadata: ClientMetadata;
  private readonly retryBackoffMs: number;
  private listings: Listing[] = [];
  private timer: TimerId | null = null;

  constructor(ports: Ports, metadata: ClientMetadata, retryBackoffMs: number) {
    this.ports = ports;
    this.metadata = metadata;
    this.retryBackoffMs = retryBackoffMs;
  }

  /** Asks; `done` with one entry a query, in their order, at the deadline at the latest. */
  list(queries: readonly OffsetQuery[], deadline: Micros, done: Listing['done']): void {
    assert(queries.length > 0, 'something to ask');
    for (const { topic } of queries) this.metadata.add(topic);
    const questions = queries.map((query) => ({
      query,
      answer: null,
      lastError: ErrorCode.REQUEST_TIMED_OUT as number,
      asking: false,
      retryAt: micros(0),
    }));
    this.listings.push({ questions, deadline, done });
    this.turn();
  }

  /** Asks what can be asked now. */
  turn(): void {
    const now = this.ports.clock.now();
    const over: Listing[] = [];
    for (const listing of this.listings) {
      const open = listing.questions.filter(({ answer }) => answer === null);
      if (open.length === 0 || listing.deadline <= now) over.push(listing);
      else this.ask(open, now);
    }
    this.listings = this.listings.filter((listing) => !over.includes(listing));
    for (const { questions, done } of over) {
      for (const { query, answer } of questions) {
        if (answer === null) this.metadata.forget(query.topic);
      }
      done(questions.map(({ query, answer, lastError }) => answer ?? failed(query, lastError)));
    }
    if (this.listings.length > 0 && this.timer === null) this.lookAgainLater();
  }

  private lookAgainLater(): void {
    const wait = microsOfMillis(Math.max(1, this.retryBackoffMs));
    this.timer = this.ports.clock.after(wait, 'retry.backoff.ms', () => {
      this.timer = null;
      this.turn();
    });
  }

  private ask(questions: readonly Question[], now: Micros): void {
    const plan = new Map<RequestChannel, Question[][]>();
    for (const question of questions) {
      const { topic, partition } = question.query;
      if (question.asking || question.retryAt > now) continue;
      const leader = this.metadata.leader(topic, partition);
      const channel = leader === null ? null : this.metadata.channelTo(leader.id);
      if (channel === null) {
        this.unanswered(question, this.unknownError(topic));
      } else if (channel.ready()) {
        const requests = plan.get(channel) ?? [];
        const fitting = requests.find((asked) => asked.every((other) => fits(other, question)));
        if (fitting === undefined) requests.push([question]);
        else fitting.push(question);
        plan.set(channel, requests);
      }
    }
    for (const [channel, requests] of plan) {
      for (const asked of requests) this.send(channel, asked);
    }
  }

  private unknownError(topic: string): number {
    const topicError = this.metadata.topicError(topic);
    return topicError === ErrorCode.NONE ? ErrorCode.LEADER_NOT_AVAILABLE : topicError;
  }

  private send(channel: RequestChannel, asked: readonly Question[]): void {
    const topics = new Map<string, ListOffsetsRequest['topics'][number]['partitions'][number][]>();
    for (const question of asked) {
      const { topic, partition, at } = question.query;
      const timestamp = typeof at === 'number' ? at : TIMESTAMPS[at];
      const currentLeaderEpoch = this.metadata.leader(topic, partition)?.epoch ?? -1;
      const partitions = topics.get(topic) ?? [];
      partitions.push({ partitionIndex: partition, currentLeaderEpoch, timestamp });
      topics.set(topic, partitions);
      question.asking = true;
    }
    const body: ListOffsetsRequest = {
      replicaId: -1,
      isolationLevel: asked.some(({ query }) => query.readCommitted === true) ? 1 : 0,
      topics: [...topics].map(([name, partitions]) => ({ name, partitions })),
      timeoutMs: 30_000,
    };
    channel.send(listOffsetsApi.key, listOffsetsApi.versionMax, body, (reply) => {
      const told = new Map<string, ListedOffset>();
      const response = reply.ok ? (reply.body as ListOffsetsResponse) : null;
      for (const { name: topic, partitions } of response?.topics ?? []) {
        for (const { partitionIndex: partition, ...rest } of partitions) {
          told.set(topicPartitionText({ topic, partition }), { topic, partition, ...rest });
        }
      }
      for (const question of asked)
        this.take(question, told.get(topicPartitionText(question.query)));
      this.turn();
    });
  }

  private take(question: Question, told: ListedOffset | undefined): void {
    assert(question.asking && question.answer === null, 'asked once', { ...question.query });
    question.asking = false;
    if (told === undefined) this.unanswered(question, ErrorCode.NETWORK_EXCEPTION);
    else if (isRetriable(told.errorCode)) this.unanswered(question, told.errorCode);
    else question.answer = told;
  }

  private unanswered(question: Question, errorCode: number): void {
    question.lastError = errorCode;
    const wait = microsOfMillis(this.retryBackoffMs);
    question.retryAt = micros(this.ports.clock.now() + wait);
    this.metadata.requestUpdate();
  }
}

/** A request asks once about a partition, and under one isolation level. */
function fits({ query: left }: Question, { query: right }: Question): boolean {
  const samePartition = left.topic === right.topic && left.partition === right.partition;
  return !samePartition && (left.readCommitted ?? false) === (right.readCommitted ?? false);
}

function failed({ topic, partition }: OffsetQuery, errorCode: number): ListedOffset {
  assert(errorCode !== ErrorCode.NONE, 'a reason', { errorCode });
  return { topic, partition, errorCode, ...UNKNOWN };
}
