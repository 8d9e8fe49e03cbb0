/**
 * What a command of a quorum queue has its leader do, in order, until it is taken.
 *
 * Not here: who does it (`ra/leader-office.ts`), whom to tell and why (`rabbit-fifo.ts`).
 */
import { assert } from '../../kernel/assert.ts';
import type { Term } from '../../wire/erlang/term.ts';
import type { RaEffect } from '../ra/ra-machine.ts';
import type { FifoCommand, FifoWord, ProcessId } from './fifo-command.ts';

export class FifoEffects {
  #effects: RaEffect[] = [];

  push(...effects: readonly RaEffect[]): void {
    this.#effects.push(...effects);
  }

  monitor({ node, name }: ProcessId): void {
    assert(name !== '', 'a process has a name', { node });
    this.push({ effect: 'monitor', process: { node, name } });
  }

  tell(to: ProcessId, word: FifoWord): void {
    this.push({ effect: 'send', to, message: word as unknown as Term });
  }

  append(command: FifoCommand): void {
    this.push({ effect: 'append', command: command as unknown as Term });
  }

  call(run: () => void): void {
    this.push({ effect: 'call', run });
  }

  /** All of them; then there are none. */
  take(): readonly RaEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
}
