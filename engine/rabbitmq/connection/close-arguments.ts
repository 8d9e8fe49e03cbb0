/**
 * What channel.close and connection.close say of an error: its code, its text, and the ids of the
 * method that failed. Source: `rabbit_binary_generator:map_exception`.
 */
import { assert } from '../../kernel/assert.ts';
import { methodNamed, type ArgsOf } from '../../wire/amqp/methods.ts';
import { ReplyCode, replyText, type AmqpError } from '../../wire/amqp/reply-code.ts';

export function closeArguments(error: AmqpError): ArgsOf<'connection.close'> {
  const { method, code: replyCode } = error;
  assert(replyCode >= ReplyCode.CONTENT_TOO_LARGE, 'a code of an error', { replyCode });
  const failed = method === undefined ? undefined : methodNamed(method);
  const { classId, methodId } = failed ?? { classId: 0, methodId: 0 };
  return { replyCode, replyText: replyText(error), classId, methodId };
}
