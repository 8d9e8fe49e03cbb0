/**
 * Assertions: always on, in every world, with the operands in the message.
 *
 * A failed assertion is a bug of ours: it kills the simulated process and fails the run. What the
 * outside world can cause (a full disk, a bad request) is never an assertion but a value.
 */

export class AssertionError extends Error {
  /** The values that the failed condition was about. */
  readonly operands: Readonly<Record<string, unknown>>;

  constructor(message: string, operands: Readonly<Record<string, unknown>>) {
    super(Object.keys(operands).length === 0 ? message : `${message} ${describe(operands)}`);
    this.name = 'AssertionError';
    this.operands = operands;
  }
}

const NO_OPERANDS = Object.freeze({});

/** Throws an `AssertionError` unless `condition` holds. */
export function assert(
  condition: boolean,
  message: string,
  operands: Readonly<Record<string, unknown>> = NO_OPERANDS,
): asserts condition {
  if (!condition) throw new AssertionError(message, operands);
}

/** For what a correct program cannot reach: the default of an exhaustive switch. */
export function unreachable(message: string, operand: never): never {
  throw new AssertionError(message, { operand });
}

/** The value, or an `AssertionError` where it is null or undefined. */
export function present<T>(value: T | null | undefined, message: string): T {
  if (value === null || value === undefined) throw new AssertionError(message, { value });
  return value;
}

function describe(operands: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(operands, (_key, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`;
    if (value instanceof Uint8Array) return `${value.length} bytes`;
    if (value instanceof Map) return `map of ${value.size}`;
    if (value instanceof Set) return `set of ${value.size}`;
    if (typeof value === 'function') return `function ${value.name}`;
    return value;
  });
}
