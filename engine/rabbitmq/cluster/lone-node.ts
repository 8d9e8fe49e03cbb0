/** The links of a node that is alone: what it sends to itself comes in a later event. */
import { assert } from '../../kernel/assert.ts';
import type { Ports } from '../../kernel/ports.ts';
import { micros } from '../../kernel/units.ts';
import type { NodeLinks, Term } from './node-links.ts';

export function loneNode({ host, clock }: Pick<Ports, 'host' | 'clock'>): NodeLinks {
  const receivers = new Map<string, (from: string, message: Term) => void>();
  return {
    self: host,
    members: [host],
    isConnected: (node) => node === host,
    send(node, name, message) {
      if (node !== host) return;
      clock.after(micros(0), 'self', () => receivers.get(name)?.(host, message));
    },
    register(name, receive) {
      assert(!receivers.has(name), 'a name is registered once', { name });
      receivers.set(name, receive);
    },
    unregister: (name) => void receivers.delete(name),
    watch: () => () => {},
  };
}
