/**
 * How a host's lane looks along the run: when it is not there, runs, is down or paused, and when a
 * broker believes to be a leader, in which epoch.
 */
import { brokerView } from './replicas.ts';
import type { HostChange } from '../worker/recording.ts';
import { isAtRest } from './at-rest.ts';

export interface Segment {
  readonly from: number;
  readonly to: number;
  readonly state: 'running' | 'down' | 'paused';
  /** The leader epoch while it leads a partition, or null. */
  readonly epoch: number | null;
}

/** The segments of a host, from its first appearance to the run's last event. */
export function segmentsOf(changes: readonly HostChange[], events: number): readonly Segment[] {
  const segments: Segment[] = [];
  for (const [place, { event, host }] of changes.entries()) {
    if (isAtRest(host)) continue;
    const to = changes[place + 1]?.event ?? events;
    const state = host.state !== 'running' ? 'down' : host.paused ? 'paused' : 'running';
    const led = brokerView(host)?.partitions.filter((view) => view.role === 'leader') ?? [];
    const epoch = led.length === 0 ? null : Math.max(...led.map((view) => view.leaderEpoch));
    const last = segments[segments.length - 1];
    if (last?.state === state && last.epoch === epoch && last.to === event) {
      segments[segments.length - 1] = { ...last, to };
    } else {
      segments.push({ from: event, to, state, epoch });
    }
  }
  return segments;
}
