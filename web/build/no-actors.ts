/**
 * Vite plugin for the worker: leaves XState's actors out, and what else no machine of the engine
 * has or is asked for. The engine steps its machines by pure transitions and makes no actor
 * (`engine/kernel/machine.ts`); but machines could invoke and spawn some, send to them, be restored
 * from what they kept, remember histories and have routes, so a bundler keeps the code of all that.
 * A machine with a history or a route is refused.
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

const UNUSED = "throw new Error('the engine does not use this');";
/** How a transition is printed, up to what it says of its targets. */
const PRINTED = 'toJSON: () => ({\n      ...transition,\n      source: `#${stateNode.id}`,\n      ';
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
    cut('logger: console.log.bind(console),'),
    cut(
      'for (const invokeDef of stateNode.invoke) {',
      'for (const delayedTransition of stateNode.after) {',
      'for (const delayedTransition of stateNode.after) {',
    ),
    cut(
      'const routeTransitions = [];',
      "rootStateNode.transitions.set('xstate.route', routeTransitions);\n  }",
    ),
    // histories: `StateNode` refuses them
    cut("return stateNode.type === 'history';", undefined, 'return false;'),
    cut(
      'if (isHistoryNode(targetNode)) {',
      '} else {\n      targets.add(targetNode);\n    }',
      'targets.add(targetNode);',
    ),
    cut(
      'if (isHistoryNode(stateNode)) {',
      '} else {\n    if (stateNode.type',
      '{ if (stateNode.type',
    ),
    cut('for (const historyNode of getHistoryNodes(exitStateNode)) {', 'filter(predicate);\n    }'),
    // what a snapshot can be asked, and how a transition is printed
    cut('can: machineSnapshotCan,', 'toJSON: machineSnapshotToJSON'),
    cut(PRINTED + 'target: target ?', '})'),
    cut(PRINTED + 'target: resolvedTarget ?', '})'),
    // delays are kept by the clock port, and nobody inspects
    cut('actorScope.defer(() => {\n      const self', 'delay, id);\n    });'),
    cut('actorScope.defer(() => {\n    actorScope.system.scheduler.cancel', 'sendId);\n  });'),
    cut(
      "actorScope.system._sendInspectionEvent({\n      type: '@xstate.microstep",
      '_transitions: transitions\n    });',
    ),
    cut(
      'if (event.type === XSTATE_STOP) {\n    nextSnapshot',
      'snapshot: nextSnapshot,\n      microsteps\n    };\n  }',
    ),
    cut(
      'if (isErr && !transitions.length) {',
      'snapshot: nextSnapshot,\n        microsteps\n      };\n    }',
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
    cut('formatRouteTransitions(this.root);'),
    cut(
      "this.history = this.config.history === true ? 'shallow' : this.config.history || false;",
      undefined,
      `if (config.history || config.route) { ${UNUSED} }`,
    ),
    cut('this.events = this.root.events;'),
    cut("return memo(this, 'on', () => {", '}, {});\n    });', UNUSED),
    cut("return memo(this, 'events', () => {", 'return Array.from(events);\n    });', UNUSED),
    cut(
      'const keys = Object.keys(Object.fromEntries(this.transitions));',
      'return Array.from(events);\n  }\n',
      `${UNUSED} }`,
    ),
    cut('const {\n      actions,\n      guards,\n      actors,', '}\n    });', UNUSED),
    cut('const resolvedStateValue = resolveStateValue(', '}, this);', UNUSED),
    cut(
      'return macrostep(snapshot, event, actorScope, []).microsteps.map(([s]) => s);',
      undefined,
      UNUSED,
    ),
    cut('Object.values(snapshot.children).forEach(child => {', '}\n    });', NO_ACTORS),
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
