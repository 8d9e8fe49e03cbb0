/**
 * Why something cannot be added or set in a playground: the thing, the value, and what is allowed,
 * in both languages. Not here: what is refused (`playground.ts` and the clients beside it).
 */
import { ConfigError } from '../../kafka/config.ts';
import type { Localized } from '../knob.ts';

/** A value that cannot be: `acks: '2' is not possible; allowed: 0, 1, all`. */
export function refusal(thing: string, got: string, allowed: string): Localized {
  return {
    en: `${thing}: '${got}' is not possible; allowed: ${allowed}`,
    zh: `${thing}：不能是“${got}”，可以是：${allowed}`,
  };
}

/** What a setting of Kafka's is refused for; null where all are accepted. */
export function settingRefusal(read: () => unknown): Localized | null {
  try {
    read();
    return null;
  } catch (problem) {
    if (!(problem instanceof ConfigError)) throw problem;
    return refusal(problem.setting, problem.given, problem.allowed);
  }
}
