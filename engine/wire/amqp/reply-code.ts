/**
 * AMQP's reply codes, and the error value that carries one. A soft error closes the channel that
 * it happened on, a hard error the connection.
 *
 * Codes, names and classes are those of AMQP 0-9-1, section 1.5 "Constants", with RabbitMQ's
 * choice where the two differ: 311, 312 and 313 are soft. The text that a client reads is the
 * code's name, a dash, and the explanation (`rabbit_binary_generator:map_exception`).
 */
import { assert, present } from '../../kernel/assert.ts';
import { utf8Size } from '../../bytes/utf8.ts';
import type { MethodName } from './methods.ts';

export const ReplyCode = {
  REPLY_SUCCESS: 200,
  CONTENT_TOO_LARGE: 311,
  NO_ROUTE: 312,
  NO_CONSUMERS: 313,
  CONNECTION_FORCED: 320,
  INVALID_PATH: 402,
  ACCESS_REFUSED: 403,
  NOT_FOUND: 404,
  RESOURCE_LOCKED: 405,
  PRECONDITION_FAILED: 406,
  FRAME_ERROR: 501,
  SYNTAX_ERROR: 502,
  COMMAND_INVALID: 503,
  CHANNEL_ERROR: 504,
  UNEXPECTED_FRAME: 505,
  RESOURCE_ERROR: 506,
  NOT_ALLOWED: 530,
  NOT_IMPLEMENTED: 540,
  INTERNAL_ERROR: 541,
} as const;

export type ReplyCodeName = keyof typeof ReplyCode;
export type ReplyCode = (typeof ReplyCode)[ReplyCodeName];

const names = new Map<number, ReplyCodeName>(
  Object.entries(ReplyCode).map(([name, code]) => [code, name as ReplyCodeName]),
);

const SOFT: ReadonlySet<number> = new Set([
  ReplyCode.CONTENT_TOO_LARGE,
  ReplyCode.NO_ROUTE,
  ReplyCode.NO_CONSUMERS,
  ReplyCode.ACCESS_REFUSED,
  ReplyCode.NOT_FOUND,
  ReplyCode.RESOURCE_LOCKED,
  ReplyCode.PRECONDITION_FAILED,
]);

/** What went wrong, as a value: it becomes a channel.close or a connection.close. */
export interface AmqpError {
  readonly kind: 'amqp-error';
  readonly code: ReplyCode;
  /** The sentence after the code's name; the name stands alone where it is empty. */
  readonly explanation: string;
  /** The method that failed; undefined where none is to blame, and then the ids are 0. */
  readonly method: MethodName | undefined;
}

export function amqpError(code: ReplyCode, explanation: string, method?: MethodName): AmqpError {
  assert(names.has(code), 'a reply code', { code });
  assert(code !== ReplyCode.REPLY_SUCCESS, 'success is no error', { explanation });
  return Object.freeze({ kind: 'amqp-error', code, explanation, method });
}

/** Whether the code closes the whole connection. */
export function isHardError(code: ReplyCode): boolean {
  assert(names.has(code), 'a reply code', { code });
  return !SOFT.has(code);
}

const SHORTSTR_BYTES_MAX = 255;

/** The reply-text of the error: what is beyond a shortstr ends in `...`, as the broker cuts it. */
export function replyText(error: AmqpError): string {
  const name = present(names.get(error.code), 'a reply code');
  if (error.explanation === '') return name;
  return cutShortstr(`${name} - ${error.explanation}`);
}

function cutShortstr(text: string): string {
  if (utf8Size(text) <= SHORTSTR_BYTES_MAX) return text;
  let cut = text.slice(0, SHORTSTR_BYTES_MAX - 3);
  while (utf8Size(cut) > SHORTSTR_BYTES_MAX - 3) cut = cut.slice(0, -1);
  return `${cut}...`;
}
