/** Limits of memory and disk: `set_vm_memory_high_watermark` and `set_disk_free_limit`. */
import { assert } from '../../kernel/assert.ts';
import type { RabbitNode } from '../../rabbitmq/node.ts';
import { badArgument, type CliCommand, EXIT, type Refusal } from './cli-command.ts';
import type { Invocation } from './invocation.ts';

const own = { tools: ['rabbitmqctl'], section: 'Configuration and Environment' } as const;
const BAD: Refusal = { text: 'Bad argument.', code: EXIT.DATAERR };
const NOT_ENOUGH: Refusal = { text: 'not enough arguments.', code: EXIT.USAGE };
const FRACTION = 'The threshold should be a fraction between 0.0 and 1.0';
const KI = 1024;
const KILO = 1000;
/** Powers of a thousand, and with an i of 1024 (`rabbit_resource_monitor_misc`). */
const POWERS: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3 };
/** Memory that a host of ours is taken to have, of which a fraction is a limit. */
const TOTAL_MEMORY = 4 * KI * KI * KI;

/** Bytes of `1GB`, `512MiB`, `1000000`; null: no such size. */
export function bytesOf(text: string): number | null {
  const match = /^(\d{1,12})\s*(?:([kmg])(i)?b?|b)?$/i.exec(text);
  if (match === null) return null;
  const [, digits, letter = '', binary] = match;
  let bytes = Number(digits);
  const power = POWERS[letter.toLowerCase()] ?? 0;
  // `2G` is of 1024, `2GB` of 1000.
  const isBinary = binary !== undefined || /[kmg]$/i.test(text);
  for (let step = 0; step < power; step++) bytes *= isBinary ? KI : KILO;
  assert(bytes >= 0, 'a size', { text });
  return Number.isSafeInteger(bytes) ? bytes : null;
}

function numberOf(text: string | undefined): number | null {
  return text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}

function setLimit(invocation: Invocation, act: (alarms: RabbitNode['alarms']) => void): void {
  invocation.on<null>(
    (node, reply) => {
      act(node.alarms);
      reply(null);
    },
    () => invocation.done(),
  );
}

export const setVmMemoryHighWatermark: CliCommand = {
  ...own,
  name: 'set_vm_memory_high_watermark',
  description: 'Sets the vm_memory_high_watermark setting',
  usage: '<fraction> | absolute <value>',
  words: [1, 2],
  refuse: ({ args: [kind = '', value] }) => {
    if (kind === 'absolute') {
      if (value === undefined) return NOT_ENOUGH;
      return bytesOf(value) === null ? BAD : null;
    }
    const fraction = numberOf(kind);
    if (fraction === null) return BAD;
    return fraction < 0 || fraction > 1 ? badArgument(FRACTION) : null;
  },
  banner: ({ args: [kind = '', value = ''], node }) => [
    `Setting memory threshold on ${node} to ${kind === 'absolute' ? `${value} bytes` : kind} ...`,
  ],
  run: (invocation) => {
    const [kind = '', value = ''] = invocation.args;
    const bytes = kind === 'absolute' ? bytesOf(value) : Math.floor(Number(kind) * TOTAL_MEMORY);
    setLimit(invocation, (alarms) => alarms.setMemoryHighWatermark(bytes));
  },
};

export const setDiskFreeLimit: CliCommand = {
  ...own,
  name: 'set_disk_free_limit',
  description: 'Sets the disk_free_limit setting',
  usage: '<disk_limit> | mem_relative <fraction>',
  words: [1, 2],
  refuse: ({ args: [kind = '', value] }) => {
    if (kind !== 'mem_relative') return bytesOf(kind) === null ? BAD : null;
    if (value === undefined) return NOT_ENOUGH;
    const fraction = numberOf(value);
    return fraction === null || fraction < 0 ? BAD : null;
  },
  banner: ({ args: [kind = '', value = ''], node }) => [
    `Setting disk free limit on ${node} to ` +
      `${kind === 'mem_relative' ? `${value} times the total RAM` : `${kind} bytes`} ...`,
  ],
  run: (invocation) => {
    const [kind = '', value = ''] = invocation.args;
    const bytes =
      kind === 'mem_relative' ? Math.floor(Number(value) * TOTAL_MEMORY) : (bytesOf(kind) ?? 0);
    setLimit(invocation, (alarms) => alarms.setDiskFreeLimit(bytes));
  },
};
