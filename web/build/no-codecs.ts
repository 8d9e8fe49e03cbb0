/**
 * Vite plugin for the worker: leaves the codecs of wire protocols out. In a simulated world
 * messages travel as objects, and only their sizes count; bytes are for sockets (`engine/node`) and
 * for the paranoid wire of tests and of the swarm, neither of which a page has.
 *
 * A protocol's `codec` that is asked for after all throws. Not here: sizes and names of messages.
 */
import type { Plugin } from 'vite';
import { nodesOf, without } from './syntax.ts';
import type { Syntax } from './syntax.ts';

const PROTOCOLS =
  /\/engine\/(?:wire\/[a-z]+\/protocol|services\/(?:.*\/)?(?:resp|json-protocol))\.ts$/;
const NO_CODEC = "codec: () => { throw new Error('in a page messages stay objects'); }";

/** A protocol's `codec`, wherever it stands. */
const isCodec = ({ type, key }: Syntax): boolean =>
  type === 'Property' && (key as { readonly name?: string }).name === 'codec';

export function noCodecs(): Plugin {
  return {
    name: 'highwater:no-codecs',
    transform: {
      filter: { id: PROTOCOLS },
      handler(code, id) {
        const found = nodesOf(this.parse(code, { lang: 'ts' })).filter(isCodec);
        if (found.length !== 1) throw new Error(`${id} has one protocol`);
        const cuts = found.map(({ start, end }) => ({ start, end, by: NO_CODEC }));
        return { code: without(code, cuts), map: null };
      },
    },
  };
}
