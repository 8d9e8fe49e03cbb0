/**
 * The JSON files that Kafka's tools take, read without trusting their shape: a field that is of
 * another type than it should be is not there.
 *
 * Source: `org.apache.kafka.server.util.Json`, `JsonValue`. Not here: which fields there should be
 * (each tool).
 */
import { assert } from '../../kernel/assert.ts';

/** A value in a JSON text. */
export class Json {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  /** A field of an object; null where there is none. */
  field(name: string): Json | null {
    assert(name.length > 0, 'a name');
    const value = this.#value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    return Object.hasOwn(value, name) ? new Json((value as Record<string, unknown>)[name]) : null;
  }

  get elements(): readonly Json[] | null {
    return Array.isArray(this.#value) ? this.#value.map((one) => new Json(one)) : null;
  }

  get text(): string | null {
    return typeof this.#value === 'string' ? this.#value : null;
  }

  /** A whole number that is exact. */
  get number(): number | null {
    return Number.isSafeInteger(this.#value) ? (this.#value as number) : null;
  }
}

export function parseJson(
  text: string,
): { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly problem: string } {
  assert(typeof text === 'string', 'a text');
  try {
    return { ok: true, value: new Json(JSON.parse(text)) };
  } catch {
    return { ok: false, problem: problemIn(text) };
  }
}

/** Where the real parser is, which is not told what it reads from. */
const SOURCE = '[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); ';

/** What the real parser says where a text ends too early, which is what happens mostly. */
function problemIn(text: string): string {
  const open: number[] = [];
  for (const { 0: mark, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{\]}]/gs)) {
    if (mark === '{' || mark === '[') open.push(index);
    else if (mark === '}' || mark === ']') open.pop();
  }
  const last = open[open.length - 1];
  if (last === undefined) return 'Unexpected character';
  const what = text[last] === '{' ? 'Object' : 'Array';
  const [from, end] = [placeOf(text, last), placeOf(text, text.length)];
  return (
    `Unexpected end-of-input: expected close marker for ${what} ` +
    `(start marker at ${SOURCE}${from}])\n at ${SOURCE}${end}]`
  );
}

function placeOf(text: string, at: number): string {
  const lines = text.slice(0, at).split('\n');
  return `line: ${lines.length}, column: ${lines[lines.length - 1]!.length + 1}`;
}
