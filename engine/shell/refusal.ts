/**
 * What the lab says of a word that cannot stand in one of its own commands: the command, the word,
 * and what is allowed. Not here: what a tool of the world says, which is the real one's.
 */
import type { Localized } from '../lab/knob.ts';

/** `got` is empty where a word is missing; `allowed` is empty where nothing may follow. */
export function refused(command: string, got: string, allowed: string): Localized {
  if (allowed === '') {
    return { en: `${command}: '${got}' is too much`, zh: `${command}：多了“${got}”` };
  }
  if (got === '') {
    return {
      en: `${command}: a word is missing; allowed here: ${allowed}`,
      zh: `${command}：缺少参数，可以用：${allowed}`,
    };
  }
  return {
    en: `${command}: '${got}' cannot stand here; allowed: ${allowed}`,
    zh: `${command}：这里不能用“${got}”，可以用：${allowed}`,
  };
}
