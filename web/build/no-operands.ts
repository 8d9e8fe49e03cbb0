/**
 * Vite plugin for the worker: leaves the operands of assertions out. Each still holds the run up
 * with its sentence; which values it was about says `highwater run --link`, with the same link.
 *
 * Not here: what is asserted, and the operands (`engine/kernel/assert.ts`).
 */
import type { Plugin } from 'vite';

const ENGINE = /\/engine\/.*\.ts$/;

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly name?: string;
  readonly callee?: Node;
  readonly arguments?: readonly Node[];
}

export function noOperands(): Plugin {
  return {
    name: 'highwater:no-operands',
    transform: {
      filter: { id: ENGINE, code: /\bassert\(/ },
      handler(code) {
        const cuts = operands(this.parse(code, { lang: 'ts' }));
        // from the end, so that what comes before keeps its place
        const rest = cuts
          .toSorted(([left], [right]) => right - left)
          .reduce((text, [start, end]) => text.slice(0, start) + text.slice(end), code);
        return { code: rest, map: null };
      },
    },
  };
}

/** Where the operands stand, with the comma before them. */
function operands(part: unknown): [start: number, end: number][] {
  if (Array.isArray(part)) return part.flatMap(operands);
  if (typeof part !== 'object' || part === null) return [];
  const { type, callee, arguments: given = [] } = part as Node;
  const inner = Object.values(part).flatMap(operands);
  const [, message, values] = given;
  const isAssertion = type === 'CallExpression' && callee?.name === 'assert';
  if (!isAssertion || message === undefined || values === undefined) return inner;
  return [[message.end, values.end], ...inner.filter(([start]) => start < message.end)];
}
