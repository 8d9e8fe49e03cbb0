/**
 * A channel's methods, one after another: while the answer to one is due, as of a queue on another
 * node, those that come wait. Not here: what a method does (`channel.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Command } from '../../wire/amqp/command.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';
import { isAmqpError } from '../amqp-error.ts';
import type { Answer } from '../queue/queue.ts';

export class PendingMethods {
  readonly #handle: (command: Command) => AmqpError | null;
  readonly #fail: (error: AmqpError) => void;
  /** The question whose answer is due. */
  #asked: object | null = null;
  readonly #held: Command[] = [];
  #isHandling = false;

  /** `handle` does what a method says; `fail` is told what is wrong with one. */
  constructor(handle: (command: Command) => AmqpError | null, fail: (error: AmqpError) => void) {
    this.#handle = handle;
    this.#fail = fail;
  }

  received(command: Command): void {
    this.#held.push(command);
    this.#goOn();
  }

  /** Asks for a method that is being handled, and takes no other before the answer. */
  ask<T>(command: Command, ask: (answer: Answer<T>) => void, then: (result: T) => void): null {
    assert(this.#asked === null, 'one question at a time', { method: command.name });
    const question = {};
    this.#asked = question;
    ask((answer) => {
      // The channel may have been closed meanwhile.
      if (this.#asked !== question) return;
      this.#asked = null;
      if (isAmqpError(answer)) this.#fail({ ...answer, method: answer.method ?? command.name });
      else then(answer);
      this.#goOn();
    });
    return null;
  }

  /** Nobody waits for an answer any more. */
  forgetAnswer(): void {
    this.#asked = null;
  }

  #goOn(): void {
    if (this.#isHandling) return;
    this.#isHandling = true;
    while (this.#asked === null) {
      const command = this.#held.shift();
      if (command === undefined) break;
      const error = this.#handle(command);
      if (error !== null) this.#fail({ ...error, method: error.method ?? command.name });
    }
    this.#isHandling = false;
  }
}
