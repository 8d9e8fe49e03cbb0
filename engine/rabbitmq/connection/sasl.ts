/**
 * The mechanisms by which a client says who it is: PLAIN and AMQPLAIN.
 *
 *     PLAIN: octet 0 | user | octet 0 | password
 *     AMQPLAIN: the entries of a field table, LOGIN and PASSWORD, without its size
 *
 * Not here: EXTERNAL, RABBIT-CR-DEMO, tokens. Sources: RFC 4616; `rabbit_auth_mechanism_plain`,
 * `rabbit_auth_mechanism_amqplain`. Differs: an AMQPLAIN response that is no table is a 502 here,
 * and a crash that the client sees as a closed socket there.
 */
import { assert } from '../../kernel/assert.ts';
import { Malformed } from '../../bytes/malformed.ts';
import { decodeUtf8 } from '../../bytes/utf8.ts';
import { readEntries, tableLookup, type FieldTable } from '../../wire/amqp/field-table.ts';
import { erlangText } from '../../wire/amqp/erlang-term.ts';
import { amqpError, ReplyCode, type AmqpError } from '../../wire/amqp/reply-code.ts';

export const MECHANISMS = 'PLAIN AMQPLAIN';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Who the response says that it is: a 503 for an unknown mechanism, a 502 for a bad response. */
export function credentialsOf(mechanism: string, response: Uint8Array): Credentials | AmqpError {
  assert(response.length >= 0, 'a response', { mechanism });
  if (mechanism === 'PLAIN') return plain(response);
  if (mechanism === 'AMQPLAIN') return amqplain(response);
  const explanation = `unknown authentication mechanism '${mechanism}'`;
  return amqpError(ReplyCode.COMMAND_INVALID, explanation, 'connection.start-ok');
}

function plain(response: Uint8Array): Credentials | AmqpError {
  const second = response.indexOf(0, 1);
  if (response[0] !== 0 || second < 0 || response.indexOf(0, second + 1) >= 0) {
    return syntaxError(`response ${erlangText(response)} invalid`);
  }
  const user = decodeUtf8(response, 1, second);
  return { user, password: decodeUtf8(response, second + 1) };
}

function amqplain(response: Uint8Array): Credentials | AmqpError {
  let entries: FieldTable;
  try {
    entries = readEntries(response);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return syntaxError(`AMQPLAIN auth info is no table: ${error.message}`);
  }
  const [login, password] = [tableLookup(entries, 'LOGIN'), tableLookup(entries, 'PASSWORD')];
  if (login === undefined || password === undefined) {
    return syntaxError('AMQPLAIN auth info is missing LOGIN or PASSWORD field');
  }
  if (!isText(login) || !isText(password)) {
    return syntaxError('AMQPLAIN auth info uses unsupported type for LOGIN or PASSWORD field');
  }
  return { user: textOf(login), password: textOf(password) };
}

interface Text {
  readonly type: 'longstr' | 'binary';
  readonly value: string | Uint8Array;
}

function isText(value: { readonly type: string }): value is Text {
  return value.type === 'longstr' || value.type === 'binary';
}

function textOf({ value }: Text): string {
  return typeof value === 'string' ? value : decodeUtf8(value);
}

function syntaxError(explanation: string): AmqpError {
  return amqpError(ReplyCode.SYNTAX_ERROR, explanation, 'connection.start-ok');
}
