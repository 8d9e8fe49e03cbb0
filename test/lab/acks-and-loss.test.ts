/** The first experiment, whole: its proofs, its invariants, its determinism, its size. */
import { describe, expect, test } from 'vitest';
import { beyondThePromise } from '../../engine/lab/check/kafka.ts';
import { experiment as declare } from '../../engine/lab/experiment.ts';
import { fromLink } from '../../engine/lab/link.ts';
import { runProof } from '../../engine/lab/prove.ts';
import { Run } from '../../engine/lab/run.ts';
import { Session } from '../../engine/lab/session.ts';
import experiment from '../../lessons/kafka/acks-and-loss/experiment.ts';

const careful = { paranoidWire: true, freeze: true } as const;

describe('acks-and-loss: proofs', () => {
  test.each(Object.keys(experiment.proofs))('%s is proved, and fails on its mutants', (id) => {
    const result = runProof(experiment, id, careful);
    expect(result.failure).toBeNull();
    expect(result.mutants.filter((mutant) => !mutant.caught)).toEqual([]);
    expect(result.verdict).toBe('proved');
  });

  test('a proof whose cause is not its cause is refuted: it holds on the mutant too', () => {
    const proof = experiment.proofs['acks-1-loses']!;
    const mutants = [{ name: 'another flush interval', knobs: {} }];
    const proofs = { 'acks-1-loses': { ...proof, mutants } };
    expect(runProof({ ...experiment, proofs }, 'acks-1-loses').verdict).toBe('refuted');
  });
});

describe('acks-and-loss: where a proof is seen', () => {
  test('a dated proof says its release among its settings, and the step that shows it', () => {
    const { knobs, at } = runProof(experiment, 'retries-by-default');
    expect(knobs).toMatchObject({ acks: 'all', profile: 'kafka-2.1' });
    expect(at).toBe('send-more');
    expect(runProof(experiment, 'acks-1-loses').at).toBeNull();
  });

  test('a proof that names no step of the experiment is refused', () => {
    const proof = { ...experiment.proofs['acks-1-loses']!, at: 'no-such-step' };
    const wrong = { ...experiment, proofs: { wrong: proof } };
    expect(() => declare(wrong)).toThrow('a proof names a step that exists');
  });
});

describe('acks-and-loss: invariants after every event', () => {
  const inside = [
    { acks: 'all' },
    { acks: 'all', fault: 'one-follower-away' },
    { acks: 'all', fault: 'isr-shrinks-leader-power' },
    { acks: 'all', fault: 'reply-lost' },
    { acks: 'all', fault: 'leader-power', profile: 'kafka-2.8' },
    { acks: '1', fault: 'none' },
  ];
  test.each(inside)('all hold within the promise (%j)', (knobs) => {
    const run = new Run(experiment, { knobs, invariants: 'promise', ...careful }).finish();
    expect(run.violation).toBeNull();
    expect(run.world.failure).toBeNull();
  });

  test('acks=1 breaks none of those that hold always', () => {
    const run = new Run(experiment, { knobs: { acks: '1' }, invariants: 'always', ...careful });
    expect(run.finish().violation).toBeNull();
    expect(run.measures()['lost']).toBe(3);
  });

  test('with min.insync.replicas=1 the loss is beyond the promise of acks=all', () => {
    const knobs = {
      acks: 'all',
      'min.insync.replicas': '1',
      fault: 'isr-shrinks-leader-power',
    };
    const run = new Run(experiment, { knobs, invariants: 'promise' }).finish();
    expect(run.violation).toBeNull();
    const beyond = beyondThePromise(run.lab).map(({ reason }) => reason);
    expect(beyond).toEqual(['lossy shutdowns: 1, min.insync.replicas: 1']);
  });
});

describe('acks-and-loss: determinism and size', () => {
  test('the same inputs give the same hash twice (S1)', () => {
    const hashOf = () => new Run(experiment, { knobs: { acks: '1' } }).finish().world.trace.hash;
    expect(hashOf()).toBe(hashOf());
  });

  test('paranoid wire changes nothing', () => {
    const plain = new Run(experiment).finish();
    const paranoid = new Run(experiment, careful).finish();
    expect(paranoid.world.trace.hash).toBe(plain.world.trace.hash);
  });

  test('an input forks the future, and its link opens to the same hash', () => {
    const inputs = [{ event: 200, fault: { fault: 'pause', host: 'broker-2' } as const }];
    const summary = new Session(experiment, { inputs }).summary();
    const opened = fromLink(summary.link);
    expect(opened.ok).toBe(true);
    if (!opened.ok) return;
    const again = new Session(experiment, opened.shared).summary();
    expect(again.traceHash).toBe(summary.traceHash);
    expect(again.traceHash).not.toBe(new Session(experiment).summary().traceHash);
  });

  test('it takes at most 10,000 events', () => {
    expect(new Run(experiment).finish().world.event).toBeLessThan(10_000);
  });
});
