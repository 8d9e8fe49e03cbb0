/**
 * One API of the protocol: its key, its versions, and the schemas of its request and its response,
 * with their compiled plans; and the table in which codecs find them by key.
 *
 * An API enters the table when its module is loaded. So a program speaks what its handlers and
 * clients import, and a lesson without groups does not carry their messages. `apis.ts` loads all.
 */
import { assert, present } from '../../kernel/assert.ts';
import { compile, type Plan } from './plan.ts';
import type { DataOf, Struct } from './schema.ts';

/** The header versions follow the body: flexible bodies have headers with tagged fields. */
export interface Api<Q extends Struct = Struct, R extends Struct = Struct> {
  readonly key: number;
  readonly name: string;
  readonly versionMin: number;
  readonly versionMax: number;
  /** The first flexible version (KIP-482). */
  readonly flexibleSince: number;
  readonly request: Q;
  readonly response: R;
  requestPlan(version: number): Plan<DataOf<Q>>;
  responsePlan(version: number): Plan<DataOf<R>>;
}

interface ApiDefinition<Q extends Struct, R extends Struct> {
  readonly key: number;
  readonly name: string;
  /** The lowest and the highest version. */
  readonly versions: readonly [number, number];
  readonly flexible: number;
  readonly request: Q;
  readonly response: R;
}

const KEYS_MAX = 128;
const byKey: (Api | undefined)[] = new Array<Api | undefined>(KEYS_MAX).fill(undefined);

/** The API with this key, if the program has loaded it. */
export function apiOf(key: number): Api | undefined {
  return byKey[key];
}

/** Declares an API. Its plans are compiled when they are first asked for. */
export function api<Q extends Struct, R extends Struct>(of: ApiDefinition<Q, R>): Api<Q, R> {
  const [versionMin, versionMax] = of.versions;
  assert(versionMin >= 0 && versionMin <= versionMax, 'versions', { of: of.name });
  assert(of.key >= 0 && of.key < KEYS_MAX, 'a key', { key: of.key });
  assert(byKey[of.key] === undefined, 'a key is declared once', { key: of.key });
  const made: Api<Q, R> = Object.freeze({
    key: of.key,
    name: of.name,
    versionMin,
    versionMax,
    flexibleSince: of.flexible,
    request: of.request,
    response: of.response,
    requestPlan: plans(of.request, of.versions, of.flexible),
    responsePlan: plans(of.response, of.versions, of.flexible),
  });
  byKey[of.key] = made as Api;
  return made;
}

function plans<S extends Struct>(
  schema: S,
  [min, max]: readonly [number, number],
  flexible: number,
): (version: number) => Plan<DataOf<S>> {
  const made: Plan<DataOf<S>>[] = [];
  return (version) => {
    assert(version >= min && version <= max, 'a version that the API lacks', {
      of: schema.name,
      version,
    });
    // Filled in order, so that the array has no holes.
    for (let v = min + made.length; v <= version; v++) {
      made.push(compile(schema, v, v >= flexible));
    }
    return present(made[version - min], 'plan');
  };
}
