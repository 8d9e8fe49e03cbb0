/**
 * What ConsumerGroupDescribe (KIP-848) and ShareGroupDescribe (KIP-932) answer of one group, but
 * for its members, which differ: `consumer/consumer-group-handlers.ts` and
 * `share/share-group-handlers.ts`. Source: `GroupCoordinatorService`. Differences: authorized
 * operations are not told.
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import type { GroupRuntime } from './group-coordinator.ts';
import type { GroupShard } from './group-shard.ts';

const NOT_ASKED_FOR = -2_147_483_648;

/** What both kinds of group have. */
interface Group {
  readonly state: string;
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
}

interface Kind<G, M> {
  readonly assignorName: string;
  /** The group of this kind, null if there is none. */
  readonly groupOf: (shard: GroupShard) => G | null;
  readonly membersOf: (group: G) => readonly M[];
}

interface DescribedGroup<M> {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly groupId: string;
  readonly groupState: string;
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  readonly assignorName: string;
  readonly members: readonly M[];
  readonly authorizedOperations: number;
}

/** A group by its id, or the error that says why it is not told. */
export function describedGroup<G extends Group, M>(
  runtime: GroupRuntime,
  groupId: string,
  { assignorName, groupOf, membersOf }: Kind<G, M>,
): DescribedGroup<M> {
  const nobody: DescribedGroup<M> = {
    ...{ errorCode: ErrorCode.NONE, errorMessage: null, groupId, groupState: '' },
    ...{ groupEpoch: 0, assignmentEpoch: 0, assignorName: '', members: [] },
    authorizedOperations: NOT_ASKED_FOR,
  };
  const { errorCode, response: group } = runtime.read(runtime.partitionFor(groupId), groupOf);
  if (errorCode !== ErrorCode.NONE) return { ...nobody, errorCode };
  if (group === null) return { ...nobody, errorCode: ErrorCode.GROUP_ID_NOT_FOUND };
  const { state: groupState, groupEpoch, assignmentEpoch } = group;
  assert(groupState !== '', 'a group has a state', { groupId });
  assert(assignmentEpoch <= groupEpoch, 'assigned as of an epoch that there was', {
    ...{ groupId, groupEpoch, assignmentEpoch },
  });
  const of = { groupState, groupEpoch, assignmentEpoch, assignorName };
  return { ...nobody, ...of, members: membersOf(group) };
}
