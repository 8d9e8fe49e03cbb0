/**
 * What `add` can add: a kind of part with its options, and how it comes to be there.
 *
 * Not here: the kinds (`kafka-parts.ts`, `rabbitmq-parts.ts`), the command (`tools.ts`).
 */
import { micros } from '../../kernel/units.ts';
import type { Localized } from '../../lab/knob.ts';
import type { Playground } from '../../lab/playground/playground.ts';
import type { Call, OptionSpec } from '../program.ts';
import { isProblem, readWords } from './words.ts';
import type { Words } from './words.ts';

/** What a part is added by. */
export interface Adding {
  readonly call: Call;
  readonly playground: Playground;
  readonly words: Words;
  /** `add producer`: what begins a sentence about its words. */
  readonly verb: string;
}

export interface Part {
  readonly kind: string;
  readonly about: Localized;
  /** Of what else there has to be one before. */
  readonly needs: 'kafka' | 'rabbitmq' | null;
  /** Whether a name stands behind the kind. */
  readonly isNamed: boolean;
  readonly options: readonly OptionSpec[];
  readonly example: string;
  /** Adds it. What is wrong, or null: then it ends the call itself, or goes on. */
  add(adding: Adding): Localized | null;
}

/** Ends a call with a sentence. */
export function refuse(call: Call, why: Localized): void {
  call.tell(why);
  call.exit(1);
}

export function done(call: Call, what: Localized): void {
  call.tell(what);
  call.exit(0);
}

/** Virtual microseconds between two looks at what is awaited, and until nobody waits any more. */
const LOOK_MICROS = micros(20_000);
const WAIT_MICROS = 60_000_000;

/** Waits until a condition holds, and then says so; or says that it came not to be. */
export function whenReady(call: Call, isReady: () => boolean, what: Localized): void {
  const { clock } = call.ports;
  const until = clock.now() + WAIT_MICROS;
  const look = (): void => {
    if (isReady()) done(call, what);
    else if (clock.now() < until) clock.after(LOOK_MICROS, 'look', look);
    else {
      refuse(call, {
        en: 'it was added, and is not ready after 60 s',
        zh: '已添加，但 60 秒后仍未就绪',
      });
    }
  };
  look();
}

/** Runs `add <kind> ...` on a playground. */
export function addPart(call: Call, playground: Playground, part: Part): void {
  const verb = `add ${part.kind}`;
  const { needs } = part;
  if (needs !== null && playground.handles[needs] === undefined) {
    refuse(call, {
      en: `${verb}: there is no ${needs} yet; type 'add ${needs}'`,
      zh: `${verb}：还没有 ${needs}，请先输入“add ${needs}”`,
    });
    return;
  }
  const read = readWords(verb, call.words.slice(1), part.options, part.isNamed ? 1 : 0);
  if (isProblem(read)) {
    refuse(call, read);
    return;
  }
  if (part.isNamed && read.names.length === 0) {
    refuse(call, {
      en: `${verb}: a name is missing, as in '${part.example}'`,
      zh: `${verb}：缺少名称，例如“${part.example}”`,
    });
    return;
  }
  const wrong = part.add({ call, playground, words: read, verb });
  if (wrong !== null) refuse(call, wrong);
}
