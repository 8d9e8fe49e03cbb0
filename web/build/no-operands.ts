/**
 * Vite plugin for the worker: leaves the operands of assertions out. Each still holds the run up
 * with its sentence; which values it was about says `highwater run --link`, with the same link.
 *
 * Not here: what is asserted, and the operands (`engine/kernel/assert.ts`).
 */
import type { Plugin } from 'vite';
import { nodesOf, without } from './syntax.ts';
import type { Cut, Syntax } from './syntax.ts';

const ENGINE = /\/engine\/.*\.ts$/;

export function noOperands(): Plugin {
  return {
    name: 'highwater:no-operands',
    transform: {
      filter: { id: ENGINE, code: /\bassert\(/ },
      handler(code) {
        const cuts = nodesOf(this.parse(code, { lang: 'ts' }))
          .map(operands)
          .filter((cut) => cut !== null);
        return { code: without(code, cuts), map: null };
      },
    },
  };
}

/** Where the operands of an assertion stand, with the comma before them; null if it has none. */
function operands(node: Syntax): Cut | null {
  if (node.type !== 'CallExpression') return null;
  const { name } = node['callee'] as { readonly name?: string };
  const [, message, values] = node['arguments'] as readonly Syntax[];
  if (name !== 'assert' || message === undefined || values === undefined) return null;
  return { start: message.end, end: values.end, by: '' };
}
