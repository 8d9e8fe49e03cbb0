/** What a swarm says that it has met. */
import { describe, expect, test } from 'vitest';
import { isrMachine } from '../../../engine/kafka/partition/isr.machine.ts';
import { Coverage } from '../../../engine/lab/swarm/coverage.ts';
import { kafkaSystem } from '../../../engine/lab/swarm/kafka.ts';
import { transitionsOf } from '../../../engine/lab/swarm/transitions.ts';
import { reportOf, tryPlan } from '../../../engine/lab/swarm/trial.ts';

describe('coverage of a swarm', () => {
  test('a machine has the transitions of its definition, from each innermost state', () => {
    expect(transitionsOf(isrMachine)).toEqual([
      'isr: CommittedPartitionState EXPAND -> PendingExpandIsr',
      'isr: CommittedPartitionState SHRINK -> PendingShrinkIsr',
      'isr: CommittedPartitionState UPDATE -> CommittedPartitionState',
      'isr: PendingExpandIsr ALTER_PARTITION_NOT_ATTEMPTED -> CommittedPartitionState',
      'isr: PendingExpandIsr ALTER_PARTITION_SUCCEEDED -> CommittedPartitionState',
      'isr: PendingExpandIsr UPDATE -> CommittedPartitionState',
      'isr: PendingShrinkIsr ALTER_PARTITION_NOT_ATTEMPTED -> CommittedPartitionState',
      'isr: PendingShrinkIsr ALTER_PARTITION_SUCCEEDED -> CommittedPartitionState',
      'isr: PendingShrinkIsr UPDATE -> CommittedPartitionState',
    ]);
  });

  test('what a seed met is counted once, and what none has met is named', () => {
    const coverage = new Coverage(kafkaSystem);
    const seeds = 6;
    for (let seed = 1; seed <= seeds; seed++) {
      const plan = kafkaSystem.draw(seed, { promise: 'within' });
      coverage.add(reportOf(plan, tryPlan(kafkaSystem, plan)));
    }
    const started = 'broker-lifecycle: NOT_RUNNING START -> STARTING';
    expect(coverage.transitions).toContainEqual({ what: started, seeds });
    expect(coverage.never).toContain('lying-sync');
    expect(coverage.never).not.toContain(started);
    for (const share of [...coverage.faults, ...coverage.transitions]) {
      expect(share.seeds).toBeLessThanOrEqual(coverage.seeds);
    }
  });
});
