/**
 * Vite plugin for the worker: leaves the codecs of wire protocols out. In a simulated world
 * messages travel as objects, and only their sizes count; bytes are for sockets (`engine/node`) and
 * for the paranoid wire of tests and of the swarm, neither of which a page has.
 *
 * A protocol's `codec` that is asked for after all throws. Not here: sizes and names of messages.
 */
import type { Plugin } from 'vite';

const PROTOCOLS =
  /\/engine\/(?:wire\/[a-z]+\/protocol|services\/(?:.*\/)?(?:resp|json-protocol))\.ts$/;
const NO_CODEC = "codec: () => { throw new Error('in a page messages stay objects'); }";

interface Named {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly key?: { readonly name?: string };
}

export function noCodecs(): Plugin {
  return {
    name: 'highwater:no-codecs',
    transform: {
      filter: { id: PROTOCOLS },
      handler(code, id) {
        const found = codecs(this.parse(code, { lang: 'ts' }));
        const [codec] = found;
        if (codec === undefined || found.length > 1) throw new Error(`${id} has one protocol`);
        return { code: code.slice(0, codec.start) + NO_CODEC + code.slice(codec.end), map: null };
      },
    },
  };
}

/** The properties of this name, wherever they stand. */
function codecs(part: unknown): Named[] {
  if (Array.isArray(part)) return part.flatMap(codecs);
  if (typeof part !== 'object' || part === null) return [];
  const node = part as Named;
  if (node.type === 'Property' && node.key?.name === 'codec') return [node];
  return Object.values(part).flatMap(codecs);
}
