/** What the lab promises: verdicts on histories, knobs, links. */
import { describe, expect, test } from 'vitest';
import { judgeDelivery } from '../../engine/lab/check/delivery.ts';
import { History } from '../../engine/lab/history.ts';
import { choice, flag, integer, knobValues } from '../../engine/lab/knob.ts';
import { ENGINE_VERSION, fromLink, toLink } from '../../engine/lab/link.ts';

function historyOf(ids: readonly string[]): History {
  const history = new History();
  ids.forEach((id, place) => history.send('producer-1', id, place));
  return history;
}

const at = (id: string, offset: number) => ({ id, partition: 'pay-0', offset });

describe('verdicts on a history', () => {
  test('lost is acknowledged and absent; what timed out is indeterminate, never lost', () => {
    const history = historyOf(['a', 'b', 'c', 'd', 'e']);
    history.tell('a', 10, 'acknowledged', { place: 'pay-0@0' });
    history.tell('b', 10, 'acknowledged', { place: 'pay-0@1' });
    history.tell('c', 10, 'indeterminate', { error: 'REQUEST_TIMED_OUT' });
    history.tell('d', 10, 'refused', { error: 'NOT_ENOUGH_REPLICAS' });
    history.finish([at('a', 0)]);
    const verdict = judgeDelivery(history);
    expect(verdict.lost).toEqual(['b']);
    expect(verdict.indeterminate).toEqual(['c', 'e']);
    expect(verdict.refused).toEqual(['d']);
    expect(verdict.phantom).toEqual([]);
  });

  test('a record that is there twice is duplicated, and not reordered by its second copy', () => {
    const history = historyOf(['a', 'b']);
    history.finish([at('a', 0), at('b', 1), at('a', 2)]);
    expect(judgeDelivery(history).duplicated).toEqual(['a']);
    expect(judgeDelivery(history).reordered).toEqual([]);
  });

  test('a record behind one that was sent after it is reordered', () => {
    const history = historyOf(['a', 'b', 'c']);
    history.finish([at('b', 0), at('a', 1), at('c', 2)]);
    expect(judgeDelivery(history).reordered).toEqual(['a']);
  });

  test('gone after acks=0 is vanished; there though refused is a phantom', () => {
    const history = historyOf(['a', 'b']);
    history.tell('a', 5, 'unasked');
    history.tell('b', 5, 'refused', { error: 'NOT_ENOUGH_REPLICAS' });
    history.finish([at('b', 0)]);
    expect(judgeDelivery(history).vanished).toEqual(['a']);
    expect(judgeDelivery(history).phantom).toEqual(['b']);
  });

  test('a consumer that passes over an offset that is there has skipped it', () => {
    const history = historyOf(['a', 'b', 'c']);
    const consumer = 'consumer-1';
    history.deliver({ ...at('a', 0), consumer, event: 1 });
    history.deliver({ ...at('c', 2), consumer, event: 2 });
    history.deliver({ ...at('x', 3), consumer, event: 3 });
    history.finish([at('a', 0), at('b', 1), at('c', 2)]);
    const verdict = judgeDelivery(history);
    expect(verdict.skipped).toEqual(['consumer-1 pay-0@1']);
    expect(verdict.unobserved).toEqual(['b']);
    expect(verdict.dirtyRead).toEqual(['x']);
  });

  test('an outcome is told once', () => {
    const history = historyOf(['a']);
    history.tell('a', 1, 'acknowledged');
    expect(() => history.tell('a', 2, 'refused')).toThrow('an outcome is told once');
  });
});

describe('knobs', () => {
  const about = { en: 'x', zh: 'x' };
  const knobs = {
    acks: choice(['0', '1', 'all'], 'all', about),
    'min.insync.replicas': integer(1, 3, 1, about),
    'unclean.leader.election.enable': flag(false, about),
  };

  test('what is not set has its preset', () => {
    expect(knobValues(knobs, { acks: '1' })).toEqual({
      acks: '1',
      'min.insync.replicas': 1,
      'unclean.leader.election.enable': false,
    });
  });

  test.each([
    [{ ack: '1' }, "unknown knob 'ack'; there are: acks, min.insync.replicas, unclean"],
    [{ acks: '2' }, "knob 'acks' cannot be '2'; it is one of: 0, 1, all"],
    [{ 'min.insync.replicas': '4' }, "cannot be '4'; it is a whole number from 1 to 3"],
    [{ 'min.insync.replicas': '1.5' }, "cannot be '1.5'"],
    [{ 'unclean.leader.election.enable': 'yes' }, "cannot be 'yes'; it is true or false"],
  ])('%j is refused with what there is', (set, message) => {
    expect(() => knobValues(knobs, set as Record<string, string>)).toThrow(message);
  });
});

describe('share links', () => {
  const shared = {
    experiment: 'acks-and-loss',
    knobs: { 'min.insync.replicas': '2', acks: '1' },
    seed: 7,
    inputs: [{ event: 412, fault: { fault: 'crash', host: 'broker-2' } as const }],
  };

  test('a link opens to the run that it was made of', () => {
    expect(fromLink(toLink(shared))).toEqual({ ok: true, shared });
  });

  test('the order in which knobs were set does not change the link', () => {
    const other = { ...shared, knobs: { acks: '1', 'min.insync.replicas': '2' } };
    expect(toLink(other)).toBe(toLink(shared));
  });

  test('a link of another engine, and broken links, say what is wrong and do not throw', () => {
    const link = toLink(shared);
    const foreign = link.replace(`v1.${ENGINE_VERSION}.`, 'v1.999.');
    expect(fromLink(foreign)).toEqual({ ok: false, reason: 'engine version' });
    expect(fromLink('')).toEqual({ ok: false, reason: 'format' });
    expect(fromLink('x'.repeat(9000))).toEqual({ ok: false, reason: 'format' });
    for (let cut = 6; cut < link.length - 1; cut++) {
      expect(fromLink(link.slice(0, cut)).ok).toBe(false);
    }
  });
});
