/**
 * The two machines of transactions: every state and transition is there that the source's tables
 * name, and each is reached by the events that the components send.
 */
import { getShortestPaths } from 'xstate/graph';
import { describe, expect, test } from 'vitest';
import { transactionalMachine } from '#engine/kafka/client/producer/transactional.machine.ts';
import { transactionMachine } from '#engine/kafka/transaction/transaction.machine.ts';
import { mayFollow, transactionStates } from '#engine/kafka/transaction/transaction-state.ts';

type Edges = Readonly<Record<string, { readonly on?: Readonly<Record<string, string>> }>>;

/** From, event and to of every transition that a state itself names. */
function edgesOf(machine: { readonly config: unknown }): [string, string, string][] {
  const { states } = machine.config as { readonly states: Edges };
  return Object.entries(states).flatMap(([from, { on = {} }]) =>
    Object.entries(on).map(([event, to]): [string, string, string] => [from, event, to]),
  );
}

describe('kafka: transaction machines', () => {
  test('the coordinator’s machine has the states and steps of TransactionState', () => {
    expect(Object.keys(transactionMachine.states)).toEqual(
      expect.arrayContaining([...transactionStates]),
    );
    const edges = edgesOf(transactionMachine);
    for (const [from, event, to] of edges) {
      const known = transactionStates as readonly string[];
      expect(known.includes(from) && known.includes(to), `${from} ${event} ${to}`).toBe(true);
      expect(mayFollow(from as 'Empty', to as 'Empty'), `${from} ${event} ${to}`).toBe(true);
    }
    const steps = new Set(edges.map(([from, , to]) => `${from} ${to}`));
    for (const before of transactionStates) {
      for (const after of transactionStates) {
        expect(steps.has(`${before} ${after}`), `${before} ${after}`).toBe(
          mayFollow(before, after),
        );
      }
    }
  });

  test('every state of a transactional producer is reached, and FATAL_ERROR from each', () => {
    const paths = getShortestPaths(transactionalMachine);
    const reached = new Set(paths.map(({ state }) => String(state.value)));
    expect(reached).toEqual(new Set(Object.keys(transactionalMachine.states)));
    expect(edgesOf(transactionalMachine)).toHaveLength(13);
  });
});
