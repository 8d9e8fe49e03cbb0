/** What is answered within the call, as its result. */
import { assert } from '../../engine/kernel/assert.ts';
import type { Answer } from '../../engine/rabbitmq/queue/queue.ts';
import type { AmqpError } from '../../engine/wire/amqp/reply-code.ts';

export function answered<T>(ask: (answer: Answer<T>) => void): T | AmqpError {
  const answers: (T | AmqpError)[] = [];
  ask((answer) => answers.push(answer));
  assert(answers.length === 1, 'it is answered at once, and once', { answers: answers.length });
  return answers[0]!;
}
