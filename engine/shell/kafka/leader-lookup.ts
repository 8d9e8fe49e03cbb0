/**
 * Who leads a partition, asked again and again until somebody does or `default.api.timeout.ms` is
 * over, as calls to leaders do in the Java client.
 *
 * Source: `PartitionLeaderStrategy`, `AdminApiDriver`, `KafkaAdminClient.Call.toString`.
 */
import { assert } from '../../kernel/assert.ts';
import { microsOfMillis } from '../../kernel/units.ts';
import type { Admin } from '../../kafka/client/admin.ts';
import type { TopicPartition } from '../../kafka/client/consumer/subscription-state.ts';
import { ExponentialBackoff } from '../../kafka/client/exponential-backoff.ts';
import type { Call } from '../program.ts';

const BACKOFF = { initialMs: 100, maxMs: 1000 };

/** Tells the leader's node id, or the sentence on the call that came to nothing. */
export function lookUpLeader(
  call: Call,
  admin: Admin,
  callName: string,
  { topic, partition }: TopicPartition,
  done: (leader: number | string) => void,
): void {
  const { clock } = call.ports;
  const deadline = admin.calls.deadline();
  const deadlineMs = clock.wall() + Math.floor((deadline - clock.now()) / 1000);
  const backoff = new ExponentialBackoff(call.ports.random('leader-lookup'), BACKOFF);
  const attempt = (tries: number): void => {
    admin.describeTopics([topic], (result) => {
      const found = result.value?.find(({ name }) => name === topic);
      const leader = found?.partitions.find(({ partitionIndex }) => partitionIndex === partition);
      if (leader !== undefined && leader.leaderId >= 0) {
        done(leader.leaderId);
        return;
      }
      const waitMs = backoff.backoffMs(tries - 1);
      const next = clock.wall() + waitMs;
      if (next < deadlineMs) {
        clock.after(microsOfMillis(waitMs), 'retry.backoff.ms', () => attempt(tries + 1));
        return;
      }
      const leftMs = Math.max(0, deadlineMs - clock.wall());
      clock.after(microsOfMillis(leftMs), 'default.api.timeout.ms', () => {
        assert(tries >= 1, 'it was tried', { tries });
        const what =
          `Call(callName=${callName}, deadlineMs=${deadlineMs}, tries=${tries}, ` +
          `nextAllowedTryMs=${next})`;
        done(`${what} timed out at ${clock.wall()} after ${tries} attempt(s)`);
      });
    });
  };
  attempt(1);
}
