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
import type { TypedLine } from './terminal.ts';
import { base64Decode, base64Encode } from './base64.ts';

/** Changes with every change of the engine that changes a trace. */
export const ENGINE_VERSION = 2;
const FORMAT = 'v1';
/** A link is at most so long; browsers take more. A session in a terminal needs the most. */
const LINK_CHARACTERS_MAX = 32_000;

export interface Shared {
  readonly experiment: string;
  readonly knobs: Readonly<Record<string, string>>;
  readonly seed: number;
  readonly inputs: readonly Input[];
  /** What was typed into its terminal, where somebody did, and the event at which it is left. */
  readonly typed?: readonly TypedLine[];
  readonly closedAt?: number;
}

export type Opened =
  | { readonly ok: true; readonly shared: Shared }
  | { readonly ok: false; readonly reason: 'format' | 'engine version' | 'content' };

/** The fragment of a run, without `#`. */
export function toLink(shared: Shared): string {
  const knobs = Object.entries(shared.knobs).sort(([left], [right]) => (left < right ? -1 : 1));
  const inputs = shared.inputs.map((input) => [input.event, ordered(input.fault)]);
  const { experiment, seed, typed = [], closedAt } = shared;
  const run = [experiment, knobs, seed, inputs];
  const lines = typed.map(({ event, pane, text }) => [event, pane, text]);
  const hasTerminal = lines.length > 0 || closedAt !== undefined;
  const json = JSON.stringify(hasTerminal ? [...run, lines, closedAt ?? null] : run);
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
  if (!Array.isArray(value) || (value.length !== 4 && value.length !== 6)) return null;
  const [experiment, knobs, seed, inputs, lines = [], closedAt = null] = value as unknown[];
  if (typeof experiment !== 'string' || !Array.isArray(knobs) || !Array.isArray(inputs))
    return null;
  if (!isEvent(seed)) return null;
  if (!knobs.every(isTextPair)) return null;
  const read = inputs.map(inputOf);
  if (!read.every((input) => input !== null)) return null;
  const run = { experiment, knobs: Object.fromEntries(knobs), seed, inputs: read };
  if (value.length === 4) return run;
  const typed = Array.isArray(lines) ? lines.map(lineOf) : [null];
  if (!typed.every((line) => line !== null)) return null;
  if (closedAt !== null && !isEvent(closedAt)) return null;
  return { ...run, typed, ...(closedAt === null ? {} : { closedAt }) };
}

function isEvent(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function lineOf(value: unknown): TypedLine | null {
  if (!Array.isArray(value) || value.length !== 3) return null;
  const [event, pane, text] = value as unknown[];
  if (!isEvent(event) || !isEvent(pane) || pane === 0 || typeof text !== 'string') return null;
  return { event, pane, text };
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
  if (!isEvent(event)) return null;
  if (typeof fault !== 'object' || fault === null || !('fault' in fault)) return null;
  return { event, fault: fault as Fault };
}

function ordered(fault: Fault): Record<string, unknown> {
  const pairs = Object.entries(fault).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(pairs);
}
