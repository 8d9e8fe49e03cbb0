/** Worlds to begin with: the lines that make them. Not here: their names (`i18n/playground.ts`). */

export const STARTING_POINTS = {
  kafka: [
    'add kafka --brokers 3',
    'add topic orders --partitions 2',
    'add producer shop --topic orders --acks all --rate 5/s --keys 4',
    'add consumer billing --topic orders',
  ],
  rabbitmq: [
    'add rabbitmq --nodes 3',
    'add exchange events --type topic',
    'add queue invoices --type quorum --bind events:order.*',
    'add queue mails --type classic --bind events:#',
    'add publisher shop --exchange events --routing-key order.new --rate 5/s --persistent',
    'add consumer billing --queue invoices --prefetch 10',
  ],
  both: [
    'add kafka --brokers 3',
    'add topic orders',
    'add rabbitmq',
    'add queue jobs --type quorum',
    'add producer shop --topic orders --acks all --rate 5/s',
    'add publisher office --queue jobs --rate 5/s --persistent',
    'add consumer billing --topic orders',
    'add consumer worker --queue jobs --prefetch 10',
  ],
  empty: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type StartingPoint = keyof typeof STARTING_POINTS;

export const startingPoints = Object.keys(STARTING_POINTS) as readonly StartingPoint[];
