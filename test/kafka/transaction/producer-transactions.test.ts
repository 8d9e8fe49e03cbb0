/** The transactional producer against a real cluster, in both versions of transactions. */
import { describe, expect, test } from 'vitest';
import { profileOf } from '#engine/kafka/profiles.ts';
import { ErrorCode } from '#engine/wire/kafka/errors.ts';
import { TransactionalCluster } from './transactional-cluster.ts';

for (const release of ['kafka-3.9', 'kafka-4.1'] as const) {
  const profile = profileOf(release);
  const make = (settings = {}) => new TransactionalCluster(settings, { profile });

  describe(`kafka: transactional producer (${release})`, () => {
    test(`kafka: producer: commits over two topics and aborts, in turn (${release})`, () => {
      const rig = make();
      const producer = rig.producer();
      expect(producer.state).toBe('UNINITIALIZED');
      expect(producer.init()).toBe(ErrorCode.NONE);
      expect(producer.state).toBe('READY');
      for (let round = 0; round < 4; round++) {
        producer.begin();
        producer.send(`p${round}`);
        producer.send(`o${round}`, 'out');
        if (round % 2 === 0) expect(producer.commit()).toBe(ErrorCode.NONE);
        else expect(producer.abort()).toBe(ErrorCode.NONE);
      }
      rig.cluster.sleep(2);
      expect(rig.read('read_committed')).toEqual(['p0', 'p2']);
      expect(rig.read('read_committed', 'out')).toEqual(['o0', 'o2']);
      const bumps = release === 'kafka-4.1' ? 4 : 0;
      expect(producer.process.inspect().epoch).toBe(bumps);
    });

    test(`kafka: producer: the first one is fenced by the second (${release})`, () => {
      const rig = make();
      const first = rig.producer();
      first.init();
      first.begin();
      first.send('a');
      rig.cluster.sleep(1);
      const second = rig.producer();
      expect(second.init()).toBe(ErrorCode.NONE);
      first.send('b');
      rig.cluster.sleep(1);
      expect(first.state).toBe('ABORTABLE_ERROR');
      expect(first.abort()).not.toBe(ErrorCode.NONE);
      expect(first.state).toBe('FATAL_ERROR');
      second.begin();
      second.send('c');
      expect(second.commit()).toBe(ErrorCode.NONE);
      rig.cluster.sleep(1);
      expect(rig.read('read_committed')).toEqual(['c']);
    });

    test(`kafka: producer: offsets count when the transaction commits (${release})`, () => {
      const rig = make();
      const producer = rig.producer();
      producer.init();
      producer.begin();
      producer.send('a', 'out');
      expect(producer.sendOffsets(7)).toBe(ErrorCode.NONE);
      expect(rig.committed('pay', false)).toBe(-1);
      expect(rig.committed('pay', true)).toBe(`error ${ErrorCode.UNSTABLE_OFFSET_COMMIT}`);
      expect(producer.commit()).toBe(ErrorCode.NONE);
      rig.cluster.sleep(2);
      expect(rig.committed()).toBe(7);
      producer.begin();
      expect(producer.sendOffsets(9)).toBe(ErrorCode.NONE);
      expect(producer.abort()).toBe(ErrorCode.NONE);
      rig.cluster.sleep(2);
      expect(rig.committed()).toBe(7);
    });

    test(`kafka: producer: a zombie of the group is told so (KIP-447, ${release})`, () => {
      const rig = make();
      const producer = rig.producer();
      producer.init();
      producer.begin();
      const zombie = { groupId: 'g', generationId: 3, memberId: 'm', groupInstanceId: null };
      expect(producer.sendOffsets(7, zombie)).toBe(ErrorCode.ILLEGAL_GENERATION);
      expect(producer.state).toBe('ABORTABLE_ERROR');
      expect(producer.abort()).toBe(ErrorCode.NONE);
      expect(producer.state).toBe('READY');
      producer.begin();
      producer.send('after');
      expect(producer.commit()).toBe(ErrorCode.NONE);
      rig.cluster.sleep(2);
      expect([rig.read('read_committed'), rig.committed()]).toEqual([['after'], -1]);
    });

    test(`kafka: producer: goes on when coordinator and leader fail (${release})`, () => {
      const rig = make();
      const producer = rig.producer();
      producer.init();
      producer.begin();
      producer.send('a');
      rig.cluster.sleep(1);
      rig.cluster.inject({ fault: 'crash', host: 'broker-1' });
      producer.send('b');
      expect(producer.sendOffsets(3)).toBe(ErrorCode.NONE);
      expect(producer.commit()).toBe(ErrorCode.NONE);
      rig.cluster.inject({ fault: 'start', host: 'broker-1' });
      rig.cluster.running();
      rig.cluster.sleep(20);
      expect(rig.read('read_committed')).toEqual(['a', 'b']);
      expect(rig.committed()).toBe(3);
    });
  });
}

describe('kafka: transactional producer of old', () => {
  test('kafka: producer: without group metadata a zombie’s offsets count (gallery 17)', () => {
    const profile = profileOf('kafka-4.1', { sendsGroupMetadata: false });
    const rig = new TransactionalCluster({}, { profile });
    const producer = rig.producer();
    producer.init();
    producer.begin();
    const zombie = { groupId: 'g', generationId: 3, memberId: 'm', groupInstanceId: null };
    expect(producer.sendOffsets(7, zombie)).toBe(ErrorCode.NONE);
    expect(producer.commit()).toBe(ErrorCode.NONE);
    rig.cluster.sleep(2);
    expect(rig.committed()).toBe(7);
  });
});
