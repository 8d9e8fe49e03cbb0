/** The checker of K21 sees a log whose order is not that of sending. */
import { expect, test } from 'vitest';
import { watchKafka } from '../../engine/lab/check/kafka.ts';
import type { InvariantCheck, Lab } from '../../engine/lab/experiment.ts';
import { History } from '../../engine/lab/history.ts';
import type { KafkaCluster } from '../../engine/lab/kafka.ts';

function orderOf(final: readonly string[], state: string): string | null {
  const history = new History();
  for (const [event, id] of ['r1', 'r2'].entries()) history.send('producer-1', id, event);
  history.finish(final.map((id, offset) => ({ id, partition: 'pay-0', offset })));
  const checks = new Map<string, InvariantCheck>();
  const host = { process: { inspect: () => ({ state }) } };
  const lab = {
    history,
    host: () => host,
    invariant: (id: string, _scope: string, check: InvariantCheck) => checks.set(id, check),
  };
  watchKafka(
    lab as unknown as Lab,
    { whenAcknowledged: () => undefined } as unknown as KafkaCluster,
  );
  return checks.get('K21')!(null);
}

test('an idempotent producer out of order breaks K21; one without idempotence may be', () => {
  expect(orderOf(['r1', 'r2'], 'READY')).toBeNull();
  expect(orderOf(['r2', 'r1'], 'READY')).toBe(
    'r1 of producer-1 stands behind a record that was sent after it',
  );
  expect(orderOf(['r2', 'r1'], 'NOT_IDEMPOTENT')).toBeNull();
});
