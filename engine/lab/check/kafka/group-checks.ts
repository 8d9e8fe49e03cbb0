/**
 * The invariants of groups, judged on the wire: K30 (only members of the current generation are
 * granted anything), K31 (one owner a partition), K32 (generations, leaders, one assignment), K33
 * (what was committed is what is read).
 *
 * A coordinator is one broker in one life of its process and one leader epoch of the group's
 * partition: what the log did not keep, the next one may tell again. Offsets in a transaction need
 * not say whose they are; then they are those of the member on the same host (KIP-447).
 * Not here: what is compared (`group-ledger.ts`), K34 (whoever processes records tells).
 */
import { Broker } from '../../../kafka/broker.ts';
import { partitionFor } from '../../../kafka/coordinator/partition-for.ts';
import { ErrorCode } from '../../../wire/kafka/errors.ts';
import type { KafkaMessage, KafkaRequest, KafkaResponse } from '../../../wire/kafka/frame.ts';
import { deleteGroups } from '../../../wire/kafka/messages/delete-groups.ts';
import {
  type HeartbeatRequest,
  type HeartbeatResponse,
  heartbeat,
} from '../../../wire/kafka/messages/heartbeat.ts';
import {
  type JoinGroupRequest,
  type JoinGroupResponse,
  joinGroup,
} from '../../../wire/kafka/messages/join-group.ts';
import {
  type OffsetCommitRequest,
  type OffsetCommitResponse,
  offsetCommit,
} from '../../../wire/kafka/messages/offset-commit.ts';
import {
  type OffsetDeleteRequest,
  offsetDelete,
} from '../../../wire/kafka/messages/offset-delete.ts';
import {
  type OffsetFetchRequest,
  type OffsetFetchResponse,
  offsetFetch,
} from '../../../wire/kafka/messages/offset-fetch.ts';
import {
  type SyncGroupRequest,
  type SyncGroupResponse,
  syncGroup,
} from '../../../wire/kafka/messages/sync-group.ts';
import {
  type TxnOffsetCommitRequest,
  type TxnOffsetCommitResponse,
  txnOffsetCommit,
} from '../../../wire/kafka/messages/txn-offset-commit.ts';
import type { SimEndpoint } from '../../../sim/endpoint.ts';
import { GroupLedger, type NotedCommit, type SentClaim } from './group-ledger.ts';

const GROUP_METADATA_TOPIC = '__consumer_offsets';
/** From here on topics have ids in place of names, which are not followed here. */
const TOPIC_IDS_SINCE = 10;
const GROUPS_SINCE = 8;

export type GroupInvariant = 'K30' | 'K31' | 'K32' | 'K33';

/** A request that waits for its response. */
interface Asked {
  /** The client. */
  readonly host: string;
  readonly request: KafkaRequest;
  readonly claim: SentClaim | null;
  readonly commits: ReadonlyMap<string, NotedCommit>;
  /** Messages that had passed when it was sent. */
  readonly at: number;
}

const KEPT: ReadonlySet<number> = new Set([
  joinGroup.key,
  syncGroup.key,
  heartbeat.key,
  offsetCommit.key,
  offsetFetch.key,
  txnOffsetCommit.key,
]);

export class GroupChecks {
  readonly #found = new Map<GroupInvariant, string>();
  readonly #groups = new Map<string, GroupLedger>();
  readonly #asked = new Map<number, Asked[]>();
  #passed = 0;

  /** The first finding of each invariant since it was asked for last. */
  take(invariant: GroupInvariant): string | null {
    const found = this.#found.get(invariant) ?? null;
    this.#found.delete(invariant);
    return found;
  }

  /** A message leaves its sender. */
  sent(endpoint: SimEndpoint, message: unknown): void {
    this.#passed++;
    const { kind, apiKey } = message as KafkaMessage;
    if (kind === 'request') this.#request(endpoint, message as KafkaRequest);
    else if (kind === 'response' && KEPT.has(apiKey)) {
      this.#response(endpoint, message as KafkaResponse);
    }
  }

  #ledger(groupId: string): GroupLedger {
    let known = this.#groups.get(groupId);
    if (known === undefined) this.#groups.set(groupId, (known = new GroupLedger()));
    return known;
  }

  #report(invariant: GroupInvariant, what: string | null, groupId: string): void {
    if (what === null || this.#found.has(invariant)) return;
    this.#found.set(invariant, `${what} (group ${groupId})`);
  }

  // ------------------------------------------------------------------------------------- requests

  #request(endpoint: SimEndpoint, request: KafkaRequest): void {
    this.#noteDeletions(request);
    if (!KEPT.has(request.apiKey)) return;
    const asked = this.#asked.get(endpoint.id) ?? [];
    this.#asked.set(endpoint.id, asked);
    if (request.apiKey === syncGroup.key) {
      const sync = request.body as SyncGroupRequest;
      this.#ledger(sync.groupId).offered(sync);
    }
    const host = endpoint.host.name;
    const claim = this.#claimOf(request, host);
    const commits = this.#commitsOf(request);
    asked.push({ host, request, claim, commits, at: this.#passed });
  }

  #claimOf({ apiKey, body }: KafkaRequest, host: string): SentClaim | null {
    if (apiKey === syncGroup.key || apiKey === heartbeat.key) {
      const { groupId, memberId, groupInstanceId, generationId } = body as HeartbeatRequest;
      const claim = { memberId, groupInstanceId, generation: generationId };
      return this.#ledger(groupId).claim(claim);
    }
    if (apiKey === txnOffsetCommit.key) {
      const { groupId } = body as TxnOffsetCommitRequest;
      return this.#ledger(groupId).claimOfHost(host, body as TxnOffsetCommitRequest);
    }
    if (apiKey !== offsetCommit.key) return null;
    const commit = body as OffsetCommitRequest;
    const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch } = commit;
    const claim = { memberId, groupInstanceId, generation: generationIdOrMemberEpoch };
    return this.#ledger(groupId).claim(claim);
  }

  #commitsOf({ apiKey, apiVersion, body }: KafkaRequest): ReadonlyMap<string, NotedCommit> {
    const commits = new Map<string, NotedCommit>();
    if (apiKey !== offsetCommit.key || apiVersion >= TOPIC_IDS_SINCE) return commits;
    const { groupId, topics } = body as OffsetCommitRequest;
    for (const { name, partitions } of topics) {
      for (const { partitionIndex, committedOffset } of partitions) {
        const partition = `${name}-${partitionIndex}`;
        commits.set(partition, this.#ledger(groupId).committing(partition, committedOffset));
      }
    }
    return commits;
  }

  #noteDeletions({ apiKey, apiVersion, body }: KafkaRequest): void {
    if (apiKey === deleteGroups.key) {
      const { groupsNames } = body as { readonly groupsNames: readonly string[] };
      for (const groupId of groupsNames) this.#ledger(groupId).forgetAll();
    } else if (apiKey === offsetDelete.key || apiKey === txnOffsetCommit.key) {
      const { groupId, topics } = body as OffsetDeleteRequest | TxnOffsetCommitRequest;
      for (const { name, partitions } of topics) {
        for (const { partitionIndex } of partitions) {
          this.#ledger(groupId).forget(`${name}-${partitionIndex}`);
        }
      }
    } else if (apiKey === offsetCommit.key && apiVersion >= TOPIC_IDS_SINCE) {
      this.#ledger((body as OffsetCommitRequest).groupId).forgetAll();
    }
  }

  // ------------------------------------------------------------------------------------ responses

  #response(endpoint: SimEndpoint, response: KafkaResponse): void {
    const waiting = this.#asked.get(endpoint.id);
    let asked = waiting?.shift();
    while (asked !== undefined && asked.request.correlationId !== response.correlationId) {
      asked = waiting?.shift();
    }
    if (asked === undefined) return;
    const { request } = asked;
    const { groupId } = request.body as { readonly groupId: string };
    const coordinator = coordinatorOf(endpoint, groupId);
    if (request.apiKey === joinGroup.key) {
      this.#joined(coordinator, asked, response.body as JoinGroupResponse);
    } else if (request.apiKey === syncGroup.key) {
      this.#synced(coordinator, asked, response.body as SyncGroupResponse);
    } else if (request.apiKey === heartbeat.key) {
      const { errorCode } = response.body as HeartbeatResponse;
      this.#granted(coordinator, asked, errorCode === ErrorCode.NONE, 'Heartbeat');
    } else if (request.apiKey === offsetCommit.key) {
      this.#committed(coordinator, asked, response.body as OffsetCommitResponse);
    } else if (request.apiKey === txnOffsetCommit.key) {
      const { topics } = response.body as TxnOffsetCommitResponse;
      const codes = topics.flatMap(({ partitions }) => partitions.map((one) => one.errorCode));
      this.#granted(coordinator, asked, codes.includes(ErrorCode.NONE), 'TxnOffsetCommit');
    } else {
      this.#fetched(asked, response.body as OffsetFetchResponse);
    }
  }

  #joined(coordinator: string, { request, host }: Asked, response: JoinGroupResponse): void {
    if (response.errorCode !== ErrorCode.NONE) return;
    const { groupId, groupInstanceId } = request.body as JoinGroupRequest;
    this.#ledger(groupId).joinedFrom(host, groupInstanceId, response);
    const what = this.#ledger(groupId).joined(coordinator, groupInstanceId, response);
    this.#report('K32', what, groupId);
  }

  #granted(coordinator: string, asked: Asked, isGranted: boolean, request: string): void {
    if (!isGranted || asked.claim === null) return;
    const { groupId } = asked.request.body as { readonly groupId: string };
    this.#report('K30', this.#ledger(groupId).granted(coordinator, asked.claim, request), groupId);
  }

  #synced(coordinator: string, asked: Asked, response: SyncGroupResponse): void {
    const request = asked.request.body as SyncGroupRequest;
    const { groupId, memberId, groupInstanceId, generationId: generation } = request;
    const isGranted = response.errorCode === ErrorCode.NONE;
    this.#granted(coordinator, asked, isGranted, 'SyncGroup');
    const ledger = this.#ledger(groupId);
    if (!isGranted) return;
    const claim = { memberId, groupInstanceId, generation };
    const what = ledger.assigned(coordinator, claim, response.assignment);
    this.#report(what?.includes('slice') === true ? 'K32' : 'K31', what, groupId);
  }

  #committed(coordinator: string, asked: Asked, response: OffsetCommitResponse): void {
    let isGranted = false;
    for (const { name, partitions } of response.topics) {
      for (const { partitionIndex, errorCode } of partitions) {
        if (errorCode !== ErrorCode.NONE) continue;
        isGranted = true;
        const commit = asked.commits.get(`${name}-${partitionIndex}`);
        if (commit !== undefined) commit.ackedAt = this.#passed;
      }
    }
    this.#granted(coordinator, asked, isGranted, 'OffsetCommit');
  }

  #fetched({ request, at }: Asked, response: OffsetFetchResponse): void {
    if (request.apiVersion >= TOPIC_IDS_SINCE) return;
    const { groupId } = request.body as OffsetFetchRequest;
    const groups =
      request.apiVersion >= GROUPS_SINCE ? response.groups : [{ ...response, groupId }];
    for (const group of groups) {
      if (group.errorCode !== ErrorCode.NONE) continue;
      for (const { name, partitions } of group.topics) {
        for (const { partitionIndex, committedOffset, errorCode } of partitions) {
          if (errorCode !== ErrorCode.NONE) continue;
          const partition = `${name}-${partitionIndex}`;
          const what = this.#ledger(group.groupId).fetched(partition, committedOffset, at);
          this.#report('K33', what, group.groupId);
        }
      }
    }
  }
}

/** Who answers for a group: a broker in one life and one leader epoch. */
function coordinatorOf({ host }: SimEndpoint, groupId: string): string {
  const { process, name, incarnation } = host;
  let epoch = -1;
  if (process instanceof Broker) {
    const partitions = [...process.partitions].filter(
      ({ topic }) => topic === GROUP_METADATA_TOPIC,
    );
    const counts = partitions.map(({ index }) => index + 1);
    const count = Math.max(1, ...counts);
    const index = partitionFor(groupId, count);
    epoch = partitions.find((one) => one.index === index)?.leaderEpoch ?? -1;
  }
  return `${name}/${incarnation}/${epoch}`;
}
