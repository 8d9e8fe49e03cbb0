/**
 * A share consumer's requests to the leaders: one share session with each broker, one request at a
 * time in it. A ShareFetch brings the acknowledgements of earlier records along; ShareAcknowledge
 * brings them alone, or with the end of the session.
 *
 * Source: `ShareConsumeRequestManager`, `ShareSessionHandler`. Not here: when the application polls
 * (`share-consumer.ts`). Differences: an acknowledgement that fails is told and not tried again
 * (there some are, for as long as the call may take).
 */
import { assert } from '../../../kernel/assert.ts';
import type { Ports } from '../../../kernel/ports.ts';
import { type Micros, micros, microsOfMillis } from '../../../kernel/units.ts';
import { ErrorCode, errorName } from '../../../wire/kafka/errors.ts';
import {
  shareAcknowledge,
  type ShareAcknowledgeRequest,
  type ShareAcknowledgeResponse,
} from '../../../wire/kafka/messages/share-acknowledge.ts';
import {
  shareFetch,
  type ShareFetchRequest,
  type ShareFetchResponse,
} from '../../../wire/kafka/messages/share-fetch.ts';
import type { Reply, RequestChannel } from '../../network-client.ts';
import { CompletedFetch, type ConsumerRecord } from '../consumer/completed-fetch.ts';
import { fetchErrorTrace } from '../consumer/consumer-trace.ts';
import { type TopicPartition, topicPartitionText } from '../consumer/subscription-state.ts';
import { isInvalidMetadata } from '../invalid-metadata.ts';
import type { ClientMetadata } from '../metadata.ts';
import { Acknowledgements, type acknowledgeTypes } from './acknowledgements.ts';
import type { ShareConsumerConfig } from './share-config.ts';

const NEW_SESSION = 0;
const FINAL_EPOCH = -1;
const EPOCH_MAX = 0x7fffffff;

/** A record that the member has acquired. */
export interface ShareRecord extends ConsumerRecord {
  /** How often it was delivered, this time included. */
  readonly deliveryCount: number;
  /** The broker that handed it out, and that takes the acknowledgement. */
  readonly node: number;
}

/** What a broker answered to acknowledgements. */
export interface Acknowledged extends TopicPartition {
  readonly offsets: readonly number[];
  readonly accepted: readonly number[];
  /** NONE: they count. */
  readonly errorCode: number;
}

export interface ShareFetcherParts {
  readonly ports: Ports;
  readonly config: ShareConsumerConfig;
  readonly metadata: ClientMetadata;
  readonly memberId: string;
  changed(): void;
  wakeAt(at: Micros): void;
  acknowledged(result: Acknowledged): void;
}

/** What this consumer has with one broker. */
interface Session {
  epoch: number;
  /** Partitions that the broker fetches from without being told again. */
  readonly partitions: Map<string, TopicPartition>;
  /** To be sent, by partition. */
  acknowledgements: Map<string, { readonly at: TopicPartition; readonly of: Acknowledgements }>;
  inFlight: boolean;
  retryAt: Micros;
}

type Sent = Session['acknowledgements'];
type FetchedPartition = ShareFetchResponse['responses'][number]['partitions'][number];

export class ShareFetcher {
  private readonly parts: ShareFetcherParts;
  private readonly sessions = new Map<number, Session>();
  private assigned: readonly TopicPartition[] = [];
  private buffer: ShareRecord[] = [];

  constructor(parts: ShareFetcherParts) {
    assert(parts.memberId !== '', 'a member id');
    this.parts = parts;
  }

  get hasRecords(): boolean {
    return this.buffer.length > 0;
  }

  /** Whether an acknowledgement is waiting to be sent or to be answered. */
  get owesAcknowledgements(): boolean {
    return [...this.sessions.values()].some(
      ({ acknowledgements, inFlight }) => acknowledgements.size > 0 || inFlight,
    );
  }

  /** What the group has assigned: what was acquired of others stays. */
  assign(partitions: readonly TopicPartition[]): void {
    this.assigned = partitions;
  }

  /** At most so many of the records that have come. */
  collect(recordsMax: number): readonly ShareRecord[] {
    return this.buffer.splice(0, recordsMax);
  }

  /** To be sent with the next request to the broker that handed the record out. */
  acknowledge(
    { topic, partition, node, offset }: Pick<ShareRecord, 'node' | 'offset'> & TopicPartition,
    type: keyof typeof acknowledgeTypes,
  ): void {
    const session = this.sessionWith(node);
    const name = topicPartitionText({ topic, partition });
    const known = session.acknowledgements.get(name);
    const of = known?.of ?? new Acknowledgements();
    of.add(offset, type);
    session.acknowledgements.set(name, { at: { topic, partition }, of });
  }

  private sessionWith(node: number): Session {
    const known = this.sessions.get(node);
    if (known !== undefined) return known;
    const made: Session = {
      ...{ epoch: NEW_SESSION, partitions: new Map(), acknowledgements: new Map() },
      ...{ inFlight: false, retryAt: micros(0) },
    };
    this.sessions.set(node, made);
    return made;
  }

  // -------------------------------------------------------------------------------------- fetch

  /** Sends a ShareFetch to each broker that leads assigned partitions and owes no answer. */
  sendFetches(): void {
    const byNode = new Map<number, TopicPartition[]>();
    for (const at of this.assigned) {
      const leader = this.parts.metadata.leader(at.topic, at.partition);
      if (leader === null) this.parts.metadata.requestUpdate();
      else byNode.set(leader.id, [...(byNode.get(leader.id) ?? []), at]);
    }
    for (const [node, session] of this.sessions) {
      const isNeeded = session.acknowledgements.size > 0 || session.partitions.size > 0;
      if (!byNode.has(node) && isNeeded) byNode.set(node, []);
    }
    for (const [node, partitions] of byNode) this.sendFetch(node, partitions);
  }

  private sendFetch(node: number, partitions: readonly TopicPartition[]): void {
    const session = this.sessionWith(node);
    const channel = this.channelOf(node, session);
    if (channel === null) return;
    const { config, memberId } = this.parts;
    const sent = this.takeAcknowledgements(session);
    const wanted = new Map(partitions.map((at) => [topicPartitionText(at), at]));
    const forgotten = [...session.partitions].filter(([name]) => !wanted.has(name));
    const added = [...wanted].filter(([name]) => !session.partitions.has(name));
    const nothing = added.length === 0 && session.partitions.size === 0 && sent.size === 0;
    if (nothing) return;
    for (const [name] of forgotten) session.partitions.delete(name);
    for (const [name, at] of added) session.partitions.set(name, at);
    const body: ShareFetchRequest = {
      groupId: config['group.id'],
      memberId,
      shareSessionEpoch: session.epoch,
      maxWaitMs: config['fetch.max.wait.ms'],
      minBytes: config['fetch.min.bytes'],
      maxBytes: config['fetch.max.bytes'],
      maxRecords: config['max.poll.records'],
      batchSize: config['max.poll.records'],
      topics: this.topicsOf(
        added.map(([, at]) => at),
        sent,
      ),
      forgottenTopicsData: this.topicsOf(
        forgotten.map(([, at]) => at),
        new Map(),
      ).map(({ topicId, partitions: ones }) => {
        return { topicId, partitions: ones.map(({ partitionIndex }) => partitionIndex) };
      }),
    };
    this.begin(session);
    channel.send(shareFetch.key, shareFetch.versionMax, body, (reply) => {
      this.fetched(node, session, sent, reply);
      this.parts.changed();
    });
  }

  /** Null while a request is under way, or none may be sent. */
  private channelOf(node: number, session: Session): RequestChannel | null {
    const { metadata, ports, wakeAt } = this.parts;
    if (session.inFlight) return null;
    if (ports.clock.now() < session.retryAt) {
      wakeAt(session.retryAt);
      return null;
    }
    const channel = metadata.channelTo(node);
    if (channel === null) {
      this.lose(session, ErrorCode.NETWORK_EXCEPTION);
      metadata.requestUpdate();
      return null;
    }
    return channel.ready() ? channel : null;
  }

  private begin(session: Session): void {
    assert(!session.inFlight, 'one request a session', { epoch: session.epoch });
    session.inFlight = true;
    session.epoch = session.epoch === EPOCH_MAX ? NEW_SESSION + 1 : session.epoch + 1;
  }

  /** What is sent now. In the first request of a session there can be none: they are lost. */
  private takeAcknowledgements(session: Session): Sent {
    const sent = session.acknowledgements;
    session.acknowledgements = new Map();
    if (session.epoch !== NEW_SESSION) return sent;
    this.tell(sent, () => ErrorCode.INVALID_SHARE_SESSION_EPOCH);
    return new Map();
  }

  /** Partitions by topic id, with the acknowledgements for them. */
  private topicsOf(partitions: readonly TopicPartition[], sent: Sent) {
    const all = new Map(partitions.map((at) => [topicPartitionText(at), at]));
    for (const [name, { at }] of sent) all.set(name, at);
    const topics = new Map<string, ShareFetchRequest['topics'][number]['partitions'][number][]>();
    for (const [name, { topic, partition: partitionIndex }] of all) {
      const topicId = this.parts.metadata.topicId(topic);
      const ones = topics.get(topicId) ?? [];
      topics.set(topicId, ones);
      ones.push({ partitionIndex, acknowledgementBatches: sent.get(name)?.of.batches() ?? [] });
    }
    return [...topics].map(([topicId, ones]) => ({ topicId, partitions: ones }));
  }

  /** The response; null if there is none or it is an error as a whole: the session ends. */
  private responded<R extends { readonly errorCode: number }>(
    session: Session,
    sent: Sent,
    reply: Reply,
  ): R | null {
    session.inFlight = false;
    const response = reply.ok ? (reply.body as R) : null;
    const errorCode = response?.errorCode ?? ErrorCode.NETWORK_EXCEPTION;
    if (errorCode === ErrorCode.NONE) return response;
    this.tell(sent, () => errorCode);
    this.lose(session, errorCode);
    return null;
  }

  private fetched(node: number, session: Session, sent: Sent, reply: Reply): void {
    const response = this.responded<ShareFetchResponse>(session, sent, reply);
    if (response === null) return;
    const errors = new Map<string, number>();
    for (const { topicId, partitions } of response.responses) {
      const topic = this.parts.metadata.topicName(topicId);
      if (topic === null) continue;
      for (const one of partitions) {
        const at = { topic, partition: one.partitionIndex };
        errors.set(topicPartitionText(at), one.acknowledgeErrorCode);
        this.take(node, session, at, one);
      }
    }
    this.tell(sent, (name) => errors.get(name) ?? ErrorCode.NONE);
  }

  private take(node: number, session: Session, at: TopicPartition, one: FetchedPartition): void {
    const { errorCode, records, acquiredRecords } = one;
    if (errorCode !== ErrorCode.NONE) {
      const partition = topicPartitionText(at);
      const error = errorName(errorCode);
      this.parts.ports.trace.record(fetchErrorTrace, { partition, offset: -1, error });
      if (isInvalidMetadata(errorCode)) this.parts.metadata.requestUpdate();
      session.partitions.delete(partition);
      this.backOff(session);
      return;
    }
    const first = acquiredRecords[0]?.firstOffset;
    if (first === undefined) return;
    const checksCrcs = this.parts.config['check.crcs'];
    const data = { partition: at, fetchOffset: first, records, abortedTransactions: null };
    const found = new Map(
      new CompletedFetch({ ...data, checksCrcs })
        .take(Number.MAX_SAFE_INTEGER)
        .map((record) => [record.offset, record]),
    );
    for (const { firstOffset, lastOffset, deliveryCount } of acquiredRecords) {
      for (let offset = firstOffset; offset <= lastOffset; offset++) {
        const record = found.get(offset);
        if (record === undefined) this.acknowledge({ ...at, node, offset }, 'gap');
        else this.buffer.push({ ...record, deliveryCount, node });
      }
    }
  }

  // -------------------------------------------------------------------------- acknowledgements

  /** Sends what is to be said without fetching. */
  sendAcknowledgements(): void {
    for (const [node, session] of this.sessions) {
      if (session.acknowledgements.size > 0) this.sendAcknowledge(node, session, false);
    }
  }

  /** Ends all sessions, with what is left to be said; false while one must be waited for. */
  closeSessions(): boolean {
    let isDone = true;
    for (const [node, session] of this.sessions) {
      if (session.epoch === NEW_SESSION && !session.inFlight) {
        this.takeAcknowledgements(session);
        continue;
      }
      isDone = false;
      if (session.epoch !== FINAL_EPOCH) this.sendAcknowledge(node, session, true);
    }
    return isDone;
  }

  private sendAcknowledge(node: number, session: Session, isFinal: boolean): void {
    const channel = this.channelOf(node, session);
    if (channel === null) {
      // A broker that is gone has ended the session itself.
      if (isFinal && !session.inFlight) this.lose(session, ErrorCode.NETWORK_EXCEPTION);
      return;
    }
    const sent = this.takeAcknowledgements(session);
    if (sent.size === 0 && !isFinal) return;
    const { config, memberId } = this.parts;
    const body: ShareAcknowledgeRequest = {
      groupId: config['group.id'],
      memberId,
      shareSessionEpoch: isFinal ? FINAL_EPOCH : session.epoch,
      topics: this.topicsOf([], sent),
    };
    this.begin(session);
    if (isFinal) session.epoch = FINAL_EPOCH;
    channel.send(shareAcknowledge.key, shareAcknowledge.versionMax, body, (reply) => {
      this.answered(session, sent, reply);
      if (isFinal) this.lose(session, ErrorCode.SHARE_SESSION_NOT_FOUND);
      this.parts.changed();
    });
  }

  private answered(session: Session, sent: Sent, reply: Reply): void {
    const response = this.responded<ShareAcknowledgeResponse>(session, sent, reply);
    if (response === null) return;
    const errors = new Map<string, number>();
    for (const { topicId, partitions } of response.responses) {
      const topic = this.parts.metadata.topicName(topicId);
      if (topic === null) continue;
      for (const { partitionIndex: partition, errorCode: code } of partitions) {
        errors.set(topicPartitionText({ topic, partition }), code);
      }
    }
    this.tell(sent, (name) => errors.get(name) ?? ErrorCode.NONE);
  }

  /** The session is gone on the broker's side, or may be: the next request opens a new one. */
  private lose(session: Session, errorCode: number): void {
    assert(errorCode !== ErrorCode.NONE, 'an error');
    session.epoch = NEW_SESSION;
    session.partitions.clear();
    this.tell(session.acknowledgements, () => errorCode);
    session.acknowledgements = new Map();
    this.backOff(session);
  }

  private backOff(session: Session): void {
    const { ports, config, wakeAt } = this.parts;
    const wait = Math.max(1, microsOfMillis(config['retry.backoff.ms']));
    session.retryAt = micros(ports.clock.now() + wait);
    wakeAt(session.retryAt);
  }

  private tell(sent: Sent, errorOf: (name: string) => number): void {
    for (const [name, { at, of }] of sent) {
      const { offsets, accepted } = of;
      const errorCode = errorOf(name);
      if (isInvalidMetadata(errorCode)) this.parts.metadata.requestUpdate();
      this.parts.acknowledged({ ...at, offsets, accepted, errorCode });
    }
  }
}
