/**
 * When a coordinator may answer from what it has loaded. Each state and transition of its machine,
 * and of the group's, is visited in `test/lab/machines.test.ts`.
 */
import { expect, test } from 'vitest';
import { CoordinatorRig, waitsForReplica } from '../../lab/machines/coordinator-scenes.ts';

test('kafka: coordinator: machine: a follower does not know the last commits to be safe', () => {
  const one = new CoordinatorRig();
  expect(one.replica(one.next).hw).toBeLessThan(one.replica(one.next).leo);
});

test('kafka: coordinator: machine: loading waits for what may have been acknowledged', () => {
  const one = waitsForReplica();
  // What was acknowledged may be above what it knows to be on all replicas.
  expect(one.rig.isLoaded(one.next)).toBe(false);
});

test('kafka: coordinator: machine: a log that cannot be read is not answered from', () => {
  const one = new CoordinatorRig();
  one.failsToLoad();
  expect(one.rig.isLoaded(one.next)).toBe(false);
});
