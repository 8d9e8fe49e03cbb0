/**
 * A group of the classic protocol: its members, its generation, its leader, and who is waited for.
 *
 * Not here: when the group rebalances (`rebalance.ts`), requests (`join-group.ts`,
 * `member-requests.ts`), records (`group-record.ts`). Source: `ClassicGroup`.
 * Differences: members are kept in the order in which they came, so that the next leader is the
 * member that is there longest (there, whichever a hash table gives first).
 */
import { assert } from '../../kernel/assert.ts';
import { MachineRunner } from '../../kernel/machine.ts';
import type { Clock, Ports } from '../../kernel/ports.ts';
import { decodeSubscription } from '../../wire/kafka/consumer-protocol.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { JoinGroupResponse } from '../../wire/kafka/messages/join-group.ts';
import type { SyncGroupResponse } from '../../wire/kafka/messages/sync-group.ts';
import type { ClassicGroupMember, JoinAnswer, MemberProtocols } from './classic-group-member.ts';
import { classicGroupMachine } from './classic-group.machine.ts';

const CONSUMER_PROTOCOL_TYPE = 'consumer';

export type ClassicGroupState =
  'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

export class ClassicGroup {
  readonly groupId: string;
  readonly #clock: Clock;
  readonly #machine: MachineRunner<typeof classicGroupMachine>;
  readonly members = new Map<string, ClassicGroupMember>();
  /** Member ids by `group.instance.id`. */
  readonly staticMembers = new Map<string, string>();
  /** Told their id, and not yet joined with it (KIP-394). */
  readonly pendingJoinMembers = new Set<string>();
  /** Told the generation, and not yet synced. */
  readonly pendingSyncMembers = new Set<string>();
  /** How many members know each protocol. */
  readonly #supportedProtocols = new Map<string, number>();
  #awaitingJoin = 0;
  #previousState: ClassicGroupState = 'Dead';
  #generationId = 0;
  currentStateTimestampMs: number;
  protocolType: string | null = null;
  protocolName: string | null = null;
  leaderId: string | null = null;
  /** Null where the members' subscriptions cannot be read. */
  #subscribedTopics: ReadonlySet<string> | null = null;
  /** A member came while the group waits for its first ones. */
  newMemberAdded = false;

  constructor(ports: Pick<Ports, 'clock' | 'trace'>, groupId: string) {
    this.groupId = groupId;
    this.#clock = ports.clock;
    this.currentStateTimestampMs = ports.clock.wall();
    this.#machine = new MachineRunner({
      machine: classicGroupMachine,
      instance: groupId,
      clock: ports.clock,
      trace: ports.trace,
    });
  }

  // ---------------------------------------------------------------------------------------- state

  get state(): ClassicGroupState {
    return this.#machine.state as ClassicGroupState;
  }

  get previousState(): ClassicGroupState {
    return this.#previousState;
  }

  get generationId(): number {
    return this.#generationId;
  }

  /** Whether a rebalance may begin: it has not, and the group is not dead. */
  get canRebalance(): boolean {
    return this.state !== 'PreparingRebalance' && this.state !== 'Dead';
  }

  /** Whether somebody only keeps offsets here, without members. */
  get isSimple(): boolean {
    return (
      this.protocolType === null && this.state === 'Empty' && this.pendingJoinMembers.size === 0
    );
  }

  #send(event: Parameters<MachineRunner<typeof classicGroupMachine>['send']>[0]): void {
    this.#previousState = this.state;
    this.#machine.send(event);
    this.currentStateTimestampMs = this.#clock.wall();
  }

  prepareRebalance(): void {
    assert(this.canRebalance, 'one rebalance at a time', { group: this.groupId });
    this.#send({ type: 'PREPARE_REBALANCE' });
  }

  /** The join phase is over. Invariant K32. */
  initNextGeneration(): void {
    const { size } = this.members;
    const before = this.#generationId;
    this.#generationId++;
    this.protocolName = size > 0 ? this.selectProtocol() : null;
    this.#subscribedTopics = this.#computeSubscribedTopics();
    this.#send({ type: 'COMPLETE_JOIN', members: size });
    this.pendingSyncMembers.clear();
    assert(this.#generationId > before, 'K32: generations grow', { group: this.groupId, before });
    assert(size === 0 || this.members.has(this.leaderId ?? ''), 'K32: a member leads', {
      group: this.groupId,
      leader: this.leaderId,
    });
  }

  assigned(): void {
    assert(this.state === 'CompletingRebalance', 'who waits for it', { state: this.state });
    this.#send({ type: 'ASSIGNED' });
  }

  /** The group is read from the log, with the members that `add` has given it. */
  restore(of: {
    readonly generationId: number;
    readonly protocolType: string | null;
    readonly protocolName: string | null;
    readonly leaderId: string | null;
    readonly currentStateTimestampMs: number;
  }): void {
    assert(this.state === 'Empty' && this.#generationId === 0, 'a new group', { ...of });
    this.#generationId = of.generationId;
    this.protocolType = of.protocolType;
    this.protocolName = of.protocolName;
    this.leaderId = of.leaderId;
    this.#subscribedTopics = this.#computeSubscribedTopics();
    if (this.members.size > 0) this.#send({ type: 'RESTORED' });
    this.currentStateTimestampMs = of.currentStateTimestampMs;
  }

  remove(): void {
    if (this.state !== 'Dead') this.#send({ type: 'REMOVED' });
    this.#machine.dispose();
  }

  // -------------------------------------------------------------------------------------- members

  get awaitingJoinCount(): number {
    return this.#awaitingJoin;
  }

  get hasAllMembersJoined(): boolean {
    return this.members.size === this.#awaitingJoin && this.pendingJoinMembers.size === 0;
  }

  isLeader(memberId: string): boolean {
    return this.leaderId === memberId;
  }

  /** The most time that a member asks for, in milliseconds. */
  get rebalanceTimeoutMs(): number {
    let max = 0;
    for (const member of this.members.values()) max = Math.max(max, member.rebalanceTimeoutMs);
    return max;
  }

  add(member: ClassicGroupMember, answer: JoinAnswer | null): void {
    const { memberId, groupInstanceId } = member;
    if (groupInstanceId !== null) {
      assert(!this.staticMembers.has(groupInstanceId), 'one member an instance', {
        groupInstanceId,
      });
      this.staticMembers.set(groupInstanceId, memberId);
    }
    if (this.members.size === 0) this.protocolType = member.protocolType;
    assert(this.protocolType === member.protocolType, 'one protocol type', { memberId });
    this.leaderId ??= memberId;
    this.members.set(memberId, member);
    this.#countProtocols(member, 1);
    this.#setAwaitingJoin(member, answer);
    this.pendingJoinMembers.delete(memberId);
  }

  /** Takes a member out; another leads, if it led. Of an unknown or pending id nothing else is. */
  removeMember(memberId: string): void {
    const member = this.members.get(memberId);
    if (member !== undefined) {
      this.members.delete(memberId);
      this.#countProtocols(member, -1);
      if (member.awaitingJoin !== null) this.#awaitingJoin--;
      if (member.groupInstanceId !== null) this.staticMembers.delete(member.groupInstanceId);
    }
    if (this.isLeader(memberId)) this.leaderId = this.#firstMember();
    this.pendingJoinMembers.delete(memberId);
    this.pendingSyncMembers.delete(memberId);
    assert(this.#awaitingJoin >= 0 && this.#awaitingJoin <= this.members.size, 'those who wait', {
      awaiting: this.#awaitingJoin,
    });
  }

  #firstMember(): string | null {
    for (const memberId of this.members.keys()) return memberId;
    return null;
  }

  /** A static member has come back under a new id: what it was goes on. The old one is fenced. */
  replaceStaticMember(
    old: ClassicGroupMember,
    replacement: ClassicGroupMember,
    fenced: { readonly join: JoinGroupResponse; readonly sync: SyncGroupResponse },
  ): void {
    const { groupInstanceId } = old;
    assert(groupInstanceId !== null && groupInstanceId === replacement.groupInstanceId, 'the same');
    this.completeJoin(old, fenced.join);
    completeSync(old, fenced.sync);
    this.members.delete(old.memberId);
    this.members.set(replacement.memberId, replacement);
    if (this.isLeader(old.memberId)) this.leaderId = replacement.memberId;
    this.staticMembers.set(groupInstanceId, replacement.memberId);
    assert(this.members.has(replacement.memberId), 'it is there', { groupInstanceId });
  }

  updateMember(
    member: ClassicGroupMember,
    now: {
      readonly protocols: MemberProtocols;
      readonly rebalanceTimeoutMs: number;
      readonly sessionTimeoutMs: number;
    },
    answer: JoinAnswer | null,
  ): void {
    assert(this.members.get(member.memberId) === member, 'a member', { id: member.memberId });
    this.#countProtocols(member, -1);
    member.protocols = now.protocols;
    this.#countProtocols(member, 1);
    member.rebalanceTimeoutMs = now.rebalanceTimeoutMs;
    member.sessionTimeoutMs = now.sessionTimeoutMs;
    this.#setAwaitingJoin(member, answer);
  }

  #setAwaitingJoin(member: ClassicGroupMember, answer: JoinAnswer | null): void {
    if (member.awaitingJoin !== null) this.#awaitingJoin--;
    if (answer !== null) this.#awaitingJoin++;
    member.awaitingJoin = answer;
  }

  /** Answers a JoinGroup that waits; false if none does. */
  completeJoin(member: ClassicGroupMember, response: JoinGroupResponse): boolean {
    const answer = member.awaitingJoin;
    if (answer === null) return false;
    this.#setAwaitingJoin(member, null);
    answer(response);
    return true;
  }

  /** Keeps a leader that has joined, or finds one; false if nobody has. */
  electJoinedLeader(): boolean {
    if (this.leaderId === null) return false;
    if ((this.members.get(this.leaderId)?.awaitingJoin ?? null) !== null) return true;
    for (const member of this.members.values()) {
      if (member.awaitingJoin === null) continue;
      this.leaderId = member.memberId;
      return true;
    }
    return false;
  }

  /**
   * Whether a request is of a member: NONE, UNKNOWN_MEMBER_ID, or FENCED_INSTANCE_ID where another
   * has taken the instance's place. Invariant K30.
   */
  checkMember(memberId: string, groupInstanceId: string | null): number {
    if (groupInstanceId !== null) {
      const known = this.staticMembers.get(groupInstanceId);
      if (known === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
      if (known !== memberId) return ErrorCode.FENCED_INSTANCE_ID;
    }
    return this.members.has(memberId) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
  }

  // ------------------------------------------------------------------------------------ protocols

  #countProtocols(member: ClassicGroupMember, by: number): void {
    for (const { name } of member.protocols) {
      this.#supportedProtocols.set(name, (this.#supportedProtocols.get(name) ?? 0) + by);
    }
  }

  /** Whether a member of this type can join: all must have a protocol in common. */
  supportsProtocols(protocolType: string, protocols: MemberProtocols): boolean {
    if (this.state === 'Empty') return protocolType !== '' && protocols.length > 0;
    const { size } = this.members;
    return (
      this.protocolType === protocolType &&
      protocols.some(({ name }) => (this.#supportedProtocols.get(name) ?? 0) === size)
    );
  }

  /** The protocol that most members wish for, among those that all know. */
  selectProtocol(): string {
    const { size } = this.members;
    assert(size > 0, 'members vote', { group: this.groupId });
    const candidates = new Set<string>();
    for (const [name, count] of this.#supportedProtocols) if (count === size) candidates.add(name);
    const votes = new Map<string, number>();
    for (const member of this.members.values()) {
      const vote = member.vote(candidates);
      votes.set(vote, (votes.get(vote) ?? 0) + 1);
    }
    let best = '';
    for (const [name, count] of votes) if (count > (votes.get(best) ?? 0)) best = name;
    assert(best !== '', 'a protocol is chosen', { group: this.groupId });
    return best;
  }

  get usesConsumerProtocol(): boolean {
    return this.protocolType === CONSUMER_PROTOCOL_TYPE;
  }

  get knowsSubscribedTopics(): boolean {
    return this.#subscribedTopics !== null;
  }

  /** Where the subscriptions cannot be read, consumers may be subscribed to anything. */
  isSubscribedTo(topic: string): boolean {
    return this.#subscribedTopics?.has(topic) ?? this.usesConsumerProtocol;
  }

  #computeSubscribedTopics(): ReadonlySet<string> | null {
    if (!this.usesConsumerProtocol) return null;
    const topics = new Set<string>();
    if (this.members.size === 0) return topics;
    if (this.protocolName === null) return null;
    for (const member of this.members.values()) {
      const subscription = decodeSubscription(member.metadata(this.protocolName));
      if (subscription === null) return null;
      for (const topic of subscription.topics) topics.add(topic);
    }
    return topics;
  }
}

/** Answers a SyncGroup that waits; false if none does. */
export function completeSync(member: ClassicGroupMember, response: SyncGroupResponse): boolean {
  const answer = member.awaitingSync;
  if (answer === null) return false;
  member.awaitingSync = null;
  answer(response);
  return true;
}
