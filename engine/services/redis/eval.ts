/**
 * EVAL: a script as a command. It is handed in, for a page whose Redis runs no scripts does not
 * carry them: `createRedis(settings, { commands: scripting })`.
 *
 * Not here: the language (`script.ts`). Difference: a real server always has it.
 */
import { type CommandContext, NOT_INTEGER, runCommand, wholeNumber } from './commands.ts';
import type { RedisCommands } from './commands.ts';
import { failure } from './resp.ts';
import type { RespValue } from './resp.ts';
import { runScript, ScriptError, scriptFailure } from './script.ts';

export const scripting: RedisCommands = {
  EVAL: { arity: -3, writes: true, run: evaluate },
};

function evaluate(
  [, script, count, ...rest]: readonly string[],
  context: CommandContext,
): RespValue {
  const keysCount = wholeNumber(count!);
  if (keysCount === null) return NOT_INTEGER;
  if (keysCount < 0) return failure("ERR Number of keys can't be negative");
  if (keysCount > rest.length) {
    return failure("ERR Number of keys can't be greater than number of args");
  }
  const keys = rest.slice(0, keysCount);
  const argv = rest.slice(keysCount);
  const call = (words: readonly string[]) => runCommand(words, context);
  try {
    return runScript(script!, { keys, argv, call });
  } catch (error) {
    if (error instanceof ScriptError) return scriptFailure(error);
    throw error;
  }
}
