/**
 * Share links: a run as a URL fragment. Canonical (the same run gives the same text), with the
 * versions of the format and of the engine, so that a link of another version gets a sentence
 * instead of another run.
 *
 * Text: `v1.<engine>.<base64url of JSON>`. Not here: the page that opens it (`web/`).
 */
import { assert } from '../kernel/assert.ts';
import type { Fault } from '../sim/faults.ts';
import type { Input } from './run.ts';
import { base64Decode, base64Encode } from './base64.ts';

/** Changes with every change of the engine that changes a trace. */
export const ENGINE_VERSION = 2;
const FORMAT = 'v1';
/** A link is at most so long; browsers take more. */
const LINK_CHARACTERS_MAX = 8000;

export interface Shared {
  readonly experiment: string;
  readonly knobs: Readonly<Record<string, string>>;
  readonly seed: number;
  readonly inputs: readonly Input[];
}

export type Opened =
  | { readonly ok: true; readonly shared: Shared }
  | { readonly ok: false; readonly reason: 'format' | 'engine version' | 'content' };

/** The fragment of a run, without `#`. */
export function toLink(shared: Shared): string {
  const knobs = Object.entries(shared.knobs).sort(([left], [right]) => (left < right ? -1 : 1));
  const inputs = shared.inputs.map((input) => [input.event, ordered(input.fault)]);
  const json = JSON.stringify([shared.experiment, knobs, shared.seed, inputs]);
  const link = `${FORMAT}.${ENGINE_VERSION}.${base64Encode(json)}`;
  assert(link.length <= LINK_CHARACTERS_MAX, 'too much for a link', { characters: link.length });
  return link;
}

/** The run of a fragment, or why it cannot be opened. Never throws. */
export function fromLink(link: string): Opened {
  if (link.length > LINK_CHARACTERS_MAX) return { ok: false, reason: 'format' };
  const [format, engine, content, ...rest] = link.split('.');
  if (format !== FORMAT || content === undefined || rest.length > 0) {
    return { ok: false, reason: 'format' };
  }
  if (engine !== String(ENGINE_VERSION)) return { ok: false, reason: 'engine version' };
  const json = base64Decode(content);
  const shared = json === null ? null : parse(json);
  return shared === null ? { ok: false, reason: 'content' } : { ok: true, shared };
}

function parse(json: string): Shared | null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  if (!Array.isArray(value) || value.length !== 4) return null;
  const [experiment, knobs, seed, inputs] = value as unknown[];
  if (typeof experiment !== 'string' || !Array.isArray(knobs) || !Array.isArray(inputs))
    return null;
  if (typeof seed !== 'number' || !Number.isSafeInteger(seed) || seed < 0) return null;
  if (!knobs.every(isTextPair)) return null;
  const read = inputs.map(inputOf);
  if (!read.every((input) => input !== null)) return null;
  return { experiment, knobs: Object.fromEntries(knobs), seed, inputs: read };
}

function isTextPair(value: unknown): value is [string, string] {
  return (
    Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === 'string')
  );
}

/** An input whose fault has the shape of one. Whether its host exists is for the run to say. */
function inputOf(value: unknown): Input | null {
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [event, fault] = value as [unknown, unknown];
  if (typeof event !== 'number' || !Number.isSafeInteger(event) || event < 0) return null;
  if (typeof fault !== 'object' || fault === null || !('fault' in fault)) return null;
  return { event, fault: fault as Fault };
}

function ordered(fault: Fault): Record<string, unknown> {
  const pairs = Object.entries(fault).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(pairs);
}
