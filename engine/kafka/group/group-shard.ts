/**
 * What one partition of `__consumer_offsets` says: the groups that belong to it and their offsets.
 *
 * Not here: the log (`coordinator/`), what is done with a group (`join-group.ts`,
 * `member-requests.ts`, `offset-requests.ts`). Source: `GroupCoordinatorShard`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { GroupMetadataValue } from '../../wire/kafka/group-records.ts';
import type {
  CoordinatorShard,
  ReplayContext,
  ShardParts,
  ShardTimer,
} from '../coordinator/coordinator-shard.ts';
import { ClassicGroupMember } from './classic-group-member.ts';
import { ClassicGroup } from './classic-group.ts';
import type { GroupCoordinatorConfig } from './group-coordinator-config.ts';
import type { ConsumerGroups } from './consumer/consumer-groups.ts';
import {
  type GroupRecord,
  groupMetadataTombstone,
  isConsumerRecord,
  isShareRecord,
} from './group-record.ts';
import { JoinGroups } from './join-group.ts';
import { MemberRequests } from './member-requests.ts';
import { OffsetMetadata } from './offset-metadata.ts';
import { OffsetRequests } from './offset-requests.ts';
import { type GroupResult, Rebalance } from './rebalance.ts';
import type { ShareGroups } from './share/share-groups.ts';

/** Groups of other protocols than the classic one, where the coordinator has them. */
export interface MoreGroups {
  readonly consumer: ((timer: ShardTimer) => ConsumerGroups) | null;
  readonly share: ((timer: ShardTimer) => ShareGroups) | null;
}

const CLASSIC_ONLY: MoreGroups = { consumer: null, share: null };

const EXPIRATION_KEY = 'expire-group-metadata';

export class GroupShard implements CoordinatorShard<GroupRecord> {
  readonly #ports: Ports;
  readonly #config: GroupCoordinatorConfig;
  readonly #timer: ShardTimer;
  readonly #groups = new Map<string, ClassicGroup>();
  readonly #rebalance: Rebalance;
  readonly joins: JoinGroups;
  readonly members: MemberRequests;
  readonly offsets: OffsetMetadata;
  readonly offsetRequests: OffsetRequests;
  /** Null at a coordinator that does not know them. */
  readonly consumerGroups: ConsumerGroups | null;
  readonly shareGroups: ShareGroups | null;

  constructor(
    ports: Ports,
    config: GroupCoordinatorConfig,
    parts: ShardParts,
    more: MoreGroups = CLASSIC_ONLY,
  ) {
    const { index, timer, committedOffset } = parts;
    assert(index >= 0, 'a partition', { index });
    this.#ports = ports;
    this.#config = config;
    this.#timer = timer;
    this.consumerGroups = more.consumer?.(timer) ?? null;
    this.shareGroups = more.share?.(timer) ?? null;
    const get = (groupId: string): ClassicGroup | undefined => this.#groups.get(groupId);
    const create = (groupId: string): ClassicGroup => this.#create(groupId);
    const drop = (group: ClassicGroup): void => {
      if (group.state === 'Empty') this.#remove(group.groupId);
    };
    this.#rebalance = new Rebalance(ports, config, timer, get);
    const random = ports.random(`member-id-${index}`);
    this.joins = new JoinGroups(config, random, this.#rebalance, { get, create, drop });
    this.members = new MemberRequests(ports, this.#rebalance, get);
    this.offsets = new OffsetMetadata(committedOffset);
    const rebalance = this.#rebalance;
    const { consumerGroups } = this;
    const requestParts = { config, offsets: this.offsets, rebalance, group: get, consumerGroups };
    this.offsetRequests = new OffsetRequests(ports, requestParts);
  }

  get groups(): Iterable<ClassicGroup> {
    return this.#groups.values();
  }

  group(groupId: string): ClassicGroup | undefined {
    return this.#groups.get(groupId);
  }

  // -------------------------------------------------------------------------------------- records

  replay(record: GroupRecord, context: ReplayContext): void {
    if (isConsumerRecord(record)) {
      this.consumerGroups?.replay(record);
      return;
    }
    if (isShareRecord(record)) {
      this.shareGroups?.replay(record);
      return;
    }
    if (record.type === 'GroupMetadata') {
      this.#replayGroup(record.key.group, record.value);
      return;
    }
    const { group: groupId, topic, partition } = record.key;
    const { value } = record;
    // Who commits without being a member has a group without records.
    const known = this.#groups.has(groupId) || this.consumerGroups?.group(groupId) !== undefined;
    if (value !== null && !known) this.#create(groupId);
    const commit = value === null ? null : { ...OLDEST, ...value };
    this.offsets.replay(groupId, { topic, partition }, commit, context);
  }

  replayEndTransactionMarker(context: ReplayContext, committed: boolean): void {
    this.offsets.endTransaction(context.producerId, committed, context.offset);
  }

  #replayGroup(groupId: string, value: GroupMetadataValue | null): void {
    this.#remove(groupId);
    if (value === null) return;
    const group = this.#create(groupId);
    const protocolType = value.protocolType === '' ? null : value.protocolType;
    for (const stored of value.members) {
      const member = new ClassicGroupMember({
        memberId: stored.memberId,
        groupInstanceId: stored.groupInstanceId,
        clientId: stored.clientId,
        clientHost: stored.clientHost,
        protocolType: value.protocolType,
        // Records of version 0 have one timeout for both.
        rebalanceTimeoutMs:
          stored.rebalanceTimeout < 0 ? stored.sessionTimeout : stored.rebalanceTimeout,
        sessionTimeoutMs: stored.sessionTimeout,
        protocols: [{ name: value.protocol ?? '', metadata: copyOf(stored.subscription) }],
      });
      member.assignment = copyOf(stored.assignment);
      group.add(member, null);
    }
    group.restore({
      generationId: value.generation,
      protocolType,
      protocolName: value.protocol,
      leaderId: value.leader,
      currentStateTimestampMs: value.currentStateTimestamp,
    });
    assert(group.members.size === value.members.length, 'a member once', { groupId });
  }

  #create(groupId: string): ClassicGroup {
    assert(!this.#groups.has(groupId), 'made once', { groupId });
    const group = new ClassicGroup(this.#ports, groupId);
    this.#groups.set(groupId, group);
    return group;
  }

  #remove(groupId: string): void {
    const group = this.#groups.get(groupId);
    if (group === undefined) return;
    group.remove();
    this.#groups.delete(groupId);
  }

  // ----------------------------------------------------------------------------------------- life

  loaded(): void {
    for (const group of this.#groups.values()) this.#rebalance.loaded(group);
    this.consumerGroups?.loaded();
    this.shareGroups?.loaded();
    this.#scheduleExpiration();
  }

  unloaded(): void {
    this.consumerGroups?.unloaded();
    this.shareGroups?.unloaded();
    for (const group of this.#groups.values()) this.#rebalance.unloaded(group);
    this.#groups.clear();
    assert(this.#groups.size === 0, 'nothing is left');
  }

  #scheduleExpiration(): void {
    const checkMs = this.#config['offsets.retention.check.interval.ms'];
    this.#timer.schedule(EXPIRATION_KEY, checkMs, false, () => {
      this.#scheduleExpiration();
      const records = this.offsetRequests.expired([...this.#groups.keys()]);
      return { records, response: null };
    });
  }

  // ------------------------------------------------------------------------------------- deletion

  /** Deletes a group that has no members, and its offsets. The error of it, or NONE. */
  deleteGroup(groupId: string): GroupResult<number> {
    const group = this.#groups.get(groupId);
    const refuse = (response: number): GroupResult<number> => ({ records: [], response });
    const consumer = this.consumerGroups?.deleteGroup(groupId) ?? null;
    if (consumer !== null) {
      const offsets = consumer.response === 0 ? this.offsets.tombstonesOfGroup(groupId) : [];
      return { ...consumer, records: [...offsets, ...consumer.records] };
    }
    const share = this.shareGroups?.deleteGroup(groupId) ?? null;
    if (share !== null) return share;
    if (group === undefined || group.state === 'Dead') return refuse(ErrorCode.GROUP_ID_NOT_FOUND);
    if (group.state !== 'Empty') return refuse(ErrorCode.NON_EMPTY_GROUP);
    const records = [...this.offsets.tombstonesOfGroup(groupId), groupMetadataTombstone(groupId)];
    return { records, response: ErrorCode.NONE };
  }

  /** A topic is gone: so are the offsets in it. */
  topicDeleted(topic: string): GroupResult<null> {
    return { records: this.offsets.tombstonesOfTopic(topic), response: null };
  }
}

/** What the oldest format lacks. */
const OLDEST = { leaderEpoch: -1, expireTimestamp: -1 };

/** What a log gives is a view, good within the event. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return bytes.slice();
}
