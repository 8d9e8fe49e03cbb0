/**
 * Every machine of the engine: scenes in the simulated world visit each state and each transition,
 * but for those that `machines/explained.ts` explains; and its states have the names of the real
 * source. The table at the end says what of it runs of the swarm meet, too.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { type DirectedGraphNode, toDirectedGraph } from 'xstate/graph';
import { type Chart, charts } from '../../engine/lab/machines.ts';
import { kafkaSystem } from '../../engine/lab/swarm/kafka.ts';
import { tryPlan } from '../../engine/lab/swarm/trial.ts';
import { explained } from './machines/explained.ts';
import { machineRows, type MachineRow } from './machines/table.ts';
import { type Played, statesIn, transitionsIn, visitsIn } from './machines/visits.ts';

const ENGINE = new URL('../../engine/', import.meta.url);
const FILES = readdirSync(fileURLToPath(ENGINE), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.machine.ts'))
  .toSorted();
/** Runs of the swarm for the table: such as differ most in what they meet. */
const SEEDS = [12, 23, 46, 50];

const chartOf = ({ machine }: MachineRow): Chart =>
  charts().find((chart) => chart.machine === machine)!;

const known = new Map<string, readonly Played[]>();

/** What the scenes of a machine led to; each is played once. */
function playedBy({ machine, scenes }: MachineRow): readonly Played[] {
  const made = 'test' in scenes ? [] : scenes;
  const played = known.get(machine) ?? made.map((scene) => scene());
  known.set(machine, played);
  return played;
}

const visitsOf = (chart: Chart, played: readonly Played[]): ReadonlySet<string> =>
  new Set(played.flatMap((one) => [...visitsIn(chart, one)]));

const unvisited = (all: readonly string[], seen: ReadonlySet<string>): readonly string[] =>
  all.filter((one) => !seen.has(one));

const explainedOf = ({ machine }: MachineRow): readonly string[] =>
  explained.flatMap((one) => (one.machine === machine ? [one.transition] : [])).toSorted();

/** The innermost states that a machine can stay in. */
function restingStates({ states, transitions }: Chart): readonly string[] {
  const inner = states.filter(({ path }) => !states.some(({ parent }) => parent === path));
  const passed = new Set(transitions.flatMap((one) => (one.event === 'always' ? [one.from] : [])));
  return inner.map(({ path }) => path).filter((path) => !passed.has(path));
}

/** The edges of the machine's graph, by xstate, as the chart's transitions are told. */
function edgesIn(machine: AnyStateMachine): readonly string[] {
  const nodes = (node: DirectedGraphNode): DirectedGraphNode[] => [
    node,
    ...node.children.flatMap(nodes),
  ];
  const edges = nodes(toDirectedGraph(machine)).flatMap((node) => node.edges);
  const texts = edges.map(({ source, target, label }) => {
    const delay = /^xstate\.after\.(\d+)\./.exec(label.text)?.[1];
    const event = delay === undefined ? label.text : `after ${delay} ms`;
    return `${source.path.join('.') || '*'} ${event} -> ${target.path.join('.')}`;
  });
  return [...new Set(texts)].toSorted();
}

describe('machines', () => {
  test('each file of a machine is in the catalogue, and each of the catalogue has its row', () => {
    const ids = charts().map(({ machine }) => machine);
    expect(FILES).toHaveLength(ids.length);
    expect(machineRows.map(({ machine }) => machine).toSorted()).toEqual(ids.toSorted());
  });

  test.each(FILES)('%s: the chart has the edges that xstate/graph finds', async (file) => {
    const exported = (await import(/* @vite-ignore */ new URL(file, ENGINE).href)) as object;
    const [machine] = Object.values(exported).filter((one: unknown) => {
      return typeof one === 'object' && one !== null && 'root' in one;
    }) as AnyStateMachine[];
    const chart = charts().find((one) => one.machine === machine!.id)!;
    // The graph has no edges for what is passed through at once.
    const lasting = chart.transitions.filter(({ event }) => event !== 'always');
    expect(edgesIn(machine!)).toEqual(transitionsIn({ ...chart, transitions: lasting }));
  });

  test.each(machineRows)('$machine: states have the names of the real source', (row) => {
    const named = chartOf(row).states.map(({ name }) => name);
    const own = Object.keys(row.own ?? {});
    expect(named.filter((name) => !row.names.includes(name)).toSorted()).toEqual(own.toSorted());
  });

  test.each(machineRows)('$machine: every transition is visited, or explained', (row) => {
    const chart = chartOf(row);
    if ('test' in row.scenes) {
      const text = readFileSync(new URL(`../${row.scenes.test}`, ENGINE), 'utf8');
      expect(text).toContain(`'${row.machine}'`);
      expect(text).toContain('expect(known.filter((edge) => !seen.has(edge))).toEqual([])');
      return;
    }
    const seen = visitsOf(chart, playedBy(row));
    expect(unvisited(transitionsIn(chart), seen).toSorted()).toEqual(explainedOf(row));
    const states = new Set(playedBy(row).flatMap((one) => [...statesIn(chart, one)]));
    expect(unvisited(restingStates(chart), states)).toEqual([]);
  });

  test('what is explained belongs to a machine, and no run of the swarm meets it', () => {
    const runs = SEEDS.map((seed) => {
      return tryPlan(kafkaSystem, kafkaSystem.draw(seed, { promise: 'within' })).run.world;
    });
    const lines = [`machine | transitions | in scenes | in ${SEEDS.length} runs of the swarm`];
    for (const row of machineRows) {
      const chart = chartOf(row);
      const met = visitsOf(chart, runs);
      expect(explainedOf(row).filter((transition) => met.has(transition))).toEqual([]);
      const counts = [transitionsIn(chart).length, visitsOf(chart, playedBy(row)).size, met.size];
      lines.push([row.machine.padEnd(22), ...counts].join(' | '));
    }
    const ids = machineRows.map(({ machine }) => machine);
    expect(explained.filter(({ machine }) => !ids.includes(machine))).toEqual([]);
    process.stdout.write(`${lines.join('\n')}\n`);
  });
});
