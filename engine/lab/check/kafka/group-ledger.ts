/**
 * What one group was told, by its coordinators, and what must hold of it: K30 to K33.
 *
 * Not here: reading the wire (`group-checks.ts`).
 */
import { decodeAssignment, decodeSubscription } from '../../../wire/kafka/consumer-protocol.ts';
import type { JoinGroupResponse } from '../../../wire/kafka/messages/join-group.ts';
import type { SyncGroupRequest } from '../../../wire/kafka/messages/sync-group.ts';
import type { TxnOffsetCommitRequest } from '../../../wire/kafka/messages/txn-offset-commit.ts';

/** What a request of a member says of itself, and what the group was told when it was sent. */
export interface MemberClaim {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generation: number;
}

export interface SentClaim extends MemberClaim {
  /** By coordinator: the newest generation that it had told anybody. */
  readonly newest: ReadonlyMap<string, number>;
  /** The member that had the instance's place. */
  readonly holder: string | undefined;
}

/** A leader's assignment: slices by member. */
type Slices = ReadonlyMap<string, Uint8Array>;

interface Generation {
  /** Whoever was told the members: the leader, by id. */
  readonly leaders: Set<string>;
  /** The assignors' input: what each member said of what it owns. */
  owned: ReadonlyMap<string, ReadonlySet<string>>;
  protocol: string;
  /** Which leaders' assignments can be the one that all slices are of; null before the first. */
  possible: readonly Slices[] | null;
  /** By partition: the member that was told that it owns it. */
  readonly owners: Map<string, string>;
}

/** A commit of one partition; `ackedAt` counts what passed on the wire. */
export interface NotedCommit {
  readonly offset: number;
  ackedAt: number | null;
}

export class GroupLedger {
  readonly #newest = new Map<string, number>();
  readonly #holders = new Map<string, string>();
  readonly #statics = new Set<string>();
  /** By host: as whom a consumer there has joined last. */
  readonly #hosts = new Map<string, MemberClaim>();
  readonly #generations = new Map<string, Generation>();
  /** By generation: what leaders have sent. */
  readonly #offered = new Map<number, Slices[]>();
  /** By `topic-partition`. */
  readonly #commits = new Map<string, NotedCommit[]>();
  /** Partitions whose offset something else than commits has changed. */
  readonly #unknown = new Set<string>();

  claim(of: MemberClaim): SentClaim {
    const holder = of.groupInstanceId === null ? undefined : this.#holders.get(of.groupInstanceId);
    return { ...of, newest: new Map(this.#newest), holder };
  }

  /** A consumer on a host has joined. Its producer is there, too, if it has one. */
  joinedFrom(host: string, groupInstanceId: string | null, of: JoinGroupResponse): void {
    const { memberId, generationId: generation } = of;
    this.#hosts.set(host, { memberId, groupInstanceId, generation });
  }

  /** Whose offsets a transaction commits; null where no member is known. */
  claimOfHost(host: string, said: TxnOffsetCommitRequest): SentClaim | null {
    const { memberId, groupInstanceId, generationId: generation } = said;
    if (memberId !== '') return this.claim({ memberId, groupInstanceId, generation });
    const member = this.#hosts.get(host);
    return member === undefined ? null : this.claim(member);
  }

  /** K30: a request was granted by a coordinator. */
  granted(coordinator: string, claim: SentClaim, request: string): string | null {
    const newest = claim.newest.get(coordinator) ?? -1;
    const { memberId, generation, holder } = claim;
    if (generation >= 0 && generation < newest) {
      const what = `the ${request} of ${memberId} in generation ${generation}`;
      return `${what} was granted after ${newest}`;
    }
    if (holder !== undefined && memberId !== '' && holder !== memberId) {
      return `the ${request} of ${memberId} was granted though ${holder} has its place`;
    }
    return null;
  }

  // --------------------------------------------------------------------------------- generations

  /** K32: a JoinGroup was answered: generations grow, and one member leads. */
  joined(coordinator: string, instance: string | null, response: JoinGroupResponse): string | null {
    const { memberId, generationId, leader, members } = response;
    if (instance !== null) {
      this.#holders.set(instance, memberId);
      this.#statics.add(memberId);
    }
    const newest = this.#newest.get(coordinator) ?? -1;
    if (generationId < newest) return `generation ${generationId} began after ${newest}`;
    this.#newest.set(coordinator, generationId);
    const generation = this.#generation(coordinator, generationId);
    generation.protocol = response.protocolName ?? '';
    if (members.length === 0) return null;
    generation.leaders.add(memberId);
    if (leader !== memberId) return `${memberId} was told the members, but that ${leader} leads`;
    generation.owned = new Map(
      members.map((one) => [one.memberId, ownedOf(decodeSubscription(one.metadata))]),
    );
    const dynamic = [...generation.leaders].filter((id) => !this.#statics.has(id));
    if (dynamic.length <= 1) return null;
    return `${dynamic.join(' and ')} lead generation ${generationId}`;
  }

  /** A leader has sent its assignment. */
  offered(request: SyncGroupRequest): void {
    if (request.assignments.length === 0) return;
    const slices = new Map(
      request.assignments.map((one) => [one.memberId, one.assignment.slice()]),
    );
    const known = this.#offered.get(request.generationId) ?? [];
    this.#offered.set(request.generationId, [...known, slices]);
  }

  /** K31, K32: a member was told its slice. */
  assigned(coordinator: string, of: MemberClaim, slice: Uint8Array): string | null {
    const { memberId } = of;
    const generation = this.#generation(coordinator, of.generation);
    // A static member that came back has what its old id was given.
    if (of.groupInstanceId === null) {
      const before = generation.possible ?? this.#offered.get(of.generation) ?? [];
      generation.possible = before.filter((slices) =>
        sameBytes(slices.get(memberId) ?? NO_BYTES, slice),
      );
      if (generation.possible.length === 0) {
        return `${memberId} got a slice of no assignment that the others have a slice of`;
      }
    }
    return this.#own(generation, of, slice);
  }

  #own(generation: Generation, of: MemberClaim, slice: Uint8Array): string | null {
    const assignment = slice.length === 0 ? null : decodeAssignment(slice);
    const { memberId } = of;
    for (const { topic, partitions } of assignment?.assignedPartitions ?? []) {
      for (const index of partitions) {
        const name = `${topic}-${index}`;
        const owner = generation.owners.get(name);
        const isReplaced = owner !== undefined && this.#statics.has(owner);
        if (owner !== undefined && owner !== memberId && !isReplaced) {
          return `${name} belongs to ${owner} and ${memberId} in generation ${of.generation}`;
        }
        generation.owners.set(name, memberId);
        if (!generation.protocol.includes('cooperative')) continue;
        for (const [other, owned] of generation.owned) {
          if (other === memberId || !owned.has(name)) continue;
          if (this.#statics.has(other)) continue;
          return `${name} was given to ${memberId} while ${other} still had it`;
        }
      }
    }
    return null;
  }

  #generation(coordinator: string, id: number): Generation {
    const key = `${coordinator} ${id}`;
    let known = this.#generations.get(key);
    if (known === undefined) {
      known = {
        leaders: new Set(),
        owned: new Map(),
        protocol: '',
        possible: null,
        owners: new Map(),
      };
      this.#generations.set(key, known);
    }
    return known;
  }

  // --------------------------------------------------------------------------------------- offsets

  /** A commit is on its way: from now on it may be what is read. */
  committing(partition: string, offset: number): NotedCommit {
    const commits = this.#commits.get(partition) ?? [];
    this.#commits.set(partition, commits);
    const commit: NotedCommit = { offset, ackedAt: null };
    commits.push(commit);
    return commit;
  }

  /** Something else changes the offset: a deletion, a transaction. */
  forget(partition: string): void {
    this.#unknown.add(partition);
  }

  forgetAll(): void {
    for (const partition of this.#commits.keys()) this.#unknown.add(partition);
  }

  /** K33: an offset was read by a request that was sent when `askedAt` messages had passed. */
  fetched(partition: string, offset: number, askedAt: number): string | null {
    if (this.#unknown.has(partition)) return null;
    const commits = this.#commits.get(partition) ?? [];
    let last: NotedCommit | null = null;
    for (const commit of commits) {
      const isKnown = commit.ackedAt !== null && commit.ackedAt <= askedAt;
      if (isKnown && (last === null || commit.ackedAt! >= last.ackedAt!)) last = commit;
    }
    if (last === null && offset < 0) return null;
    if (last?.offset === offset) return null;
    const isUnderWay = commits.some(
      (commit) => commit.offset === offset && (commit.ackedAt === null || commit.ackedAt > askedAt),
    );
    if (isUnderWay) return null;
    return `${offset} was read of ${partition}, ${last?.offset ?? 'nothing'} was committed`;
  }
}

const NO_BYTES = new Uint8Array(0);

function ownedOf(subscription: ReturnType<typeof decodeSubscription>): ReadonlySet<string> {
  const owned = new Set<string>();
  for (const { topic, partitions } of subscription?.ownedPartitions ?? []) {
    for (const index of partitions) owned.add(`${topic}-${index}`);
  }
  return owned;
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}
