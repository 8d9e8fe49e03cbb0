/**
 * The leader's view of its ISR while a change is asked of the controller: committed, or one change
 * in flight. Only one change is in flight at a time.
 *
 * The machine holds the sets, since every action on them is a transition; `partition.ts` keeps
 * copies for the paths that run per message. Source: `PartitionState` in `Partition.scala`.
 */
import { assign, setup } from 'xstate';

export interface IsrContext {
  /** The ISR that the controller is known to have. */
  committed: readonly number[];
  /** The ISR that was asked for; equal to `committed` when nothing is in flight. */
  proposed: readonly number[];
}

export type IsrEvent =
  | { type: 'EXPAND'; replica: number }
  | { type: 'SHRINK'; replicas: readonly number[] }
  | { type: 'ALTER_PARTITION_SUCCEEDED'; isr: readonly number[] }
  | { type: 'ALTER_PARTITION_NOT_ATTEMPTED' }
  | { type: 'UPDATE'; isr: readonly number[] };

export const isrMachine = setup({
  types: {
    context: {} as IsrContext,
    events: {} as IsrEvent,
    input: {} as { isr: readonly number[] },
  },
  guards: {
    isOutside: ({ context, event }) =>
      event.type === 'EXPAND' && !context.committed.includes(event.replica),
    isInside: ({ context, event }) =>
      event.type === 'SHRINK' &&
      event.replicas.length > 0 &&
      event.replicas.every((replica) => context.committed.includes(replica)),
  },
  actions: {
    proposeExpanded: assign(({ context, event }) =>
      event.type === 'EXPAND' ? { proposed: [...context.committed, event.replica] } : {},
    ),
    proposeShrunk: assign(({ context, event }) =>
      event.type === 'SHRINK'
        ? { proposed: context.committed.filter((id) => !event.replicas.includes(id)) }
        : {},
    ),
    commit: assign(({ event }) =>
      'isr' in event ? { committed: event.isr, proposed: event.isr } : {},
    ),
    rollBack: assign(({ context }) => ({ proposed: context.committed })),
  },
}).createMachine({
  id: 'isr',
  meta: { kafka: 'PartitionState', doc: 'KIP-497' },
  context: ({ input }) => ({ committed: input.isr, proposed: input.isr }),
  initial: 'CommittedPartitionState',
  on: { UPDATE: { target: '.CommittedPartitionState', actions: 'commit' } },
  states: {
    CommittedPartitionState: {
      on: {
        EXPAND: { guard: 'isOutside', target: 'PendingExpandIsr', actions: 'proposeExpanded' },
        SHRINK: { guard: 'isInside', target: 'PendingShrinkIsr', actions: 'proposeShrunk' },
      },
    },
    PendingExpandIsr: {
      on: {
        ALTER_PARTITION_SUCCEEDED: { target: 'CommittedPartitionState', actions: 'commit' },
        ALTER_PARTITION_NOT_ATTEMPTED: { target: 'CommittedPartitionState', actions: 'rollBack' },
      },
    },
    PendingShrinkIsr: {
      on: {
        ALTER_PARTITION_SUCCEEDED: { target: 'CommittedPartitionState', actions: 'commit' },
        ALTER_PARTITION_NOT_ATTEMPTED: { target: 'CommittedPartitionState', actions: 'rollBack' },
      },
    },
  },
});
