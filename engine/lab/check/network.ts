/**
 * The invariant of the simulated network, S3: what was sent was delivered, dropped, or is under
 * way.
 */
import type { SimNetwork } from '../../sim/sim-network.ts';

/** Null while it holds; otherwise one sentence with the counts. */
export function messagesConserved(network: SimNetwork): string | null {
  const { sent, delivered, dropped } = network.counts;
  const { inFlight } = network;
  if (sent === delivered + dropped + inFlight) return null;
  return `sent ${sent} is not delivered ${delivered} + dropped ${dropped} + in flight ${inFlight}`;
}
