/**
 * Transitions that no scene visits, each with the reason. The test (`machines.test.ts`) turns red
 * on one that is missing here, and on one here that is visited after all.
 */
export interface Explained {
  readonly machine: string;
  /** As the chart has it: `from EVENT -> to`. */
  readonly transition: string;
  readonly reason: string;
}

export const explained: readonly Explained[] = [
  {
    machine: 'replica',
    transition: 'Online LOG_DIR_FAILED -> Offline',
    reason: 'A replica is made and told its role in one event, so no disk fails in between.',
  },
  {
    machine: 'replica',
    transition: 'Online STOP_REPLICA -> Stopped',
    reason: 'A replica is made and told its role in one event, so nobody takes it in between.',
  },
  {
    machine: 'replica',
    transition: 'Offline STOP_REPLICA -> Stopped',
    reason: 'A broker has one log directory here, and halts when it fails.',
  },
  {
    machine: 'isr',
    transition: 'PendingShrinkIsr ALTER_PARTITION_NOT_ATTEMPTED -> CommittedPartitionState',
    reason:
      'A broker leaves every ISR in the record that fences it, and a leader that does not know ' +
      'it hears INVALID_UPDATE_VERSION: no smaller ISR is ever refused for one of its members.',
  },
  {
    machine: 'coordinator',
    transition: 'INITIAL UNLOAD -> CLOSED',
    reason: 'A shard is loaded in the event in which it is made.',
  },
  {
    machine: 'failover',
    transition: 'SEND_SLAVEOF_NOONE TIMED_OUT -> NONE',
    reason:
      'The replica is told in the event in which it is chosen; Redis waits here for a connection.',
  },
  {
    machine: 'transactional-producer',
    transition: 'COMMITTING_TRANSACTION BUMP_EPOCH -> INITIALIZING',
    reason:
      'Whatever asks for another epoch while a transaction is committed makes it ABORTABLE_ERROR ' +
      'first, and a commit waits for all batches; the table of the source has the step.',
  },
];
