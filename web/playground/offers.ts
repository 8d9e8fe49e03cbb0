/**
 * What a click can add to a playground as it is now: each offer is a command, with the choices that
 * it has. The command is shown before it is typed, so that it is learned.
 *
 * Not here: the words (`i18n/playground.ts`), the buttons (`Toolbox.svelte`).
 */
import type { PlaygroundState } from '../worker/playground-state.ts';

export const OFFERS = [
  'kafka',
  'broker',
  'topic',
  'producer',
  'member',
  'rabbitmq',
  'exchange',
  'queue',
  'publisher',
  'consumer',
] as const;
export type OfferId = (typeof OFFERS)[number];

/** A choice of an offer: an option of the command, and what may stand behind it. */
export interface Choice {
  readonly option: string;
  readonly values: readonly string[];
  readonly preset: string;
}

export interface Offer {
  readonly id: OfferId;
  readonly product: 'kafka' | 'rabbitmq';
  /** The command without the options of its choices. */
  readonly command: string;
  readonly choices: readonly Choice[];
}

const TOPICS = ['orders', 'payments', 'shipments'] as const;
const QUEUES = ['jobs', 'mails', 'invoices'] as const;
const EXCHANGES = ['events', 'audit'] as const;
const RATES = ['1/s', '5/s', '10/s', '50/s', '200/s'] as const;
const PROCESSING = ['0ms', '20ms', '200ms', '2000ms'] as const;
const PARTITIONS = ['1', '2', '3', '6'] as const;
const FACTORS = ['1', '2', '3'] as const;

function choice(option: string, values: readonly string[], preset: string): Choice {
  return { option, values, preset };
}

/** The first name that is free; behind the last one they are counted. */
function freeName(names: readonly string[], base: string, taken: readonly string[]): string {
  const free = names.find((name) => !taken.includes(name));
  if (free !== undefined) return free;
  for (let number = 1; ; number++) {
    const name = `${base}-${number}`;
    if (!taken.includes(name)) return name;
  }
}

/** What can be added now. */
export function offersOf(state: PlaygroundState): readonly Offer[] {
  const taken = [...state.clients.map(({ name }) => name), ...state.removed];
  return [...kafkaOffers(state, taken), ...rabbitOffers(state, taken)];
}

function kafkaOffers(
  { topics, brokers: count }: PlaygroundState,
  taken: readonly string[],
): Offer[] {
  const product = 'kafka';
  if (topics === null) {
    const brokers = choice('--brokers', ['1', '2', '3', '5'], '3');
    return [{ id: 'kafka', product, command: 'add kafka', choices: [brokers] }];
  }
  const factors = FACTORS.filter((factor) => Number(factor) <= count);
  const offers: Offer[] = [
    { id: 'broker', product, command: 'add broker', choices: [] },
    {
      id: 'topic',
      product,
      command: `add topic ${freeName(TOPICS, 'topic', topics)}`,
      choices: [
        choice('--partitions', PARTITIONS, '2'),
        choice('--replication-factor', factors, factors[factors.length - 1] ?? '1'),
      ],
    },
  ];
  const [topic] = topics;
  if (topic === undefined) return offers;
  const to = choice('--topic', topics, topic);
  return [
    ...offers,
    {
      id: 'producer',
      product,
      command: `add producer ${freeName([], 'producer', taken)}`,
      choices: [
        to,
        choice('--acks', ['0', '1', 'all'], 'all'),
        choice('--rate', RATES, '5/s'),
        choice('--keys', ['0', '1', '4', '20'], '4'),
      ],
    },
    {
      id: 'member',
      product,
      command: `add consumer ${freeName([], 'member', taken)}`,
      choices: [
        to,
        choice('--group', ['billing', 'shipping', 'audit'], 'billing'),
        choice('--processing', PROCESSING, '0ms'),
      ],
    },
  ];
}

function rabbitOffers(state: PlaygroundState, taken: readonly string[]): Offer[] {
  const { queues, exchanges } = state;
  const product = 'rabbitmq';
  if (queues === null) {
    const nodes = choice('--nodes', ['1', '2', '3'], '3');
    return [{ id: 'rabbitmq', product, command: 'add rabbitmq', choices: [nodes] }];
  }
  const sources = exchanges.map((name) => `${name}:#`);
  const offers: Offer[] = [
    {
      id: 'exchange',
      product,
      command: `add exchange ${freeName(EXCHANGES, 'exchange', exchanges)}`,
      choices: [choice('--type', ['direct', 'fanout', 'topic', 'headers'], 'topic')],
    },
    {
      id: 'queue',
      product,
      command: `add queue ${freeName(QUEUES, 'queue', queues)}`,
      choices: [
        choice('--type', ['classic', 'quorum', 'stream'], 'quorum'),
        ...(sources.length === 0 ? [] : [choice('--bind', ['', ...sources], sources[0]!)]),
      ],
    },
  ];
  const [queue] = queues;
  if (queue === undefined) return offers;
  const from = choice('--queue', queues, queue);
  return [
    ...offers,
    {
      id: 'publisher',
      product,
      command: `add publisher ${freeName([], 'publisher', taken)}`,
      choices: [from, choice('--rate', RATES, '5/s')],
    },
    {
      id: 'consumer',
      product,
      command: `add consumer ${freeName([], 'consumer', taken)}`,
      choices: [
        from,
        choice('--prefetch', ['0', '1', '10', '100'], '10'),
        choice('--processing', PROCESSING, '0ms'),
      ],
    },
  ];
}

/** The line that an offer types. A value that is empty leaves its option out. */
export function lineOf({ command, choices }: Offer, chosen: Readonly<Record<string, string>>) {
  const options = choices.map(({ option, values, preset }) => {
    const value = chosen[option] ?? preset;
    const known = values.includes(value) ? value : preset;
    return known === '' ? '' : ` ${option} ${known}`;
  });
  return command + options.join('');
}
