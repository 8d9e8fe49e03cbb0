/** Registration, sessions and controlled shutdown, asked of the controller as brokers ask. */
import { describe, expect, test } from 'vitest';
import { newestProfile, profileOf } from '../../../engine/kafka/profiles.ts';
import { ErrorCode } from '../../../engine/wire/kafka/errors.ts';
import { Rig } from './rig.ts';

const withoutElr = profileOf(newestProfile, { eligibleLeaderReplicas: false });

describe('kafka: controller: registration', () => {
  test('a broker begins fenced and is unfenced once it has replayed its own registration', () => {
    const rig = new Rig();
    const { brokerEpoch } = rig.register(1);
    expect(rig.image.brokers.get(1)).toMatchObject({ fenced: true, epoch: brokerEpoch });
    const behind = rig.heartbeat(1, { currentMetadataOffset: brokerEpoch - 1 });
    expect(behind).toMatchObject({ isCaughtUp: false, isFenced: true });
    const caughtUp = rig.heartbeat(1, { currentMetadataOffset: brokerEpoch });
    expect(caughtUp).toMatchObject({ isCaughtUp: true, isFenced: false });
    expect(rig.image.brokers.get(1)?.fenced).toBe(false);
  });

  test('the broker epoch is the offset of the registration in the metadata log', () => {
    const rig = new Rig();
    const { brokerEpoch } = rig.register(1);
    expect(brokerEpoch).toBe(rig.image.offset);
  });

  test('a broker that is caught up and wants to stay fenced stays fenced', () => {
    const rig = new Rig();
    rig.register(1);
    expect(rig.heartbeat(1, { wantFence: true })).toMatchObject({
      isCaughtUp: true,
      isFenced: true,
    });
  });

  test('another incarnation is refused while the session of the first is valid', () => {
    const rig = new Rig().cluster();
    expect(rig.restartBroker(2)).toBe(ErrorCode.DUPLICATE_BROKER_REGISTRATION);
    rig.expire(2);
    const before = rig.epochOf(2);
    expect(rig.restartBroker(2)).toBe(ErrorCode.NONE);
    expect(rig.epochOf(2)).toBeGreaterThan(before);
  });

  test('the same incarnation keeps its epoch when it registers again', () => {
    const rig = new Rig().cluster();
    const before = rig.epochOf(2);
    expect(rig.register(2).brokerEpoch).toBe(before);
    expect(rig.image.brokers.get(2)?.fenced).toBe(false);
  });

  test('a broker of another cluster is refused', () => {
    const { errorCode } = new Rig().register(1, { clusterId: 'AnotherClusterAAAAAAAA' });
    expect(errorCode).toBe(ErrorCode.INCONSISTENT_CLUSTER_ID);
  });

  test('a heartbeat with an old epoch, or of nobody, is STALE_BROKER_EPOCH', () => {
    const rig = new Rig().cluster();
    const stale = rig.heartbeat(1, { brokerEpoch: rig.epochOf(1) - 1 });
    expect(stale.errorCode).toBe(ErrorCode.STALE_BROKER_EPOCH);
    const unknown = rig.heartbeat(1, { brokerId: 9 });
    expect(unknown.errorCode).toBe(ErrorCode.STALE_BROKER_EPOCH);
  });
});

describe('kafka: controller: sessions', () => {
  test('a broker that is silent for broker.session.timeout.ms is fenced; a follower leads', () => {
    const rig = new Rig().cluster().pay();
    rig.expire(1);
    expect(rig.image.brokers.get(1)?.fenced).toBe(true);
    expect(rig.partition).toMatchObject({ leader: 2, leaderEpoch: 1, isr: [2, 3] });
  });

  test('a fenced broker that speaks again is unfenced, and joins no ISR by that', () => {
    const rig = new Rig().cluster().pay();
    rig.expire(1);
    expect(rig.heartbeat(1)).toMatchObject({ isFenced: false });
    expect(rig.partition).toMatchObject({ leader: 2, isr: [2, 3] });
  });

  test('all brokers silent: the last of the ISR stays in it (no ELR) and leads again', () => {
    const rig = new Rig({ profile: withoutElr }).cluster().pay();
    rig.expire(1, 2, 3);
    expect(rig.partition).toMatchObject({ leader: -1, isr: [3] });
    rig.heartbeat(2);
    expect(rig.partition.leader).toBe(-1);
    rig.heartbeat(3);
    expect(rig.partition).toMatchObject({ leader: 3, isr: [3] });
  });

  test('all brokers silent: with min.insync.replicas=2 two are eligible, either may lead', () => {
    const rig = new Rig().cluster().pay({ 'min.insync.replicas': '2' });
    rig.expire(1, 2, 3);
    expect(rig.partition).toMatchObject({ leader: -1, isr: [], elr: [2, 3], lastKnownElr: [3] });
    rig.heartbeat(1);
    expect(rig.partition.leader).toBe(-1);
    rig.heartbeat(2);
    expect(rig.partition).toMatchObject({ leader: 2, isr: [2], elr: [3], leaderRecoveryState: 0 });
  });

  test('an unclean restart costs eligibility, a clean one does not (KIP-966)', () => {
    const rig = new Rig().cluster().pay({ 'min.insync.replicas': '2' });
    rig.expire(1, 2, 3);
    expect(rig.restartBroker(2, rig.epochOf(2))).toBe(ErrorCode.NONE);
    expect(rig.partition.elr).toEqual([2, 3]);
    expect(rig.restartBroker(3, -1)).toBe(ErrorCode.NONE);
    expect(rig.partition.elr).toEqual([2]);
  });
});

describe('kafka: controller: controlled shutdown', () => {
  test('leaderships move away first, then the broker may stop', () => {
    const rig = new Rig().cluster().pay();
    const first = rig.heartbeat(1, { wantShutDown: true });
    expect(first).toMatchObject({ shouldShutDown: false, isFenced: false });
    expect(rig.partition).toMatchObject({ leader: 2, isr: [2, 3] });
    expect(rig.image.brokers.get(1)?.inControlledShutdown).toBe(true);
    expect(rig.heartbeat(1, { wantShutDown: true }).shouldShutDown).toBe(false);
    rig.heartbeat(2);
    rig.heartbeat(3);
    expect(rig.heartbeat(1, { wantShutDown: true }).shouldShutDown).toBe(true);
    expect(rig.image.brokers.get(1)?.fenced).toBe(true);
  });

  test('who is fenced need not have seen that the leaderships moved', () => {
    const rig = new Rig().cluster().pay();
    rig.expire(3);
    rig.heartbeat(1, { wantShutDown: true });
    expect(rig.heartbeat(1, { wantShutDown: true }).shouldShutDown).toBe(false);
    rig.heartbeat(2);
    expect(rig.heartbeat(1, { wantShutDown: true }).shouldShutDown).toBe(true);
  });

  test('a broker that leads nothing may stop at once', () => {
    const rig = new Rig().cluster().pay();
    expect(rig.heartbeat(3, { wantShutDown: true }).shouldShutDown).toBe(true);
    expect(rig.partition).toMatchObject({ leader: 1, leaderEpoch: 0, isr: [1, 2] });
  });

  test('a stopped broker may start anew at once', () => {
    const rig = new Rig().cluster().pay();
    rig.heartbeat(3, { wantShutDown: true });
    expect(rig.restartBroker(3, rig.epochOf(3))).toBe(ErrorCode.NONE);
  });
});
