/**
 * What the broker's view tells of files that were sent, against what its host was charged for it:
 * two accounts of the same work, on every path.
 */
import { describe, expect, test } from 'vitest';
import { Run } from '#engine/lab/run.ts';
import type { FileTransferView } from '#engine/lab/file-transfer.ts';
import type { Broker } from '../../engine/kafka/broker.ts';
import zeroCopy from '../../lessons/kafka/zero-copy/experiment.ts';

const PATHS = ['read-write', 'mmap-write', 'sendfile'];
const FLAGS = ['false', 'true'];
const all = PATHS.flatMap((path) =>
  FLAGS.flatMap((tls) =>
    FLAGS.flatMap((cached) => FLAGS.map((gather) => [path, tls, cached, gather] as const)),
  ),
);

function viewOf(run: Run): FileTransferView {
  const broker = run.world.hostNamed('broker-1')!.process as Broker;
  expect(broker.inspect()).toBe(broker.inspect());
  const [shown] = broker.inspect().modules ?? [];
  return shown as FileTransferView;
}

describe('kafka: file transfer', () => {
  test.each(all)(
    'the view and the charges agree (%s, TLS %s, cached %s, gathering card %s)',
    (path, tls, cached, gather) => {
      const knobs = { path, tls, cached, 'scatter-gather': gather };
      const run = new Run(zeroCopy, { knobs }).finish();
      const measures = run.measures();
      const view = viewOf(run);
      const { moved } = view;
      const sent = measures['bytesSent']!;
      const copied = moved['cache-user'] + moved['user-socket'] + moved['cache-socket'];
      expect(moved['socket-card'] + moved['cache-card']).toBe(sent);
      expect(copied).toBe(measures['cpuCopies']! * sent);
      expect(moved['disk-cache']).toBe(measures['diskBytes']);
      expect(view.userSpaceBytes).toBe(measures['userSpaceBytes']);
      expect(view.encryptedBytes).toBe(tls === 'true' ? sent : 0);
      expect(view.syscalls).toBe(measures['syscalls']);
      expect(2 * (view.syscalls + view.pageFaults)).toBe(measures['modeSwitches']);
      const taken = Object.entries(moved).flatMap(([way, bytes]) => (bytes > 0 ? [way] : []));
      for (const way of taken) expect(view.ways).toContain(way);
    },
  );

  test('the auditor, which reads everything once more, is charged for and not shown', () => {
    const run = new Run(zeroCopy, { knobs: {} }).finish();
    expect(viewOf(run).fetches).toBe(3);
    const { dma } = run.world.hostNamed('broker-1')!.counters;
    expect(dma).toBe(2 * run.measures()['bytesSent']!);
  });
});
