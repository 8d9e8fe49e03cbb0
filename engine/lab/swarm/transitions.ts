/**
 * The transitions that a machine can make, as its definition has them: the measure of what a swarm
 * has seen. Written as the trace's entries are told: `isr: from EVENT -> to`.
 *
 * Differences: eventless transitions belong to the event before them and are not counted; of a
 * refused guard nothing is counted.
 */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { assert } from '../../kernel/assert.ts';

/** A transition as text. */
export function transitionText(machine: string, from: string, event: string, to: string): string {
  return `${machine}: ${from} ${event} -> ${to}`;
}

/** Every transition of a machine, from each of its innermost states, sorted. */
export function transitionsOf(machine: AnyStateMachine): readonly string[] {
  const found = new Set<string>();
  for (const leaf of leavesOf(machine.root)) {
    const taken = new Set<string>();
    for (let node: AnyStateNode | undefined = leaf; node !== undefined; node = node.parent) {
      addOf(found, taken, machine.id, leaf, node);
    }
  }
  return [...found].sort((left, right) => (left < right ? -1 : 1));
}

/** What an inner state always takes, an outer one never sees. */
function addOf(
  found: Set<string>,
  taken: Set<string>,
  machine: string,
  leaf: AnyStateNode,
  node: AnyStateNode,
): void {
  for (const [event, definitions] of node.transitions) {
    if (taken.has(event)) continue;
    for (const { target, guard } of definitions) {
      const to = target?.[0] === undefined ? leaf : initialLeafOf(target[0]);
      found.add(transitionText(machine, pathTo(leaf), event, pathTo(to)));
      if (guard === undefined) taken.add(event);
    }
  }
}

function leavesOf(node: AnyStateNode): readonly AnyStateNode[] {
  assert(node.type !== 'parallel', 'no machine here has regions', { node: node.id });
  const inner = Object.values(node.states) as AnyStateNode[];
  return inner.length === 0 ? [node] : inner.flatMap(leavesOf);
}

function initialLeafOf(node: AnyStateNode): AnyStateNode {
  const first = node.type === 'compound' ? node.initial.target[0] : undefined;
  return first === undefined ? node : initialLeafOf(first);
}

const pathTo = (node: AnyStateNode) => node.path.join('.');
