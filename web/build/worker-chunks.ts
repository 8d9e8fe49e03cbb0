/**
 * How the worker's code is cut into chunks: by the worlds that need it, which are the experiments
 * and the drills. A module that the same worlds import is in one chunk with the others of them;
 * what the worker itself imports is in one, too. Whether the terminal needs it as well makes a
 * difference, and whether any tool of Kafka does. Tools of RabbitMQ and of stores need what their
 * worlds have loaded anyway.
 *
 * A bundler would also cut by each single thing that is loaded on demand: a lesson would load its
 * code in dozens of pieces, and pieces compress badly. What no world needs is cut as a bundler does
 * it. No chunk is in a circle: a module is needed by whoever needs one that imports it, so imports
 * lead from chunks of fewer to chunks of more.
 */
import type { Plugin, Rolldown } from 'vite';

const WORLD = /\/lessons\/[^/]+\/[^/]+\/(?:experiment|drill)\.ts$|\/playground-experiment\.ts$/;
/** What else makes a difference: the terminal, and Kafka's tools, which count as one. */
const TERMINAL = /\/web\/worker\/terminal\.ts$/;
const KAFKA_TOOL = /\/engine\/shell\/kafka\/[\w-]+\.ts$/;
const WORKER = 'worker';

interface WorkerChunks {
  /** Looks at the modules when all of them are known. */
  readonly plugin: () => Plugin;
  readonly groups: readonly Rolldown.CodeSplittingGroup[];
}

export function workerChunks(): WorkerChunks {
  let chunks: ReadonlyMap<string, string> = new Map();
  const plugin = (): Plugin => ({
    name: 'highwater:worker-chunks',
    renderStart() {
      chunks = chunksOf([...this.getModuleIds()].sort(), (id) => this.getModuleInfo(id)!);
    },
  });
  const name = (id: string): string | null => chunks.get(id) ?? null;
  return { plugin, groups: [{ name, includeDependenciesRecursively: false }] };
}

type Graph = (
  id: string,
) => Pick<Rolldown.ModuleInfo, 'importedIds' | 'dynamicImporters' | 'isEntry'>;

/**
 * The chunk of each module that a world or the worker needs; what is loaded by itself has none.
 * @param ids in an order that is the same in every build: names follow from it
 */
function chunksOf(ids: readonly string[], graph: Graph): ReadonlyMap<string, string> {
  const isLoaded = (id: string): boolean => graph(id).dynamicImporters.length > 0;
  const needed = needsOf(ids, graph);
  const names = new Map([[WORKER, 'base']]);
  const chunks = new Map<string, string>();
  for (const id of ids) {
    const needs = needed.get(id) ?? [];
    if (graph(id).isEntry || isLoaded(id) || !needs.some(isWorld)) continue;
    const key = needs.includes(WORKER) ? WORKER : needs.join(' ');
    const name = names.get(key) ?? `world-${names.size}`;
    names.set(key, name);
    chunks.set(id, name);
  }
  return chunks;
}

const isWorld = (need: string): boolean => need === WORKER || WORLD.test(need);

/** By whom each module is needed: the worker, worlds by their files, the terminal, tools. */
function needsOf(ids: readonly string[], graph: Graph): ReadonlyMap<string, readonly string[]> {
  const needed = new Map<string, string[]>();
  const visit = (id: string, need: string): void => {
    const needs = needed.get(id) ?? [];
    if (needs.includes(need)) return;
    needed.set(id, [...needs, need]);
    for (const one of graph(id).importedIds) visit(one, need);
  };
  for (const id of ids) {
    if (graph(id).isEntry) visit(id, WORKER);
    else if (graph(id).dynamicImporters.length === 0) continue;
    else if (WORLD.test(id)) visit(id, id);
    else if (TERMINAL.test(id)) visit(id, 'terminal');
    else if (KAFKA_TOOL.test(id)) visit(id, 'tools of Kafka');
  }
  return needed;
}
