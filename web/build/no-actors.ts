/**
 * Vite plugin for the worker: leaves XState's actors out. The engine steps its machines by pure
 * transitions and makes no actor (`engine/kernel/machine.ts`), but machines could, so a bundler
 * keeps the actors' code.
 */
import type { Plugin } from 'vite';

const MODULE = /\/xstate\/dist\/raise-[^/]+\.js$/;
const MAKES_ACTORS = 'return new Actor(logic, options);';
const MAKES_NONE = "throw new Error('the engine makes no actors');";

export function noActors(): Plugin {
  return {
    name: 'highwater:no-actors',
    transform: {
      filter: { id: MODULE },
      handler(code) {
        if (code.split(MAKES_ACTORS).length !== 2) throw new Error('XState makes actors elsewhere');
        return { code: code.replace(MAKES_ACTORS, MAKES_NONE), map: null };
      },
    },
  };
}
