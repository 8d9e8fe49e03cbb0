/** Which settings of brokers and topics throttle replication, and which texts are none (KIP-73). */
import { describe, expect, test } from 'vitest';
import { throttleProblem } from '#engine/kafka/controller/replication-throttles.ts';

const RATE = 'follower.replication.throttled.rate';
const REPLICAS = 'leader.replication.throttled.replicas';

describe('kafka: controller: replication throttles', () => {
  test.each([
    [RATE, '0'],
    [RATE, '100000'],
    [REPLICAS, ''],
    [REPLICAS, '*'],
    [REPLICAS, '0:1,0:2,12:3'],
    ['retention.ms', 'anything: it is not about throttles'],
  ])('%s may be %j', (name, value) => {
    expect(throttleProblem(name, value)).toBeNull();
  });

  test.each([
    [RATE, '-1'],
    [RATE, 'fast'],
    [REPLICAS, '0'],
    [REPLICAS, '0:1,'],
    [REPLICAS, '*,0:1'],
  ])('%s may not be %j', (name, value) => {
    expect(throttleProblem(name, value)).toContain(`Invalid value ${value} for configuration`);
  });
});
