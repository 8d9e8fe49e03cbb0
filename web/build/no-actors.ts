/**
 * Vite plugin for the worker: leaves XState's actors out. The engine steps its machines by pure
 * transitions and makes no actor (`engine/kernel/machine.ts`); but machines could invoke and spawn
 * some, send to them and be restored from what they kept, so a bundler keeps the code of all that.
 *
 * What is left out is named by the text of the release of XState that is installed: where another
 * release has another text, the build stops and says which.
 */
import type { Plugin } from 'vite';

/** A piece of a file: from the first text to the second, both included. */
interface Cut {
  readonly from: string;
  readonly to: string;
  readonly by: string;
}

const NO_ACTORS = "throw new Error('the engine makes no actors');";
const cut = (from: string, to = from, by = ''): Cut => ({ from, to, by });

/** By the beginning of the file's name. */
const CUTS: Readonly<Record<string, readonly Cut[]>> = {
  // the actions that a machine's setup offers: the engine's machines take `assign` by its own name
  'xstate.': [cut('    assign,\n    sendTo,\n', '    spawnChild,\n')],
  'raise-': [
    cut('return new Actor(logic, options);', undefined, NO_ACTORS),
    cut(
      'for (const invokeDef of stateNodeToEnter.invoke) {',
      'invokeDef.onSnapshot\n      }));\n    }',
    ),
    cut(', ...s.invoke.map(def => stopChild(def.id))'),
    cut(
      'return resolveActionsAndContext(nextState, event, actorScope, Object.values(',
      '[], undefined);',
      'return nextState;',
    ),
  ],
  'assign-': [
    cut('spawn: createSpawner(actorScope, snapshot, actionArgs.event, spawnedChildren),'),
  ],
  'StateMachine-': [
    cut('return getPersistedSnapshot(snapshot, options);', undefined, NO_ACTORS),
    cut('const children = {};\n    const snapshotChildren', 'return restoredSnapshot;', NO_ACTORS),
    cut("return memo(this, 'invoke', () =>", '}));', 'return [];'),
    cut('return {\n      id: this.id,\n      key: this.key,', 'tags: this.tags\n    };', NO_ACTORS),
  ],
};

const MODULE = /\/xstate\/dist\/((?:xstate\.|raise-|assign-|StateMachine-)[^/]*)$/;

export function noActors(): Plugin {
  return {
    name: 'highwater:no-actors',
    transform: {
      filter: { id: MODULE },
      handler(code, id) {
        const file = MODULE.exec(id)?.[1] ?? '';
        const start = Object.keys(CUTS).find((one) => file.startsWith(one)) ?? '';
        return { code: (CUTS[start] ?? []).reduce(without, code), map: null };
      },
    },
  };
}

function without(code: string, { from, to, by }: Cut): string {
  const start = code.indexOf(from);
  const end = code.indexOf(to, start) + to.length;
  const isFound = start >= 0 && end > start && code.indexOf(from, start + 1) < 0;
  if (!isFound) throw new Error(`XState has another text than '${from}', once`);
  return code.slice(0, start) + by + code.slice(end);
}
