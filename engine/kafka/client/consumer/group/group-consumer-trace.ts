/**
 * What a member of a group writes into the trace. The sentences: `group-consumer-narration.ts`.
 * Polls, positions and commits: `consumer-trace.ts`.
 */
import { traceKind } from '../../../../kernel/ports.ts';

/** A client knows who coordinates its group, or knows it no more (broker -1). */
export const coordinatorFoundTrace = traceKind('member-coordinator', {
  group: 'string',
  broker: 'int',
  reason: 'string',
});

/** A member asks to be in the group's next generation. */
export const joinTrace = traceKind('member-join', {
  group: 'string',
  member: 'string',
  reason: 'string',
});

/** A member is in a generation. */
export const joinedTrace = traceKind('member-joined', {
  group: 'string',
  member: 'string',
  generation: 'int',
  leads: 'bool',
  protocol: 'string',
});

/** A member got partitions. `partitions` are all that it has now, `added` those that are new. */
export const assignedTrace = traceKind('partitions-assigned', {
  group: 'string',
  member: 'string',
  generation: 'int',
  added: 'string',
  partitions: 'string',
});

/** A member gives partitions up, in time to commit what it has processed. */
export const revokedTrace = traceKind('partitions-revoked', {
  group: 'string',
  member: 'string',
  generation: 'int',
  partitions: 'string',
});

/** A member hears that its partitions went to others while it did not take part. */
export const lostTrace = traceKind('partitions-lost', {
  group: 'string',
  member: 'string',
  partitions: 'string',
});

/** A member leaves: it closes, or its application took too long between two polls. */
export const leaveTrace = traceKind('member-leave', {
  group: 'string',
  member: 'string',
  reason: 'string',
});

/** The coordinator refused a member: it has to join again, or cannot. */
export const memberRefusedTrace = traceKind('member-refused', {
  group: 'string',
  member: 'string',
  request: 'string',
  error: 'string',
});

/** Offsets were not committed. */
export const commitFailedTrace = traceKind('commit-failed', { group: 'string', error: 'string' });
