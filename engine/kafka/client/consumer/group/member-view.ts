/**
 * What views and checkers see of a member of a group.
 */
import { assert } from '../../../../kernel/assert.ts';
import type { RebalanceProtocol } from '../assignor/partition-assignor.ts';
import type { ConsumerView } from '../consumer.ts';
import { assignedPartitionView } from '../partition-view.ts';
import type { PartitionState, TopicPartition } from '../subscription-state.ts';
import type { Membership } from './membership.ts';

/**
 * What the application does: it waits in a poll, is busy with records, or has done with them and
 * waits for its commit.
 */
export type ApplicationState = 'polling' | 'processing' | 'committing';

export interface GroupConsumerView extends Pick<
  ConsumerView,
  'partitions' | 'consumed' | 'lastError'
> {
  readonly kind: 'kafka-group-consumer';
  readonly state: 'running' | 'failed' | 'closing' | 'closed';
  readonly group: string;
  /** As `AbstractCoordinator.MemberState` names it. */
  readonly memberState: string;
  /** Empty before the coordinator gave one. */
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** -1 outside any. */
  readonly generation: number;
  readonly leads: boolean;
  /** The assignor that the group uses; empty outside a generation. */
  readonly assignor: string;
  readonly protocol: RebalanceProtocol;
  /** The coordinator's node id; -1 while it is unknown. */
  readonly coordinator: number;
  /** Whether the next poll joins again, or a join is under way. */
  readonly rejoins: boolean;
  readonly application: ApplicationState;
}

interface Viewed {
  readonly group: string;
  readonly state: GroupConsumerView['state'];
  readonly membership: Membership;
  readonly coordinator: number;
  readonly protocol: RebalanceProtocol;
  readonly application: ApplicationState;
  readonly consumed: number;
  readonly lastError: string;
  readonly partitions: readonly PartitionState[];
  committed(partition: TopicPartition): number | null;
}

export function groupConsumerView(of: Viewed): GroupConsumerView {
  const { membership } = of;
  const { id: generation, memberId, protocolName } = membership.generation;
  assert(generation < 0 || memberId !== '', 'a generation has members', { generation });
  return {
    kind: 'kafka-group-consumer',
    state: of.state,
    group: of.group,
    memberState: membership.state,
    memberId,
    groupInstanceId: membership.instanceId,
    generation,
    leads: membership.leads,
    assignor: protocolName ?? '',
    protocol: of.protocol,
    coordinator: of.coordinator,
    rejoins: membership.rejoins,
    application: of.application,
    consumed: of.consumed,
    partitions: of.partitions.map((state) => assignedPartitionView(state, of.committed(state))),
    lastError: of.lastError,
  };
}
